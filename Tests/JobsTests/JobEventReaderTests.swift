import CupelCore
import CupelTesting
import Glibc
import Jobs
import Storage
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2)))
struct JobEventReaderTests {
    @Test(arguments: Engine.allCases)
    func `events are told once and in order, with their queue, however often the reader looks`(_ engine: Engine)
        async throws
    {
        try await withQueue(engine) { queue in
            var reader = JobEventReader(queue: queue, after: 0)
            var seen: [JobEvent] = []
            for number in 0..<5 {
                try await queue.enqueue(Greet(name: "\(number)"))
                seen += try await reader.next()
            }
            let last = try await reader.next()
            #expect(last.isEmpty)
            #expect(seen.count == 5)
            #expect(seen.map(\.sequence) == seen.map(\.sequence).sorted())
            #expect(seen.allSatisfy { $0.queue == "default" })
        }
    }

    @Test func `an event whose transaction commits after a later one is not left out`() async throws {
        try await withDatabase(.postgres) { database in
            let queue = JobQueue(database: database)
            let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
            let gate = Gate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await database.write { transaction in
                        _ = try queue.submit(try queue.entry(Greet(name: "first")), in: transaction)
                        hasBegun.finish()
                        // A thread of the store's own waits here; the test opens the gate, or the bound does.
                        gate.wait(seconds: 30)
                    }
                }
                for await _ in begun {}
                let second = try await queue.enqueue(Greet(name: "second"))
                let visible = try await queue.events(of: nil, after: 0)
                #expect(visible.map(\.job) == [second])
                let told = Told()
                group.addTask {
                    var reader = JobEventReader(queue: queue, after: 0)
                    let events = try await reader.next()
                    told.events.withLock { $0 = events }
                }
                // Long enough for many looks: as long as the first is open, nothing is told.
                for _ in 0..<20 {
                    let isTold = told.events.withLock { $0 != nil }
                    #expect(!isTold)
                    try await Task.sleep(for: .milliseconds(20))
                }
                gate.open()
                try await group.waitForAll()
                let events = told.events.withLock { $0 } ?? []
                #expect(events.count == 2)
                #expect(events.last?.job == second)
            }
        }
    }

    @Test func `a number that was never kept is not waited for`() async throws {
        try await withDatabase(.postgres) { database in
            let queue = JobQueue(database: database)
            try await queue.enqueue(Greet(name: "first"))
            try? await database.write { transaction in
                _ = try queue.submit(try queue.entry(Greet(name: "undone")), in: transaction)
                throw CupelError(.conflict, "undone on purpose")
            }
            let third = try await queue.enqueue(Greet(name: "third"))
            var reader = JobEventReader(queue: queue, after: 0)
            let begun = queue.time.monotonic
            let events = try await reader.next()
            #expect(events.count == 2)
            #expect(events.last?.job == third)
            #expect(queue.time.monotonic - begun < JobEventReader.maximumHold)
        }
    }
}

/// What a reader was told, once it was.
private final class Told: Sendable {
    let events = Mutex<[JobEvent]?>(nil)
}

/// Holds a thread until it is opened.
private final class Gate: Sendable {
    private let isOpen = Mutex(false)

    func open() { isOpen.withLock { $0 = true } }

    func wait(seconds: Int) {
        let end = SystemTime().monotonic + .seconds(seconds)
        while SystemTime().monotonic < end, !isOpen.withLock({ $0 }) { usleep(2000) }
    }
}
