package import NIOCore

/// The gateway behind `/v1`: makes the handler of each connection and swaps snapshots on all event loops.
package final class GatewayEngine: Sendable {
    /// What bounds it.
    package struct Limits: Sendable {
        /// Bytes of a request's body.
        package var bodyBytes: Int
        /// Bytes of an answer that is not a stream.
        package var answerBytes: Int

        /// Limits with the house's defaults: 32 MiB for questions with images, as much for answers.
        package init(bodyBytes: Int = 32 << 20, answerBytes: Int = 32 << 20) {
            self.bodyBytes = bodyBytes
            self.answerBytes = answerBytes
        }
    }

    let ledger: Ledger
    /// Answers that were given before.
    package let cache: AnswerCache
    private let loops: [ObjectIdentifier: GatewayLoop]
    private let order: [GatewayLoop]

    /// A gateway on the loops of a group; it answers nothing before the first ``publish(_:)``.
    /// - Parameter secrets: finds the secrets of a text; it is asked on event loops and must not wait.
    package init(
        limits: Limits = Limits(),
        ledger: Ledger,
        cache: AnswerCache = AnswerCache(),
        secrets: @escaping PromptRedactor.Find = { _ in [] },
        on group: any EventLoopGroup
    ) {
        self.ledger = ledger
        self.cache = cache
        let tools = GatewayTools(limits: limits, ledger: ledger, cache: cache, secrets: secrets)
        order = group.makeIterator().enumerated().map { GatewayLoop($1, tools, index: $0) }
        loops = Dictionary(uniqueKeysWithValues: order.map { (ObjectIdentifier($0.eventLoop), $0) })
        ledger.deliver(
            to: order.map { loop in
                { tickets, isKept, wakesWriter in loop.run { $0.kept(tickets, isKept, wakesWriter) } }
            }
        )
    }

    /// The moment as the cache counts it.
    package static var cacheTime: Duration { .nanoseconds(CallExchange.now) }

    /// The handler of one connection.
    package func makeHandler() -> any ChannelHandler { CallHandler(self) }

    /// The short cut of one connection for plain calls; it stands before everything that speaks HTTP.
    package func makeLane() -> any ChannelHandler { LaneHandler(self) }

    /// Swaps what decides about calls; those under way keep what they began with.
    package func publish(_ snapshot: GatewaySnapshot) {
        for loop in order { loop.run { $0.publish(snapshot) } }
    }

    /// Ends the calls under way and closes the upstreams' connections.
    package func close() async {
        for loop in order {
            await withCheckedContinuation { continuation in
                loop.run { loop in
                    loop.cancelAll()
                    continuation.resume()
                }
            }
        }
    }

    /// What is under way now: calls, and connections to upstreams.
    package func occupation() async -> (calls: Int, connections: Int, idle: Int) {
        var sum = (calls: 0, connections: 0, idle: 0)
        for loop in order {
            let (calls, open, idle) = await withCheckedContinuation { continuation in
                loop.run { loop in
                    continuation.resume(returning: (loop.underway, loop.connections.open, loop.connections.idle))
                }
            }
            sum = (sum.calls + calls, sum.connections + open, sum.idle + idle)
        }
        return sum
    }

    /// The gateway's part of an event loop; the first where the loop is not one of ours.
    func loop(of eventLoop: any EventLoop) -> GatewayLoop? { loops[ObjectIdentifier(eventLoop)] }
}

/// What every event loop works with.
struct GatewayTools: Sendable {
    let limits: GatewayEngine.Limits
    let ledger: Ledger
    let cache: AnswerCache
    let secrets: PromptRedactor.Find
}
