import CupelCore
import Synchronization
import Testing

@testable import Gateway

/// Keeps the records of calls.
final class RecordKeeper: Sendable {
    private let records = Mutex<[CallRecord]>([])
    var all: [CallRecord] { records.withLock { $0 } }
    var sink: CallSink { { record in self.records.withLock { $0.append(record) } } }
}

@Suite(.timeLimit(.minutes(2))) struct GatewayTests {
    static let question = ModelRequest(
        system: "Be brief.",
        messages: [.init(.user, "Well?")],
        maxTokens: 50,
        temperature: 0.5,
        seed: 3,
        purpose: "test"
    )

    static func shaped() -> ModelRequest {
        var request = question
        request.shape = .init(schema: ["type": "object", "properties": ["a": ["type": "integer"]]])
        return request
    }

    /// Asks once and gives the answer or error, and the record.
    private func ask(
        _ server: ScriptedUpstream,
        _ request: ModelRequest = question,
        limits: UpstreamLimits = UpstreamLimits(),
        memory: StructuredMemory = StructuredMemory()
    ) async -> (Result<ModelAnswer, any Error>, [CallRecord]) {
        let keeper = RecordKeeper()
        let gateway = Gateway(structuredMemory: memory, sink: keeper.sink)
        let result: Result<ModelAnswer, any Error>
        do {
            result = .success(try await gateway.answer(request, from: server.upstream(limits: limits)))
        } catch {
            result = .failure(error)
        }
        await gateway.close()
        return (result, keeper.all)
    }

    private func failure(_ result: Result<ModelAnswer, any Error>) throws -> CupelError {
        let error = #expect(throws: CupelError.self) { try result.get() }
        return try #require(error)
    }

    @Test func `an answer comes with its tokens, and its record says everything but what was said`() async throws {
        let server = try await ScriptedUpstream.start(.says("It is so."))
        let (result, records) = await ask(server)
        let answer = try result.get()
        #expect(answer.text == "It is so.")
        #expect(answer.finish == .stop && !answer.isCut)
        #expect(answer.usage == TokenUsage(input: 11, output: 7))
        #expect(answer.json == nil)
        let record = try #require(records.first)
        #expect(records.count == 1 && record == answer.record)
        #expect(record.modelAsked == "test-model" && record.modelAnswered == "test-model-7b")
        #expect(record.outcome == .answered && record.attempts == 1 && record.purpose == "test")
        #expect(record.structuredMode == nil && record.finish == "stop")
        let firstByte = try #require(record.firstByte)
        #expect(firstByte > .zero && firstByte <= record.duration)
        #expect(!"\(record)".contains("It is so") && !"\(record)".contains("Well?"))
        let body = try #require(try server.bodies().first)
        #expect(body["messages"]?[0]?["content"] == "Be brief.")
        #expect(body["messages"]?[1]?["content"] == "Well?")
        #expect(body["max_tokens"] == 50 && body["seed"] == 3 && body["temperature"] == 0.5)
        #expect(body["response_format"] == nil)
        try await server.stop()
    }

    @Test func `the key goes out in the header and nowhere else`() async throws {
        let server = try await ScriptedUpstream.start(.error(401, "bad key"))
        let keeper = RecordKeeper()
        let gateway = Gateway(sink: keeper.sink)
        let key = Secret("key-" + "of-the-upstream")
        let error = await #expect(throws: CupelError.self) {
            try await gateway.answer(Self.question, from: server.upstream(apiKey: key))
        }
        #expect(error?.message.contains("API key") == true)
        #expect(server.requests.first?.lowercased().contains("authorization: bearer " + key.expose()) == true)
        #expect(!"\(String(describing: error)) \(keeper.all)".contains(key.expose()))
        await gateway.close()
        try await server.stop()
    }

    @Test func `an answer that the token limit cut says so`() async throws {
        let server = try await ScriptedUpstream.start(.says("{\"a\": 1", finish: "length"))
        let (result, records) = await ask(server, Self.shaped())
        #expect(try result.get().isCut)
        #expect(try result.get().json == nil)
        #expect(records.first?.finish == "length")
        try await server.stop()
    }

    @Test func `a limited upstream is asked again after the time it names`() async throws {
        let server = try await ScriptedUpstream.start(
            .error(429, "slow down", headers: "retry-after: 1\r\n"),
            .says("now")
        )
        let (result, records) = await ask(server)
        #expect(try result.get().text == "now")
        #expect(records.first?.attempts == 2)
        #expect(try #require(records.first).duration >= .seconds(1))
        try await server.stop()
    }

    @Test func `an upstream that limits us for longer than the call may take is not waited for`() async throws {
        let server = try await ScriptedUpstream.start(.error(429, "come back", headers: "retry-after: 600\r\n"))
        let (result, records) = await ask(server)
        let error = try failure(result)
        #expect(error.code == .providerRateLimited && error.retryAfterSeconds == 600)
        #expect(records.first?.outcome == .failed(.providerRateLimited) && records.first?.attempts == 1)
        try await server.stop()
    }

    @Test func `bad moments are tried again, three tries in all`() async throws {
        let recovering = try await ScriptedUpstream.start(.error(500, "oops"), .error(503, "oops"), .says("fine"))
        let (good, records) = await ask(recovering)
        #expect(try good.get().text == "fine")
        #expect(records.first?.attempts == 3)
        let broken = try await ScriptedUpstream.start(.error(502, "no luck"))
        let (bad, failures) = await ask(broken)
        let error = try failure(bad)
        #expect(error.code == .providerConnectionFailed)
        #expect(error.message.contains("scripted") && error.message.contains("502 after 3 tries: no luck"))
        #expect(failures.first?.attempts == 3 && broken.requests.count == 3)
        try await recovering.stop()
        try await broken.stop()
    }

    @Test func `a connection that closes before the answer is tried again`() async throws {
        let server = try await ScriptedUpstream.start(.sendAndClose(""), .says("here"))
        let (result, records) = await ask(server)
        #expect(try result.get().text == "here")
        #expect(records.first?.attempts == 2)
        try await server.stop()
    }

    @Test func `nobody there is said with the address and what to check`() async throws {
        let server = try await ScriptedUpstream.start(.says("x"))
        let upstream = server.upstream()
        try await server.stop()
        let keeper = RecordKeeper()
        let gateway = Gateway(sink: keeper.sink)
        let error = await #expect(throws: CupelError.self) { try await gateway.answer(Self.question, from: upstream) }
        #expect(error?.code == .providerConnectionFailed)
        #expect(error?.message.contains(upstream.baseURL) == true && error?.message.contains("3 tries") == true)
        #expect(keeper.all.first?.attempts == 3)
        await gateway.close()
    }

    @Test(arguments: [
        ("", "no first byte within 3.0 s"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", "nothing more came for 3.0 s"),
    ])
    func `an upstream that falls silent is given up`(_ sent: String, _ reason: String) async throws {
        let server = try await ScriptedUpstream.start(.stall(sent))
        let limits = UpstreamLimits(firstByte: .seconds(3), betweenBytes: .seconds(3))
        let (result, records) = await ask(server, limits: limits)
        let error = try failure(result)
        #expect(error.code == .timeout && error.message.contains(reason), "\(error)")
        #expect(records.first?.attempts == 1)
        try await server.stop()
    }

    @Test func `the whole call has a deadline, tries included`() async throws {
        let server = try await ScriptedUpstream.start(.error(500, "x"), .stall(""))
        let (result, records) = await ask(server, limits: UpstreamLimits(whole: .seconds(8)))
        let error = try failure(result)
        #expect(error.code == .timeout && error.message.contains("8.0 s in all"))
        #expect(records.first?.attempts == 2)
        try await server.stop()
    }

    @Test func `cancelling closes the connection and is recorded`() async throws {
        let server = try await ScriptedUpstream.start(.stall(""))
        let keeper = RecordKeeper()
        let gateway = Gateway(sink: keeper.sink)
        let task = Task { try await gateway.answer(Self.question, from: server.upstream()) }
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        while server.closed == 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(keeper.all.map(\.outcome) == [.cancelled])
        await gateway.close()
        try await server.stop()
    }

    @Test(arguments: [
        ("{\"choices\": [", "no JSON"), ("[]", "no choices"), ("{\"choices\":[{\"message\":{}}]}", "is no text"),
        ("{\"choices\": 1, \"choices\": 2}", "occurs twice"), ("<html>", "no JSON"),
    ])
    func `a garbled answer is named and not asked for again`(_ body: String, _ reason: String) async throws {
        let server = try await ScriptedUpstream.start(.text(body))
        let (result, records) = await ask(server)
        let error = try failure(result)
        #expect(error.code == .providerConnectionFailed && error.message.contains(reason), "\(error)")
        #expect(records.first?.attempts == 1)
        try await server.stop()
    }

    @Test func `what is no HTTP, and an answer that ends in the middle, are named`() async throws {
        let garbage = try await ScriptedUpstream.start(.sendAndClose("SSH-2.0-OpenSSH_9.2\r\n"))
        let (first, _) = await ask(garbage)
        #expect(try failure(first).code == .providerConnectionFailed)
        let cut = try await ScriptedUpstream.start(
            .sendAndClose("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"cho")
        )
        let (second, records) = await ask(cut)
        #expect(try failure(second).message.contains("in the middle"))
        #expect(records.first?.attempts == 1)
        try await garbage.stop()
        try await cut.stop()
    }

    @Test func `an answer at its limit of bytes is read and one over it is not`() async throws {
        let padding = String(repeating: "x", count: 5000)
        let server = try await ScriptedUpstream.start(.says(padding))
        guard case .send(let answer) = ScriptedUpstream.Step.says(padding) else { return }
        let size = answer.split(separator: "\r\n\r\n", maxSplits: 1)[1].utf8.count
        let (fits, _) = await ask(server, limits: UpstreamLimits(answerBytes: size))
        #expect(try fits.get().text == padding)
        let (over, _) = await ask(server, limits: UpstreamLimits(answerBytes: size - 1))
        #expect(try failure(over).message.contains("more than \(size - 1) bytes"))
        let flood = try await ScriptedUpstream.start(.flood(50 << 20))
        let (huge, _) = await ask(flood)
        #expect(try failure(huge).message.contains("more than"))
        try await server.stop()
        try await flood.stop()
    }

    @Test func `an unknown model is told from an unknown upstream`() async throws {
        let server = try await ScriptedUpstream.start(.error(404, "no such model"))
        let (result, _) = await ask(server)
        let error = try failure(result)
        #expect(error.code == .modelNotAvailable && error.message.contains("test-model"))
        try await server.stop()
    }

    @Test func `an address that is none is a mistake in the configuration`() async throws {
        let gateway = Gateway(sink: { _ in })
        let upstream = Upstream(name: "odd", baseURL: "no address", model: "m")
        let error = await #expect(throws: CupelError.self) { try await gateway.answer(Self.question, from: upstream) }
        #expect(error?.code == .configurationInvalid)
        await gateway.close()
    }
}
