package import CupelCore

/// How a queue does: what stands in it, what is set for it, how fast it moves.
package struct QueueReport: Sendable {
    package let name: String
    /// Jobs by state; what succeeded or was cancelled is not counted.
    package var counts: [JobState: Int] = [:]
    /// The earliest moment at which a job that waits could have run; later than now when all are delayed.
    package var oldest: Timestamp?
    /// What is set for it.
    package var control: QueueControl
    /// What happened in the last minute, as far as workers have told.
    package var lastMinute: QueueMinute
    /// What happened in the last hour.
    package var lastHour: QueueMinute

    /// A queue in which nothing ever happened.
    package init(name: String) {
        self.name = name
        control = QueueControl(name: name)
        lastMinute = QueueMinute(queue: name)
        lastHour = QueueMinute(queue: name)
    }

    package var waiting: Int { counts[.queued] ?? 0 }
    package var running: Int { counts[.running] ?? 0 }
    package var blocked: Int { counts[.blocked] ?? 0 }
    package var dead: Int { counts[.failed] ?? 0 }

    /// How long the oldest waiting job has been kept waiting.
    package func oldestAge(at now: Timestamp) -> Duration { oldest.map { max(.zero, now - $0) } ?? .zero }

    /// Reports of all queues that any kind, job or setting names, by name.
    ///
    /// Counts of a minute are known once it is over, so the last minute is the running one and as much of the one
    /// before as is missing to sixty seconds.
    package static func reports(
        names: [String],
        depths: [QueueDepth],
        controls: [QueueControl],
        minutes: [QueueMinute],
        now: Timestamp
    ) -> [QueueReport] {
        var reports: [String: QueueReport] = [:]
        for name in names { reports[name] = QueueReport(name: name) }
        for depth in depths {
            reports[depth.queue, default: QueueReport(name: depth.queue)].counts[depth.state] = depth.count
            if depth.state == .queued { reports[depth.queue]?.oldest = depth.oldest }
        }
        for control in controls { reports[control.name, default: QueueReport(name: control.name)].control = control }
        let current = now.microseconds / QueueMinute.microseconds
        let share = 1 - Double(now.microseconds % QueueMinute.microseconds) / Double(QueueMinute.microseconds)
        for minute in minutes {
            let number = minute.minute.microseconds / QueueMinute.microseconds
            guard number > current - 60 else { continue }
            reports[minute.queue, default: QueueReport(name: minute.queue)].lastHour.add(minute)
            if number == current { reports[minute.queue]?.lastMinute.add(minute) }
            if number == current - 1 { reports[minute.queue]?.lastMinute.add(minute.scaled(by: share)) }
        }
        return reports.values.sorted { $0.name < $1.name }
    }
}

extension QueueMinute {
    /// Microseconds in a minute.
    package static let microseconds: Int64 = 60_000_000

    /// The runs that ended, well or not.
    package var ended: Int { [.succeeded, .failed, .retried].reduce(0) { $0 + (counts[$1] ?? 0) } }

    /// The time that a job waited before it started, on average; `nil` when none started.
    package var meanWait: Duration? {
        let started = counts[.started] ?? 0
        return started > 0 ? waited / started : nil
    }

    /// The time that a run took, on average; `nil` when none ended.
    package var meanRun: Duration? { ended > 0 ? ran / ended : nil }

    func scaled(by share: Double) -> QueueMinute {
        var scaled = self
        scaled.counts = counts.mapValues { Int((Double($0) * share).rounded()) }
        scaled.waited = waited * share
        scaled.ran = ran * share
        return scaled
    }
}
