/// The limits of a PostgreSQL pool; each has a default that suits one server on a network of its own.
package struct PostgresOptions: Sendable {
    /// Connections open at once: 8.
    package var size = 8
    /// Idle connections that are kept however long they are idle: 1.
    package var minimumIdle = 1
    /// Bodies that may wait for a connection before more are refused: 10,000.
    package var maximumWaiters = 10_000
    /// The longest wait for a connection: 30 s.
    package var waitLimit = Duration.seconds(30)
    /// The longest a connection may take to open, unless the URL says `connect_timeout`: 5 s.
    package var connectLimit = Duration.seconds(5)
    /// The longest one statement may take: 30 s.
    package var statementLimit = Duration.seconds(30)
    /// How long a server may take to give up a statement that was cancelled before its connection is closed: 2 s.
    package var cancelGrace = Duration.seconds(2)
    /// A connection idle for longer is asked whether it still answers before it is used: 30 s.
    package var validateAfter = Duration.seconds(30)
    /// A connection idle for longer is closed, down to ``minimumIdle``: 10 min.
    package var idleLimit = Duration.seconds(600)
    /// A connection older than this is replaced; each a little earlier, so that they do not go at once: 30 min.
    package var lifetime = Duration.seconds(1800)
    /// Tries to open a connection for one caller: 3.
    package var openTries = 3
    /// Times a body is run again after a serialization failure or a deadlock: 3.
    package var conflictRetries = 3
    /// The longest pause of the listener between two tries to reconnect: 5 s.
    package var listenerPause = Duration.seconds(5)
    /// How often a silent listener is asked whether it still answers: 30 s.
    package var listenerCheck = Duration.seconds(30)
    /// Settings of every connection, as `SET name = value` takes them; names and values of the program's own.
    package var session: [String: String] = [:]

    /// The defaults.
    package init() {}

    /// One connection whose statements may take an hour: for migrations and backups.
    package static let patient: PostgresOptions = {
        var options = PostgresOptions()
        options.size = 1
        options.statementLimit = .seconds(3600)
        return options
    }()
}
