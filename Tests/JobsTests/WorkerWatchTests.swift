import CupelCore
import Jobs
import Testing

struct WorkerWatchTests {
    private let worker = WorkerCard(
        id: WorkerID(),
        name: "w",
        queues: [],
        concurrency: 1,
        startedAt: Timestamp(microseconds: 0)
    )

    @Test func `a heart that stands still is noticed within one lease of its last beat`() {
        // The last beat comes just after a look, which is the worst case.
        var watch = WorkerWatch(lease: .seconds(10))
        var card = worker
        _ = watch.look([card], at: .seconds(0))
        card.beat += 1
        let lastBeat = Duration.milliseconds(1)
        var dead: Duration?
        for second in 1...12 where dead == nil {
            if !watch.look([card], at: .seconds(second)).isEmpty { dead = .seconds(second) }
        }
        #expect(dead.map { $0 - lastBeat <= .seconds(10) } == true)
        #expect(dead.map { $0 >= .seconds(8) } == true)
    }

    @Test func `a heart that beats is never presumed dead`() {
        var watch = WorkerWatch(lease: .seconds(10))
        var card = worker
        for second in 0..<1000 {
            if second % 3 == 0 { card.beat += 1 }
            #expect(watch.look([card], at: .seconds(second)).isEmpty)
        }
    }

    @Test func `an observer that was stopped itself starts its window anew`() {
        var watch = WorkerWatch(lease: .seconds(10))
        for second in 0..<7 { #expect(watch.look([worker], at: .seconds(second)).isEmpty) }
        // Stopped for an hour; the worker may have been stopped with it.
        #expect(watch.look([worker], at: .seconds(3600)).isEmpty)
        for second in 1..<8 { #expect(watch.look([worker], at: .seconds(3600 + second)).isEmpty) }
        #expect(watch.look([worker], at: .seconds(3608)).map(\.id) == [worker.id])
    }
}
