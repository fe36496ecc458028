package import CupelCore

/// What may be asked of the queue. Commands of many callers are carried out together, in one transaction.
package enum JobCommand: Sendable {
    /// Accepts a job, which runs once all of `after` have succeeded. Asking twice with one identifier is asking once.
    case submit(JobEntry, after: [JobID])
    /// Gives a worker as many jobs as it has room for.
    case claim(ClaimRequest)
    /// Ends a run.
    case settle(JobFence, JobEnding)
    /// Says how far a run is; `event` is the JSON text that watchers get.
    case report(JobFence, fraction: Double, note: String, event: String)
    /// Says that a worker lives, and asks what became of its jobs.
    case beat(WorkerBeat)
    /// Makes a worker known.
    case enlist(WorkerCard)
    /// Ends a worker that has nothing left to do.
    case retire(WorkerID)
    /// Ends a worker whose heart stands still at `beat`, and gives its jobs back.
    case bury(WorkerID, beat: Int)
    /// Ends a job, for a person.
    case cancel(JobID)
    /// Runs a dead or cancelled job again, for a person.
    case retry(JobID)
    /// Forgets a dead, cancelled or succeeded job, for a person.
    case discard(JobID)
}

/// What became of a command.
package enum JobReply: Sendable {
    /// Accepted under this identifier; not new when a unique key or the identifier itself was there already.
    case submitted(JobID, isNew: Bool)
    /// The jobs, and when to ask again if there was room for more.
    case claimed([ClaimedJob], next: Timestamp?)
    /// Whether it counted; `false` when the attempt is not the one that runs.
    case accepted(Bool)
    /// What a worker should know of its jobs.
    case checked(BeatReply)
    /// It was done.
    case done
    /// It cannot be done, and why.
    case refused(CupelError)

    /// Whether there may be something to claim or to tell that was not there before. A claim that found nothing must
    /// not be news: it would wake the claimer that asked it, for ever.
    var isNews: Bool {
        switch self {
        case .submitted(_, let isNew): isNew
        case .claimed(let jobs, _): !jobs.isEmpty
        case .accepted(let isAccepted): isAccepted
        case .done: true
        case .checked, .refused: false
        }
    }
}

/// Which run a worker speaks of. Only the attempt that runs now is believed.
package struct JobFence: Sendable, Hashable {
    package let id: JobID
    package let attempt: Int

    /// A run.
    package init(id: JobID, attempt: Int) {
        self.id = id
        self.attempt = attempt
    }
}

/// A job that a worker holds, with the number that proves it.
package struct ClaimedJob: Sendable, Equatable {
    package let id: JobID
    package let kind: String
    package let queue: String
    /// What it was asked to do, as JSON text.
    package let payload: String
    /// The fence: this claim's number.
    package let attempt: Int
    /// Runs that failed before.
    package let failures: Int
    /// The longest this run may take.
    package let timeout: Duration
    /// How long it waited after it could have run.
    package let waited: Duration
    /// Whether two of its workers have died.
    package let isSuspect: Bool

    /// The run that this claim stands for.
    package var fence: JobFence { JobFence(id: id, attempt: attempt) }

    init(_ entry: JobEntry, at now: Timestamp) {
        id = entry.id
        kind = entry.kind
        queue = entry.queue
        payload = entry.payload
        attempt = entry.attempt
        failures = entry.failures
        timeout = entry.timeout
        waited = max(.zero, now - entry.runAt)
        isSuspect = entry.isSuspect
    }
}

/// What a worker has room for.
package struct ClaimRequest: Sendable, Equatable {
    package var worker: WorkerID
    /// The queues it serves, each with the jobs of that queue that it could run now.
    package var room: [String: Int]
    /// The jobs that it could run now, of all queues together.
    package var limit: Int
    /// Whether it may take one job whose workers have died twice.
    package var takesSuspect: Bool
    /// Whether a higher priority always goes first, however long a lower one waits.
    package var isStrict: Bool

    /// Room in some queues.
    package init(
        worker: WorkerID,
        room: [String: Int],
        limit: Int,
        takesSuspect: Bool = true,
        isStrict: Bool = false
    ) {
        self.worker = worker
        self.room = room
        self.limit = limit
        self.takesSuspect = takesSuspect
        self.isStrict = isStrict
    }
}

/// A worker as it is known to all.
package struct WorkerCard: Sendable, Equatable {
    package let id: WorkerID
    /// Host and process, for a person.
    package let name: String
    /// The queues it serves.
    package let queues: [String]
    /// Jobs that it runs at once.
    package let concurrency: Int
    package let startedAt: Timestamp
    /// Grows while it lives; a heart that stands still for a lease is dead, whatever any clock says.
    package var beat = 0
    /// When it was last heard of, for a person.
    package var seenAt: Timestamp

    /// A worker that starts now.
    package init(id: WorkerID, name: String, queues: [String], concurrency: Int, startedAt: Timestamp) {
        self.id = id
        self.name = name
        self.queues = queues
        self.concurrency = concurrency
        self.startedAt = startedAt
        seenAt = startedAt
    }
}

/// A sign of life, with the runs that the worker believes to hold.
package struct WorkerBeat: Sendable {
    package let worker: WorkerID
    package let held: Set<JobFence>

    /// A sign of life.
    package init(worker: WorkerID, held: Set<JobFence>) {
        self.worker = worker
        self.held = held
    }
}

/// What a worker should know of its jobs.
package struct BeatReply: Sendable, Equatable {
    /// Whether it still counts as alive; if not, it holds nothing any more and starts anew.
    package var isKnown: Bool
    /// Runs that a person wants ended.
    package var cancelled: Set<JobFence> = []
    /// Runs it believed to hold and does not.
    package var lost: Set<JobFence> = []
    /// Runs that are in its name though it does not know of them: a claim whose answer was lost.
    package var strays: Set<JobFence> = []

    /// An answer.
    package init(
        isKnown: Bool,
        cancelled: Set<JobFence> = [],
        lost: Set<JobFence> = [],
        strays: Set<JobFence> = []
    ) {
        self.isKnown = isKnown
        self.cancelled = cancelled
        self.lost = lost
        self.strays = strays
    }
}

/// An event to be kept.
package struct JobEventDraft: Sendable, Equatable {
    package let job: JobID
    package let at: Timestamp
    package let kind: String
    /// JSON text.
    package let data: String

    /// An event to be kept.
    package init(job: JobID, at: Timestamp, kind: String, data: String) {
        self.job = job
        self.at = at
        self.kind = kind
        self.data = data
    }
}
