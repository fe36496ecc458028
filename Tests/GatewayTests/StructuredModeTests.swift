import CupelCore
import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(2))) struct StructuredModeTests {
    private func kinds(_ server: ScriptedUpstream) throws -> [String?] {
        try server.bodies().map { $0["response_format"]?["type"]?.stringValue }
    }

    @Test(arguments: [400, 422, 500])
    func `an upstream that refuses json_schema is asked for json_object, and that is remembered`(
        _ status: Int
    ) async throws {
        let server = try await ScriptedUpstream.start(.error(status, "unknown format"), .says("{\"a\": 1}"))
        let gateway = Gateway(sink: { _ in })
        for _ in 0..<2 {
            let answer = try await gateway.answer(GatewayTests.shaped(), from: server.upstream())
            #expect(answer.json == ["a": 1])
            #expect(answer.record.structuredMode == .jsonObject)
        }
        #expect(try kinds(server) == ["json_schema", "json_object", "json_object"])
        #expect(try server.bodies().last?["response_format"]?["schema"]?["type"] == "object")
        #expect(gateway.structuredMemory.exported.map(\.mode) == [.jsonObject])
        await gateway.close()
        try await server.stop()
    }

    @Test func `an upstream that knows no format gets the schema in its prompt and its answer is repaired`()
        async throws
    {
        let server = try await ScriptedUpstream.start(
            .error(400, "x"),
            .error(400, "x"),
            .says("Sure!\n```json\n{\"a\": {\"b\": \"}\"}}\n```\nDone.")
        )
        let gateway = Gateway(sink: { _ in })
        let answer = try await gateway.answer(GatewayTests.shaped(), from: server.upstream())
        #expect(answer.json == ["a": ["b": "}"]])
        #expect(answer.record.structuredMode == .plain && answer.record.attempts == 3)
        let prompt = try #require(try server.bodies().last?["messages"]?[0]?["content"]?.stringValue)
        #expect(prompt.hasPrefix("Be brief.") && prompt.contains("\"integer\""))
        await gateway.close()
        try await server.stop()
    }

    @Test func `an upstream that is broken altogether teaches nothing`() async throws {
        let server = try await ScriptedUpstream.start(.error(500, "x"))
        let gateway = Gateway(sink: { _ in })
        await #expect(throws: CupelError.self) {
            try await gateway.answer(GatewayTests.shaped(), from: server.upstream())
        }
        #expect(gateway.structuredMemory.exported.isEmpty)
        #expect(server.requests.count == 5)
        await gateway.close()
        try await server.stop()
    }

    @Test func `a mode that has been answered is not given up for one bad moment`() async throws {
        let server = try await ScriptedUpstream.start(.says("{}"), .error(500, "x"), .says("{}"))
        let gateway = Gateway(sink: { _ in })
        for _ in 0..<2 { _ = try await gateway.answer(GatewayTests.shaped(), from: server.upstream()) }
        #expect(try kinds(server) == ["json_schema", "json_schema", "json_schema"])
        await gateway.close()
        try await server.stop()
    }

    @Test func `what was learnt is exported, taken up again, and forgotten in time`() throws {
        let time = MovableTime()
        let memory = StructuredMemory(time: time)
        let upstream = Upstream(name: "u", baseURL: "http://x", model: "m")
        memory.learn(.plain, of: upstream)
        let next = StructuredMemory(memory.exported, time: time)
        #expect(next.mode(of: upstream) == .plain)
        #expect(next.mode(of: Upstream(name: "u", baseURL: "http://x", model: "other")) == nil)
        time.advance(StructuredMemory.lifetime)
        #expect(next.mode(of: upstream) == nil)
    }

    @Test func `the memory keeps its bound`() {
        let time = MovableTime()
        let memory = StructuredMemory(time: time)
        for index in 0...StructuredMemory.capacity {
            time.advance(.seconds(1))
            memory.learn(.plain, of: Upstream(name: "u\(index)", baseURL: "http://x", model: "m"))
        }
        #expect(memory.exported.count == StructuredMemory.capacity)
        #expect(memory.exported.first?.upstream == "u1")
    }

    @Test(arguments: [
        ("{\"a\":1}", "{\"a\":1}"), ("x {not json} {\"b\":2} y", "{\"b\":2}"),
        ("{\"s\":\"\\\"}{\"}", "{\"s\":\"\\\"}{\"}"),
        ("no object", nil), ("{\"cut\": [1,", nil), ("", nil),
    ])
    func `an object is picked out of what stands around it`(_ text: String, _ expected: String?) {
        #expect(JSONExtraction.object(in: text)?.text() == expected)
    }

    @Test func `the search for an object is bounded`() {
        let tries = JSONExtraction.attemptLimit
        let object = "{\"a\":1}"
        #expect(JSONExtraction.object(in: String(repeating: "{ ", count: tries - 1) + object) != nil)
        #expect(JSONExtraction.object(in: String(repeating: "{ ", count: tries) + object) == nil)
        let room = JSONExtraction.textLimit - object.utf8.count
        #expect(JSONExtraction.object(in: String(repeating: " ", count: room) + object) != nil)
        #expect(JSONExtraction.object(in: String(repeating: " ", count: room + 1) + object) == nil)
    }

    @Test func `retries wait longer each time, within the deadline, and only for what may pass`() {
        let policy = RetryPolicy(tries: 3)
        func wait(_ failure: UpstreamFailure, _ number: Int, left: Duration = .seconds(100)) -> Duration? {
            policy.wait(after: failure, try: number, left: left, chance: 1)
        }
        #expect(wait(.reset(""), 1) == .milliseconds(250))
        #expect(wait(.reset(""), 2) == .milliseconds(500))
        #expect(wait(.reset(""), 3) == nil)
        #expect(wait(.reset(""), 1, left: .milliseconds(250)) == nil)
        #expect(wait(.rateLimited(retryAfter: 9, ""), 1) == .seconds(9))
        #expect(wait(.rateLimited(retryAfter: 9, ""), 1, left: .seconds(9)) == nil)
        for lasting in [UpstreamFailure.garbled(""), .cut(""), .slow(""), .unknownModel(""), .tooLarge(limit: 1)] {
            #expect(wait(lasting, 1) == nil)
        }
        #expect(policy.wait(after: .reset(""), try: 1, left: .seconds(1), chance: 0) == .milliseconds(125))
    }
}

/// A clock that tests move.
final class MovableTime: TimeSource {
    private let offset = Mutex(Duration.zero)
    var now: Timestamp { Timestamp(microseconds: 1_700_000_000_000_000) + monotonic }
    var monotonic: Duration { offset.withLock { $0 } }
    func sleep(for duration: Duration) async throws { advance(duration) }
    func advance(_ duration: Duration) { offset.withLock { $0 += duration } }
}
