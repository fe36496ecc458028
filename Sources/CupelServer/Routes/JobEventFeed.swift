import CupelCore
import Jobs

/// Follows the events of one job, or of all, by long polling or as server-sent events.
struct JobEventFeed: Sendable {
    let queue: JobQueue
    /// The job; `nil` for all of them, which are never over.
    let id: JobID?
    /// Which events are told.
    var filter = EventFilter()

    /// Time between two comments that keep a quiet stream open.
    static let pingInterval = Duration.seconds(20)
    /// The longest that a stream stays open without an event.
    static let idleLimit = Duration.seconds(60)
    /// The time between two looks of a reader, however much happens.
    static let lookInterval = Duration.milliseconds(50)

    /// Events after a sequence, waiting for the first one; and whether the job is over and all were given.
    func next(after sequence: Int, wait: Duration) async throws -> ([JobEvent], isFinal: Bool) {
        var reader = JobEventReader(queue: queue, id: id, after: sequence)
        return try await next(&reader, wait: wait)
    }

    /// The same from where a reader stands, which goes on past what is not told.
    func next(_ reader: inout JobEventReader, wait: Duration) async throws -> ([JobEvent], isFinal: Bool) {
        let deadline = SystemTime().monotonic + wait
        while true {
            let generation = queue.signal.generation
            // The state is read before the events: what ends a job writes both at once.
            let isOver = if let id { try await queue.job(id).state.isFinal } else { false }
            let found = try await reader.next()
            let events = found.filter(filter.takes)
            let left = deadline - SystemTime().monotonic
            if !events.isEmpty || (isOver && found.isEmpty) || left <= .zero || Task.isCancelled {
                return (events, isOver && found.isEmpty)
            }
            guard found.isEmpty else { continue }
            await queue.signal.wait(after: generation, atMost: min(left, .seconds(1)), time: SystemTime())
        }
    }

    /// The stream of a browser: one message an event, a comment when it is quiet, closed when the job is over.
    ///
    /// It is read on only as its consumer takes what was read, so a slow one holds one look's events and no more.
    func serverSentEvents(after start: Int) -> AsyncStream<[UInt8]> {
        let stream = ServerSentEvents(feed: self, start: start)
        return AsyncStream { await stream.next() }
    }
}

/// One stream of server-sent events; its consumer pulls.
private actor ServerSentEvents {
    private let feed: JobEventFeed
    private var reader: JobEventReader
    private var quiet = Duration.zero
    private var isBegun = false
    private var isOver = false
    private var looked = Duration.zero

    init(feed: JobEventFeed, start: Int) {
        self.feed = feed
        reader = JobEventReader(queue: feed.queue, id: feed.id, after: start)
    }

    /// The next bytes; `nil` when the stream is over.
    func next() async -> [UInt8]? {
        // Said at once, so that a listener to whom nothing was told yet still knows where to resume.
        guard isBegun else {
            isBegun = true
            return comment("listening")
        }
        guard !isOver, !Task.isCancelled, quiet < JobEventFeed.idleLimit else { return nil }
        let pause = looked + JobEventFeed.lookInterval - SystemTime().monotonic
        if pause > .zero { try? await SystemTime().sleep(for: pause) }
        looked = SystemTime().monotonic
        var reader = reader
        guard let (events, isFinal) = try? await feed.next(&reader, wait: JobEventFeed.pingInterval) else { return nil }
        self.reader = reader
        isOver = isFinal
        guard events.isEmpty else {
            quiet = .zero
            return Array(events.map(Self.message).joined().utf8)
        }
        quiet += JobEventFeed.pingInterval
        return isFinal ? nil : comment("quiet")
    }

    private func comment(_ text: String) -> [UInt8] { Array(": \(text)\nid: \(reader.sequence)\n\n".utf8) }

    private static func message(_ event: JobEvent) -> String {
        "id: \(event.sequence)\nevent: \(event.kind)\ndata: \(event.json.text())\n\n"
    }
}
