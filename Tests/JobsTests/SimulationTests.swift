import CupelCore
import Foundation
import Jobs
import Testing

/// The queue's decisions under crashes, duplicates, lost and late answers, pauses and clock steps.
///
/// `CUPEL_SIM_SEED` replays one seed; `CUPEL_SIM_COUNT` runs more of them.
@Suite(.timeLimit(.minutes(30)))
struct SimulationTests {
    @Test func `nothing acknowledged is lost, nothing takes effect twice, and everything ends`() throws {
        let environment = ProcessInfo.processInfo.environment
        let seeds: Range<UInt64>
        if let seed = environment["CUPEL_SIM_SEED"].flatMap(UInt64.init) {
            seeds = seed..<seed + 1
        } else {
            seeds = 0..<(environment["CUPEL_SIM_COUNT"].flatMap(UInt64.init) ?? 2000)
        }
        var jobs = 0
        var retaken = 0
        for seed in seeds {
            var simulation = Simulation(seed: seed)
            try simulation.run(steps: 150)
            jobs += simulation.shelves.jobs.count
            retaken += simulation.shelves.jobs.values.count { $0.crashes > 0 }
        }
        // The faults did happen: a simulation without them would prove nothing.
        #expect(jobs > seeds.count * 5)
        #expect(seeds.count == 1 || retaken > seeds.count / 10)
    }

    @Test func `low priority moves though high keeps coming`() throws {
        let shelf = MemoryJobShelf(MemoryShelves())
        var now = Timestamp(microseconds: 1_700_000_000_000_000)
        let worker = WorkerCard(id: WorkerID(), name: "w", queues: [], concurrency: 1, startedAt: now)
        func entry(_ priority: JobPriority) -> JobEntry {
            JobEntry(
                id: JobID(),
                kind: "work",
                payload: "{}",
                options: JobOptions(),
                priority: priority,
                createdAt: now,
                runAt: now
            )
        }
        let low = entry(.low)
        _ = try JobMachine.process([.enlist(worker), .submit(low, after: [])], on: shelf, at: now)
        var waited = 0
        // Two urgent ones come for each that can be run.
        while try shelf.load([low.id]).first?.state == .queued, waited < 1000 {
            waited += 1
            now = now + .seconds(1)
            let request = ClaimRequest(worker: worker.id, room: ["default": 1], limit: 1)
            let commands: [JobCommand] = [
                .submit(entry(.high), after: []), .submit(entry(.high), after: []), .claim(request),
            ]
            _ = try JobMachine.process(commands, on: shelf, at: now)
        }
        // Two levels are two minutes of waiting; the urgent ones that wait by then are older than that allows.
        #expect(waited <= 250)
    }
}
