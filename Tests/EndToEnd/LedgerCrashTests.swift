import CupelCore
import CupelTesting
import NIOHTTP1
import Storage
import Synchronization
import Testing

/// The real server is killed under load of calls and streams: the ledger equals what the upstream counted, to within the
/// calls that were under way, and says which those were.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct LedgerCrashTests {
    /// Calls that are under way at once.
    private static let width = 16

    /// The calls whose answer arrived whole.
    private final class Whole: Sendable {
        private let state = Mutex<Set<String>>([])
        var ids: Set<String> { state.withLock { $0 } }
        func add(_ id: String) { state.withLock { _ = $0.insert(id) } }
    }

    @Test func `after kill -9 under load the ledger holds every answer and names the calls it interrupted`()
        async throws
    {
        var chance = CrashChance(seed: CrashLoop.seed("the ledger"))
        let model = try await CountingModel(pause: .milliseconds(3))
        var environment = CrashLoop.environment
        environment["CUPEL_PROVIDERS_OPENAI_BASE_URL"] = model.url
        environment["CUPEL_PROVIDERS_OPENAI_API_KEY"] = String(repeating: "x", count: 20)
        let cupel = try CupelProcess(environment: environment)
        let whole = Whole()
        var server = try await cupel.serve()
        let kills = 4
        for _ in 0..<kills {
            let before = whole.ids.count
            let child = server.child
            let some = Int.random(in: 50...400, using: &chance)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<Self.width {
                    let server = server
                    group.addTask { await Self.load(server, isStream: lane % 2 == 0, whole) }
                }
                // The moment of the kill is the test's subject: after so many answers, whatever is under way.
                try await CrashLoop.wait("\(some) answers have come") { whole.ids.count - before >= some }
                child.kill()
                _ = await child.waitForEnd()
                try await group.waitForAll()
            }
            server = try await cupel.serve()
        }
        let last = try await Self.call(server, isStream: true)
        #expect(last.status == 200)
        if let id = last.headers.first(name: "x-request-id") { whole.add(id) }
        let code = await server.stop()
        #expect(code == 0)
        let database = try SQLiteDatabase(path: cupel.dataDirectory + "/cupel.db")
        try await Self.check(whole.ids, asked: model.asked, kills: kills, database)
        await database.close()
        try await model.stop()
    }

    private static func call(_ server: RunningServer, isStream: Bool) async throws -> HTTP.Answer {
        let body: JSON = [
            "model": "gpt-4o-mini", "max_tokens": 10, "stream": .bool(isStream),
            "messages": [["role": "user", "content": "Well?"]],
        ]
        return try await server.post("/v1/chat/completions", body)
    }

    /// Calls one after the other until the server is gone.
    private static func load(_ server: RunningServer, isStream: Bool, _ whole: Whole) async {
        while let answer = try? await call(server, isStream: isStream), answer.status == 200 {
            guard !isStream || answer.text.hasSuffix("data: [DONE]\n\n") else { continue }
            if let id = answer.headers.first(name: "x-request-id") { whole.add(id) }
        }
    }

    private static func check(_ whole: Set<String>, asked: Int, kills: Int, _ database: any Database) async throws {
        let rows = try await database.query("SELECT * FROM calls")
        func ids(_ outcome: String) throws -> Set<String> {
            Set(try rows.filter { try $0.text("outcome") == outcome }.map { try $0.text("id") })
        }
        let answered = try ids("answered")
        let interrupted = try ids("interrupted")
        // What the client saw whole was durable before; nothing is left open or called otherwise.
        #expect(whole.subtracting(answered).isEmpty, "an answer went out that the ledger lost")
        #expect(answered.count + interrupted.count == rows.count)
        #expect(answered.subtracting(whole).count <= kills * width)
        // The kills did hit calls under way: a crash test without them would prove nothing.
        #expect(!interrupted.isEmpty && interrupted.count <= kills * width)
        // The upstream and the ledger differ by calls under way at the kills at most.
        #expect(abs(asked - rows.count) <= kills * width)
        #expect(answered.count <= asked && asked <= answered.count + kills * width)
        let costs = Set(
            try rows.filter { try $0.text("outcome") == "answered" }.map { try $0.integer("cost_microdollars") }
        )
        #expect(costs.count == 1 && costs.first ?? 0 > 0, "every answer took the same tokens")
        for row in rows where try row.text("outcome") == "interrupted" {
            let (cost, held) = (try row.integer("cost_microdollars"), try row.integer("reserved_microdollars"))
            #expect(cost == held && held > 0)
        }
        let sum = try rows.reduce(0) { $0 + (try $1.integer("cost_microdollars")) }
        let days = try await CrashLoop.number(
            "SELECT CAST(sum(cost_microdollars) AS BIGINT) AS n FROM usage_days",
            database
        )
        let calls = try await CrashLoop.number("SELECT CAST(sum(calls) AS BIGINT) AS n FROM usage_days", database)
        #expect(sum == days && calls == rows.count)
    }
}
