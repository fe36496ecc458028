import CupelCore
import HTTPTypes
import Jobs
import NIOHTTP1

/// Everything that happens, live: as server-sent events, and over a WebSocket on the same path.
struct EventRoutes: Sendable {
    let queue: JobQueue

    static let path = "/api/v1/events"

    func all() -> [Route] {
        [
            Route(.get, Self.path, tag: "events", "Everything that happens, as server-sent events or over a WebSocket")
            {
                request in
                let resume = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }.flatMap { Int($0) }
                let start: Int = if let resume { resume } else { try await queue.lastSequence() }
                let feed = JobEventFeed(queue: queue, id: nil)
                return RouteResponse(mediaType: "text/event-stream", body: .stream(feed.serverSentEvents(after: start)))
            }
            .answering(
                200,
                "A message an event, from now on or after Last-Event-ID",
                Schema.text,
                as: "text/event-stream"
            )
        ]
    }

    /// The WebSocket side: a text message an event.
    /// - Parameter admit: refuses a head that may not listen.
    func webSocket(admit: @escaping @Sendable (HTTPRequestHead) throws -> Void) -> DoorWebSocket {
        DoorWebSocket(path: Self.path, shouldUpgrade: admit) { session in
            // What the client sends is read, so that it can leave, and not heeded.
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in session.messages {} }
                group.addTask { await send(session) }
                await group.next()
                group.cancelAll()
            }
        }
    }

    private func send(_ session: WebSocketSession) async {
        guard var sequence = try? await queue.lastSequence() else { return }
        let feed = JobEventFeed(queue: queue, id: nil)
        while !Task.isCancelled {
            guard let (events, _) = try? await feed.next(after: sequence, wait: .seconds(30)) else { return }
            for event in events {
                guard (try? await session.writer.send(event.json.text())) != nil else { return }
                sequence = event.sequence
            }
        }
    }
}
