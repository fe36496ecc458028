import CupelCore
import CupelTesting
import MetricsTestKit
import Storage
import Testing

@Suite(.timeLimit(.minutes(2)))
struct PostgresMetricsTests {
    @Test func `the pool counts what it opens, closes and refuses, and how long bodies wait`() async throws {
        let metrics = TestMetrics()
        var options = PostgresOptions()
        options.size = 1
        options.waitLimit = .milliseconds(200)
        let database = try await PostgresDatabase(
            url: PostgresServer.shared().makeDatabase(),
            options: options,
            metrics: metrics
        )
        // Ends by itself; its value is awaited.
        let holder = Task { _ = try await database.query("SELECT pg_sleep(0.7)") }
        while database.poolCounts.used == 0 { try await Task.sleep(for: .milliseconds(5)) }
        await #expect(throws: CupelError.self) { try await database.check() }
        try await holder.value
        await database.close()
        let opened = try metrics.expectCounter("cupel_database_pool_opened_total").totalValue
        let closed = try metrics.expectCounter("cupel_database_pool_closed_total").totalValue
        let timeouts = try metrics.expectCounter("cupel_database_pool_timeouts_total").totalValue
        let waits = try metrics.expectTimer("cupel_database_pool_wait_seconds").values
        let used = try metrics.expectGauge("cupel_database_pool_used").values
        #expect(opened == 1 && closed == 1 && timeouts == 1)
        #expect(waits.count == 1 && waits[0] >= 200_000_000)
        #expect(used.contains(1))
    }
}
