import CupelCore
import CupelTesting
import Foundation
import Storage
import Testing

/// What the crash loops share: probes that are submitted through the API, and the look at what became of them.
struct CrashLoop {
    /// How many probes; `CUPEL_SOAK_JOBS` asks for more.
    static func jobs(_ standard: Int) -> Int {
        ProcessInfo.processInfo.environment["CUPEL_SOAK_JOBS"].flatMap(Int.init) ?? standard
    }

    /// The seed of this run; `CUPEL_SIM_SEED` gives one.
    static func seed(_ name: String) -> UInt64 {
        let given = ProcessInfo.processInfo.environment["CUPEL_SIM_SEED"].flatMap(UInt64.init)
        let seed = given ?? UInt64.random(in: 0...UInt64(UInt32.max))
        FileHandle.standardError.write(Data("crash loop on \(name): CUPEL_SIM_SEED=\(seed)\n".utf8))
        return seed
    }

    /// Without a model: probes need none.
    static let environment = ["CUPEL_MODEL_LOCAL": "", "CUPEL_LOG_LEVEL": "warning"]

    /// Submits probes, some at a time, until there are enough or the server is gone.
    /// - Returns: those that were acknowledged.
    static func submit(_ count: Int, milliseconds: Int, to server: RunningServer) async -> Set<String> {
        let body: JSON = ["kind": "cupel.probe", "payload": ["milliseconds": .integer(Int64(milliseconds))]]
        var acknowledged: Set<String> = []
        while acknowledged.count < count {
            let found = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<min(10, count - acknowledged.count) {
                    group.addTask {
                        let answer = try? await server.post("/api/v1/jobs", body)
                        return answer?.status == 202 ? answer?.json["id"]?.stringValue : nil
                    }
                }
                return await group.reduce(into: Set<String>()) { if let id = $1 { $0.insert(id) } }
            }
            acknowledged.formUnion(found)
            if found.isEmpty { break }
        }
        return acknowledged
    }

    /// Waits until something is so.
    static func wait(_ what: String, seconds: Int = 60, until isSo: () async throws -> Bool) async throws {
        let end = SystemTime().monotonic + .seconds(seconds)
        while try await !isSo() {
            guard SystemTime().monotonic < end else { throw CupelError(.timeout, "Waited in vain: \(what).") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// One number from the store.
    static func number(_ sql: SQL, _ database: any Database) async throws -> Int {
        try await database.query(sql).first?.optionalInteger("n") ?? 0
    }

    /// Probes that are not over.
    static func unfinished(_ database: any Database) async throws -> Int {
        try await number(
            "SELECT count(*) AS n FROM jobs WHERE kind = 'cupel.probe' AND finished_at IS NULL",
            database
        )
    }

    /// Holds what became of the probes against what was promised.
    static func check(_ acknowledged: Set<String>, _ database: any Database) async throws {
        let jobs = try await database.query("SELECT id, state FROM jobs WHERE kind = 'cupel.probe'")
        let states = Set(try jobs.map { try $0.text("state") })
        #expect(states == ["succeeded"])
        let kept = Set(try jobs.map { try $0.text("id") })
        #expect(acknowledged.subtracting(kept).isEmpty, "acknowledged and lost")
        let effects = try await database.query("SELECT job_id FROM job_probes").map { try $0.text("job_id") }
        #expect(effects.count == Set(effects).count, "an effect happened twice")
        #expect(Set(effects) == kept, "an effect is missing")
        // The faults did happen: a crash loop without them would prove nothing.
        let crashed = try await number("SELECT count(*) AS n FROM jobs WHERE crashes > 0", database)
        #expect(crashed > 0)
    }
}

/// A generator that gives the same numbers for the same seed (SplitMix64, Steele, Lea and Flood 2014).
struct CrashChance: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
