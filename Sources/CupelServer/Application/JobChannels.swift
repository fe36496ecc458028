import CupelCore
import Jobs
import Storage

/// Word of the queue over the bus that replicas share.
struct BusJobChannel: JobAnnouncer.Channel {
    let bus: any MessageBus
    private static let name = "jobs"

    init(bus: any MessageBus) { self.bus = bus }

    func publish(_ text: String) async throws { await bus.publish(Array(text.utf8), to: Self.name) }

    func messages() async -> AsyncStream<String?>? {
        let events = await bus.subscribe(to: Self.name)
        return events.mapped { event in
            if case .message(let payload) = event { String(decoding: payload, as: UTF8.self) } else { nil }
        }
    }
}

/// Word of the queue over PostgreSQL's own notifications; on SQLite there is nobody else.
struct DatabaseJobChannel: JobAnnouncer.Channel {
    let database: any Database
    private static let name = "cupel_jobs"

    init(database: any Database) { self.database = database }

    func publish(_ text: String) async throws {
        guard database.engine == .postgres else { return }
        try await database.write { try $0.notify(channel: Self.name, payload: text) }
    }

    func messages() async -> AsyncStream<String?>? {
        database.notifications(on: Self.name)?.mapped { notification in
            if case .message(let text) = notification { text } else { nil }
        }
    }
}

extension AsyncStream where Element: Sendable {
    /// A stream of what becomes of each element; it ends with this one, and this one ends with it.
    fileprivate func mapped<Value: Sendable>(
        _ transform: @escaping @Sendable (Element) -> Value
    ) -> AsyncStream<Value> {
        let source = self
        return AsyncStream<Value>(bufferingPolicy: .bufferingNewest(256)) { continuation in
            // Ends with the consumer, who drops the stream, or with the source.
            let task = Task {
                for await element in source { continuation.yield(transform(element)) }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
