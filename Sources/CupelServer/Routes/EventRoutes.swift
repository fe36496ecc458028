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
                let filter = try EventFilter(request)
                let resume = try EventFilter.resume(request)
                let start: Int = if let resume { resume } else { try await queue.lastSequence() }
                let feed = JobEventFeed(queue: queue, id: nil, filter: filter)
                return RouteResponse(mediaType: "text/event-stream", body: .stream(feed.serverSentEvents(after: start)))
            }
            .taking(.query, "queue", "Only events of this queue", Schema.text)
            .taking(.query, "kind", "Only such events", Schema.choice(EventFilter.Kind.allCases.map(\.rawValue)))
            .taking(.query, "after", "Resume after this sequence", Schema.integer(0...Int.max, default: 0))
            .taking(.header, "Last-Event-ID", "Resume after this sequence; stronger than after", Schema.text)
            .answering(
                200,
                "A message an event, from now on or from where it is resumed; a comment every 20 s when it is quiet",
                Schema.text,
                as: "text/event-stream"
            )
        ]
    }

    /// The WebSocket side: a text message an event.
    /// - Parameter admit: refuses a head that may not listen.
    func webSocket(admit: @escaping @Sendable (HTTPRequestHead) throws -> Void) -> DoorWebSocket {
        DoorWebSocket(
            path: Self.path,
            shouldUpgrade: { head in
                try admit(head)
                _ = try Self.wishes(head)
            },
            serve: { session in
                // What the client sends is read, so that it can leave, and not heeded.
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { for await _ in session.messages {} }
                    group.addTask { await send(session) }
                    await group.next()
                    group.cancelAll()
                }
            }
        )
    }

    /// What the query of a WebSocket's head asks for.
    /// - Throws: `validation_error` naming the parameter.
    private static func wishes(_ head: HTTPRequestHead) throws -> (filter: EventFilter, resume: Int?) {
        let query = Form(Array(head.uri.utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst())).values
        let request = RouteRequest(id: "", path: [:], query: query, headers: [:], body: [], stream: nil, session: nil)
        return (try EventFilter(request), try EventFilter.resume(request))
    }

    private func send(_ session: WebSocketSession) async {
        guard let (filter, resume) = try? Self.wishes(session.head) else { return }
        var start = resume
        if start == nil { start = try? await queue.lastSequence() }
        guard let start else { return }
        var reader = JobEventReader(queue: queue, after: start)
        let feed = JobEventFeed(queue: queue, id: nil, filter: filter)
        while !Task.isCancelled {
            guard let (events, _) = try? await feed.next(&reader, wait: .seconds(30)) else { return }
            for event in events {
                guard (try? await session.writer.send(event.json.text())) != nil else { return }
            }
            try? await queue.time.sleep(for: JobEventFeed.lookInterval)
        }
    }
}
