import CupelCore
import CupelTesting
import Jobs

/// A cluster in miniature: clients, workers and a store that fail in every way they can, on a clock of its own.
///
/// The queue's decisions are the real ones; the store applies a command wholly or not at all, and may lose its answer,
/// get it twice, or get it late. Everything follows from the seed.
struct Simulation {
    struct Breach: Error, CustomStringConvertible {
        let seed: UInt64
        let step: Int
        let text: String
        var description: String { "seed \(seed), step \(step): \(text)" }
    }

    /// A process that works.
    struct Worker {
        var id = WorkerID()
        var watch = WorkerWatch(lease: .seconds(10))
        var runs: [JobFence: Duration] = [:]
        var strays: Set<JobFence> = []
        /// Stopped by SIGSTOP until this moment.
        var pausedUntil = Duration.zero
        var nextBeat = Duration.zero
        var nextLook = Duration.zero
        var isEnlisted = false
    }

    /// A command on its way to a store that is slow.
    struct Late {
        let at: Duration
        let command: JobCommand
    }

    let seed: UInt64
    var random: SeededGenerator
    let shelf = MemoryJobShelf(MemoryShelves())
    var elapsed = Duration.zero
    /// What the wall clock is off by; it may step at any moment.
    var clockStep = Duration.zero
    var workers: [Worker] = []
    var late: [Late] = []
    var acknowledged: Set<JobID> = []
    var asked: [JobID: JobEntry] = [:]
    /// How often an end was accepted as a success: more than once would be an effect twice.
    var successes: [JobID: Int] = [:]
    var isFaulty = true
    var step = 0

    init(seed: UInt64) {
        self.seed = seed
        random = SeededGenerator(seed: seed)
        workers = (0..<Int.random(in: 1...4, using: &random)).map { _ in Worker() }
    }

    var shelves: MemoryShelves { shelf.shelves }
    var now: Timestamp { Timestamp(microseconds: 1_700_000_000_000_000) + elapsed + clockStep }

    /// Runs with faults, then without until everything is over, checking all the while.
    mutating func run(steps: Int) throws {
        for _ in 0..<steps { try advance() }
        isFaulty = false
        clockStep = max(clockStep, .zero)
        for index in workers.indices { workers[index].pausedUntil = .zero }
        var rest = 0
        while !shelf.shelves.open.isEmpty {
            rest += 1
            if rest > 20_000 { throw breach("the jobs \(unfinished) never ended though nothing failed any more") }
            try advance()
        }
        try checkEnd()
    }

    private var unfinished: [String] {
        shelves.jobs.values.filter { !$0.state.isFinal }.map { "\($0.id) \($0.state) \($0.note)" }
    }

    func breach(_ text: String) -> Breach { Breach(seed: seed, step: step, text: text) }

    func chance(_ percent: Int, _ random: inout SeededGenerator) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    mutating func advance() throws {
        step += 1
        elapsed += .milliseconds(Int.random(in: 1...800, using: &random))
        try deliverLate()
        if isFaulty { disturb() }
        if isFaulty, chance(40, &random) { try act() }
        for index in workers.indices where workers[index].pausedUntil <= elapsed { try work(index) }
        try checkAlways()
    }

    // MARK: The store

    /// Sends a command as over a network: it may not arrive, arrive late, arrive twice, or its answer may be lost.
    mutating func send(_ command: JobCommand) throws -> JobReply? {
        let fate = isFaulty ? Int.random(in: 0..<100, using: &random) : 99
        switch fate {
        case 0..<3: return nil
        case 3..<6:
            late.append(Late(at: elapsed + .milliseconds(Int.random(in: 1...30_000, using: &random)), command: command))
            return nil
        case 6..<10:
            _ = try apply(command)
            return nil
        case 10..<13:
            _ = try apply(command)
            return try apply(command)
        default: return try apply(command)
        }
    }

    mutating func apply(_ command: JobCommand) throws -> JobReply {
        shelf.forgetTouched()
        let reply = try JobMachine.process([command], on: shelf, at: now)[0]
        try checkTransitions(by: command, reply)
        return reply
    }

    private mutating func deliverLate() throws {
        let due = late.filter { $0.at <= elapsed || !isFaulty }
        late.removeAll { $0.at <= elapsed || !isFaulty }
        for one in due { _ = try apply(one.command) }
    }

    // MARK: What goes wrong

    private mutating func disturb() {
        guard !workers.isEmpty else { return }
        let index = Int.random(in: 0..<workers.count, using: &random)
        switch Int.random(in: 0..<200, using: &random) {
        case 0..<3: workers[index] = Worker()  // kill -9, and a new process
        case 3..<6: workers[index].pausedUntil = elapsed + .seconds(Int.random(in: 1...40, using: &random))
        case 6: clockStep += .seconds(Int.random(in: -7200...7200, using: &random))
        default: break
        }
    }
}
