/// How long the client waits and how much it holds.
package struct RedisLimits: Sendable {
    /// The longest that connecting may take.
    package var connect: Duration
    /// The longest that a batch of commands may take; all calls that wait meanwhile fail with it.
    package var command: Duration
    /// Commands that may wait on one connection; more are refused.
    package var pending: Int
    /// The largest command, name and arguments together.
    package var commandBytes: Int
    /// The largest reply.
    package var replyBytes: Int

    /// Limits, with defaults for a Redis that is near.
    package init(
        connect: Duration = .seconds(1),
        command: Duration = .seconds(1),
        pending: Int = 10_000,
        commandBytes: Int = 16 << 20,
        replyBytes: Int = 16 << 20
    ) {
        self.connect = connect
        self.command = command
        self.pending = pending
        self.commandBytes = commandBytes
        self.replyBytes = replyBytes
    }
}
