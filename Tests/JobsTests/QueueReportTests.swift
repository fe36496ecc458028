import CupelCore
import Jobs
import Testing

@Suite struct QueueReportTests {
    private static let now = Timestamp(microseconds: 10_000 * 60_000_000 + 15_000_000)

    private func minute(_ ago: Int64, _ counts: [JobTally.Event: Int], ran: Duration = .zero) -> QueueMinute {
        var minute = QueueMinute(queue: "q")
        minute.minute = Timestamp(microseconds: (10_000 - ago) * 60_000_000)
        minute.counts = counts
        minute.ran = ran
        return minute
    }

    private func report(
        waiting: Int = 0,
        running: Int = 0,
        minutes: [QueueMinute] = [],
        _ set: (inout QueueControl) -> Void = { _ in }
    ) -> QueueReport {
        var control = QueueControl(name: "q")
        set(&control)
        return QueueReport.reports(
            names: ["q"],
            depths: [
                QueueDepth(queue: "q", state: .queued, count: waiting, oldest: Self.now + .seconds(-9)),
                QueueDepth(queue: "q", state: .running, count: running, oldest: nil),
            ],
            controls: [control],
            minutes: minutes,
            now: Self.now
        )[0]
    }

    @Test func `the last minute is the running one and as much of the one before as is missing to sixty seconds`() {
        let report = report(minutes: [
            minute(60, [.succeeded: 1000]), minute(1, [.succeeded: 40]), minute(0, [.succeeded: 7]),
        ])
        #expect(report.lastMinute.counts[.succeeded] == 37)
        #expect(report.lastHour.counts[.succeeded] == 47)
        #expect(report.oldestAge(at: Self.now) == .seconds(9))
    }

    @Test(arguments: [
        // Arrivals a second, waiting, running, lanes: two seconds a run, a target of sixty.
        (5.0, 0, 0, 10), (5.0, 60, 0, 12), (0.0, 0, 0, 0), (0.0, 1, 0, 1), (0.0, 0, 4, 4), (0.1, 0, 0, 1),
    ])
    func `lanes follow Little's law`(_ arrivals: Double, _ waiting: Int, _ running: Int, _ lanes: Int) {
        let report = report(
            waiting: waiting,
            running: running,
            minutes: [minute(0, [.succeeded: 10], ran: .seconds(20))]
        )
        let demand = WorkerDemand(report, arrivals: arrivals, target: 60)
        #expect(demand.meanRun == 2)
        #expect(demand.lanes == lanes)
    }

    @Test func `limits and pauses bound what is wanted, and what runs stays`() {
        let minutes = [minute(0, [.succeeded: 10], ran: .seconds(20))]
        let few = report(waiting: 6000, running: 2, minutes: minutes) { $0.concurrency = 5 }
        #expect(WorkerDemand(few, arrivals: 1, target: 60).lanes == 5)
        let slow = report(waiting: 6000, minutes: minutes) { $0.ratePerMinute = 90 }
        #expect(WorkerDemand(slow, arrivals: 1, target: 60).lanes == 3)
        let paused = report(waiting: 6000, running: 2, minutes: minutes) { $0.isPaused = true }
        #expect(WorkerDemand(paused, arrivals: 1, target: 60).lanes == 2)
        #expect(WorkerDemand.workers(lanes: 9, each: 4) == 3)
        #expect(WorkerDemand.workers(lanes: 8, each: 4) == 2)
        #expect(WorkerDemand.workers(lanes: 0, each: 4) == 0)
    }
}
