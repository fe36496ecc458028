import CupelCore
import CupelTesting
import Storage
import Testing

@testable import Gateway

/// Sums of calls and lists of them, on both engines.
@Suite(.timeLimit(.minutes(2)))
struct UsageReportTests {
    /// A call of a key with a model on a day of March, and what it cost.
    private func call(_ key: String, _ model: String, day: Int, cost: Int64?, upstream: String = "up") -> CallRecord {
        let start = Timestamp(rfc3339: "2026-03-\(day < 10 ? "0" : "")\(day)T10:00:00Z") ?? SystemTime().now
        var record = CallRecord(
            id: Identifier(at: start),
            upstream: upstream,
            modelAsked: model,
            purpose: "",
            started: start,
            duration: .milliseconds(5),
            attempts: 1,
            outcome: .answered
        )
        record.asker.key = key
        record.asker.team = key.isEmpty ? "" : "team of \(key)"
        record.usage = TokenUsage(input: 10, output: 3, cacheRead: 4, reasoning: 1)
        record.cost = cost.map { Money(microdollars: $0) }
        return record
    }

    private func withStore(_ isPostgres: Bool, _ body: (CallStore, any Database) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let database: any Database =
            isPostgres
            ? try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
            : try SQLiteDatabase(path: directory.path + "/t.db")
        _ = try await Migrator(CallStore.migrations).up(database)
        let store = CallStore(database: database)
        for record in [
            call("ci", "large", day: 1, cost: 1_500_001), call("ci", "large", day: 2, cost: 1),
            call("ci", "small", day: 2, cost: nil), call("", "large", day: 31, cost: 20),
        ] { try await store.store(record) }
        try await body(store, database)
        await database.close()
    }

    private func days(_ from: String, _ to: String) throws -> ClosedRange<UsageDay> {
        try #require(UsageDay(from))...#require(UsageDay(to))
    }

    @Test(arguments: [false, true]) func `every way of summing gives the same total to the cent`(
        _ isPostgres: Bool
    ) async throws {
        try await withStore(isPostgres) { store, _ in
            for dimension in UsageReport.Dimension.allCases {
                let report = try await store.usage(by: [dimension], over: try days("2026-03-01", "2026-03-31"))
                #expect(report.total.cost == Money(microdollars: 1_500_022) && report.total.calls == 4, "\(dimension)")
                let sum = report.lines.reduce(Money.zero) { $0 + $1.sums.cost }
                #expect(sum == report.total.cost, "\(dimension)")
            }
            let report = try await store.usage(by: [.month, .key, .model], over: try days("2026-03-01", "2026-03-31"))
            #expect(
                report.lines.map(\.names) == [
                    ["2026-03", "", "large"], ["2026-03", "ci", "large"], ["2026-03", "ci", "small"],
                ]
            )
            #expect(report.lines.map(\.sums.cost.microdollars) == [20, 1_500_002, 0])
            #expect(report.lines.map(\.sums.unpriced) == [0, 0, 1])
            #expect(report.lines[1].sums.input == 20 && report.lines[1].sums.reasoning == 2)
        }
    }

    @Test func `the first and the last day count, and those beside them do not`() async throws {
        try await withStore(false) { store, _ in
            let inner = try await store.usage(by: [.day], over: try days("2026-03-02", "2026-03-30"))
            #expect(inner.lines.map(\.names) == [["2026-03-02"]] && inner.total.calls == 2)
            let none = try await store.usage(by: [], over: try days("2026-04-01", "2026-04-02"))
            #expect(none.lines.isEmpty && none.total == UsageReport.Sums())
            await #expect(throws: CupelError.self) {
                _ = try await store.usage(by: [.day], over: try days("1990-01-01", "2026-04-02"))
            }
        }
    }

    @Test func `CSV has a head, exact money, a total, and no cell that a spreadsheet would run`() async throws {
        try await withStore(false) { store, _ in
            try await store.store(call("=1+1,\"x\"", "large", day: 5, cost: 7))
            let report = try await store.usage(by: [.key], over: try days("2026-03-01", "2026-03-31"))
            #expect(
                report.csv.split(separator: "\r\n").map(String.init) == [
                    "key,calls,unpriced_calls,input_tokens,cache_read_tokens,output_tokens,reasoning_tokens,cost",
                    ",1,0,10,4,3,1,0.000020", "\"'=1+1,\"\"x\"\"\",1,0,10,4,3,1,0.000007",
                    "ci,3,1,30,12,9,3,1.500002", "total,5,1,50,20,15,5,1.500029",
                ]
            )
            #expect(report.json["total"]?["cost"]?.stringValue == "1.500029")
        }
    }

    @Test(arguments: [false, true]) func `calls are narrowed by each of their marks`(
        _ isPostgres: Bool
    ) async throws {
        try await withStore(isPostgres) { store, _ in
            func count(_ narrow: (inout CallFilter) -> Void) async throws -> Int {
                var filter = CallFilter()
                narrow(&filter)
                return try await store.calls(before: nil, limit: 10, filter: filter).count
            }
            let noon = Timestamp(rfc3339: "2026-03-02T10:00:00Z")
            let after = Timestamp(rfc3339: "2026-03-02T10:00:00.000001Z")
            let counts = [
                try await count { $0.key = "ci" }, try await count { $0.team = "team of ci" },
                try await count { $0.model = "small" }, try await count { $0.upstream = "other" },
                try await count { $0.outcome = "answered" }, try await count { $0.since = noon },
                try await count { $0.since = after }, try await count { $0.until = noon },
                try await count { ($0.key, $0.until) = ("ci", after) },
            ]
            #expect(counts == [3, 3, 1, 0, 4, 3, 1, 1, 3])
            let newest = try await store.calls(before: nil, limit: 1)
            let one = try await store.call(newest[0].id)
            #expect(one.json == newest[0].json)
            await #expect(throws: CupelError.self) { _ = try await store.call(Identifier()) }
        }
    }

    @Test(arguments: ["2026-3-01", "2026-02-30", "1969-12-31", "", "2026-03-01T"])
    func `what is no day is none`(_ text: String) {
        #expect(UsageDay(text) == nil)
    }
}
