import CupelCore
import CupelTesting
import Glibc
import Logging
import Metrics
import Telemetry
import Testing

@Suite struct TelemetryTests {
    /// The lines that a logger writes.
    private func lines(_ format: LogFormat, _ body: (Logger) -> Void) throws -> [String] {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/log"
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        let clock = TestClock()
        body(
            Logger(label: "test") { _ in
                CupelLogHandler(label: "test", format: format, level: .info, descriptor: descriptor, time: clock)
            }
        )
        return try BoundedFile.text(at: path, limit: 1 << 20).split(separator: "\n").map(String.init)
    }

    @Test func `a text line has time, level, message and sorted keys`() throws {
        let lines = try lines(.text) { $0.log(.warning, "a job failed", [.jobID: "1", .code: "timeout"]) }
        #expect(lines == ["2026-01-01T00:00:00.000000Z WARNING  a job failed error.code=timeout job.id=1"])
    }

    @Test func `a JSON line parses and keeps its keys`() throws {
        let lines = try lines(.json) { $0.log(.info, "hello \"you\"", [.path: "/a"]) }
        let object = try JSON(parsing: try #require(lines.first))
        #expect(object["message"]?.stringValue == "hello \"you\"")
        #expect(object["http.path"]?.stringValue == "/a")
    }

    @Test(arguments: LogFormat.allCases)
    func `secrets never reach the log and a line break cannot forge a line`(_ format: LogFormat) throws {
        let secret = Secret("a-secret-of-the-log")
        let lines = try lines(format) { logger in
            logger.info("using \(secret.expose())", metadata: ["error": "got \(secret.expose())\n2026 INFO forged"])
        }
        #expect(lines.count == 1)
        #expect(lines.first?.contains("a-secret-of-the-log") == false)
    }

    @Test func `a line over the bound is cut and says so`() throws {
        let text = String(repeating: "x", count: CupelLogHandler.maximumLineBytes + 1)
        let lines = try lines(.text) { $0.info("\(text)") }
        #expect(lines.first?.hasSuffix("[cut]") == true)
        #expect((lines.first?.utf8.count ?? 0) < CupelLogHandler.maximumLineBytes + 16)
    }

    @Test func `metrics print as Prometheus reads them`() {
        let registry = MetricsRegistry()
        Counter(label: "cupel.calls", dimensions: [("model", "a\"b")], factory: registry).increment(by: 3)
        Gauge(label: "cupel_depth", factory: registry).record(2)
        Timer(label: "cupel_call", factory: registry).recordMilliseconds(20)
        let text = registry.text()
        #expect(text.contains("# TYPE cupel_calls counter\ncupel_calls{model=\"a\\\"b\"} 3"))
        #expect(text.contains("cupel_depth 2.0"))
        #expect(text.contains("cupel_call_seconds_bucket{le=\"0.025\"} 1"))
        #expect(text.contains("cupel_call_seconds_bucket{le=\"0.01\"} 0"))
        #expect(text.contains("cupel_call_seconds_count 1"))
    }

    @Test func `one label and its values give one series, however often it is made`() {
        let registry = MetricsRegistry()
        for _ in 0..<10 { Counter(label: "n", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment() }
        #expect(registry.text().contains("n{a=\"1\",b=\"2\"} 10"))
    }

    @Test func `series beyond the bound are counted together`() {
        let registry = MetricsRegistry()
        for number in 0...MetricsRegistry.maximumSeries {
            Counter(label: "n", dimensions: [("i", "\(number)")], factory: registry).increment()
        }
        #expect(registry.text().contains("n{overflow=\"true\"} 1"))
    }

    @Test func `log keys are dotted lower case`() {
        for key in LogKey.allCases {
            #expect(key.rawValue.allSatisfy { $0 == "." || $0.isLowercase })
        }
    }
}
