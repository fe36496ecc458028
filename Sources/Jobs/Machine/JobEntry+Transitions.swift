import CupelCore

/// How a run came to its end, as its worker says.
package enum JobEnding: Sendable {
    /// Well, with a result as JSON text.
    case succeeded(result: String)
    /// Badly; tried again after `retryAfter`, or never when that is `nil`.
    case failed(JobFailure, retryAfter: Duration?)
    /// By a person.
    case cancelled
    /// Unharmed and unfinished: its worker stops, or cannot run this kind; it may run again after `delay`.
    case released(note: String, delay: Duration)
}

/// Where a job may go from where it stands: no store, no clock, no chance. Every engine uses these and nothing else.
///
/// Each gives the event that tells of the change, or `nil` when the change is not allowed there.
extension JobEntry {
    /// A worker takes it.
    mutating func claim(by worker: WorkerID, at now: Timestamp) -> JobEventDraft? {
        guard state == .queued, runAt <= now else { return nil }
        state = .running
        attempt += 1
        self.worker = worker
        startedAt = now
        progress = 0
        note = "started"
        return event(#"{"state":"running","attempt":\#(attempt)}"#, now)
    }

    /// Whether a worker's word about an attempt counts: it does while that very attempt runs.
    func isHeld(by attempt: Int) -> Bool { state == .running && self.attempt == attempt }

    /// Its worker says that the run is over.
    mutating func end(_ ending: JobEnding, at now: Timestamp) -> JobEventDraft? {
        guard state == .running else { return nil }
        worker = nil
        switch ending {
        case .succeeded(let result):
            finish(.succeeded, "done", now)
            self.result = result
            failure = nil
            progress = 1
            return event(#"{"state":"succeeded"}"#, now)
        case .failed(let failure, let retryAfter): return fail(failure, retryAfter: retryAfter, now)
        case .cancelled:
            finish(.cancelled, "cancelled", now)
            return event(#"{"state":"cancelled"}"#, now)
        case .released(let note, let delay):
            // Asked to end and released at once: nobody wants it any more.
            if isCancelRequested {
                finish(.cancelled, "cancelled", now)
                return event(#"{"state":"cancelled"}"#, now)
            }
            wait(note, until: delay > .zero ? now + delay : runAt)
            return event(#"{"state":"queued"}"#, now)
        }
    }

    private mutating func fail(_ failure: JobFailure, retryAfter: Duration?, _ now: Timestamp) -> JobEventDraft {
        failures += 1
        self.failure = failure
        history = JobFailure.adding(failure, attempt: attempt, at: now, to: history)
        if isCancelRequested {
            finish(.cancelled, "cancelled", now)
        } else if let retryAfter, failures < maximumFailures {
            wait("waiting to be tried again", until: now + retryAfter)
        } else {
            finish(.failed, "failed", now)
        }
        let data: JSON = ["state": .string(state.rawValue), "error": failure.json]
        return event(data.text(), now)
    }

    /// Its worker died: run again, or quarantined when that happened too often.
    mutating func lose(at now: Timestamp) -> JobEventDraft? {
        guard state == .running else { return nil }
        worker = nil
        crashes += 1
        let isQuarantined = crashes >= maximumCrashes
        let failure =
            isQuarantined
            ? JobFailure(
                code: "quarantined",
                message: "Its worker died \(crashes) times; look at the log before you retry it."
            ) : JobFailure(code: "worker_lost", message: "Its worker died; it is run again.")
        self.failure = failure
        history = JobFailure.adding(failure, attempt: attempt, at: now, to: history)
        if isCancelRequested {
            finish(.cancelled, "cancelled", now)
        } else if isQuarantined {
            finish(.failed, failure.message, now)
        } else {
            wait(failure.message, until: runAt)
        }
        let data: JSON = ["state": .string(state.rawValue), "error": failure.json]
        return event(data.text(), now)
    }

    /// A person ends it: at once while it waits; while it runs, its worker is asked to.
    mutating func cancel(at now: Timestamp) -> JobEventDraft? {
        switch state {
        case .queued, .blocked:
            finish(.cancelled, "cancelled", now)
            return event(#"{"state":"cancelled"}"#, now)
        case .running:
            isCancelRequested = true
            return event(#"{"state":"running","reason":"asked to end"}"#, now)
        case .succeeded, .failed, .cancelled: return nil
        }
    }

    /// A person runs it again, with its failures forgotten and its history kept.
    mutating func retry(at now: Timestamp) -> JobEventDraft? {
        guard state == .failed || state == .cancelled else { return nil }
        failures = 0
        crashes = 0
        isCancelRequested = false
        progress = 0
        failure = nil
        finishedAt = nil
        openNeeds = 0
        wait("waiting", until: now)
        return event(#"{"state":"queued","reason":"retried by a person"}"#, now)
    }

    /// A job that it needs has ended.
    mutating func heed(_ needed: JobState, at now: Timestamp) -> JobEventDraft? {
        guard state == .blocked else { return nil }
        guard needed == .succeeded else {
            finish(.cancelled, "a job that it needs did not succeed", now)
            return event(#"{"state":"cancelled","reason":"a job that it needs did not succeed"}"#, now)
        }
        openNeeds -= 1
        guard openNeeds == 0 else { return nil }
        wait("waiting", until: max(runAt, now))
        return event(#"{"state":"queued"}"#, now)
    }

    /// The event of its acceptance.
    func accepted(at now: Timestamp) -> JobEventDraft { event(#"{"state":"\#(state.rawValue)"}"#, now) }

    private mutating func finish(_ state: JobState, _ note: String, _ now: Timestamp) {
        self.state = state
        self.note = note
        finishedAt = now
    }

    private mutating func wait(_ note: String, until moment: Timestamp) {
        state = .queued
        self.note = note
        runAt = moment
    }

    private func event(_ data: String, _ now: Timestamp) -> JobEventDraft {
        JobEventDraft(job: id, at: now, kind: "state", data: data)
    }
}
