import CupelCore
import Testing

@testable import Gateway

@Suite("Bodies and streams that pass through")
struct PassageTests {
    private static let frame = ClientFrame(id: "0192", created: 1, includesUsage: true)

    private static let streams: [ClientDialect: [UInt8]] = {
        var responses = ClientStream(.responses, frame)
        var reader = ProviderStream(.anthropic)
        let events = reader.feed(DialectSamples.anthropic.utf8.map { $0 })
        return [
            .chatCompletions: Array(DialectSamples.openAI.utf8), .messages: Array(DialectSamples.anthropic.utf8),
            .responses: responses.encode(events) + responses.end(),
        ]
    }()

    private func bytes(_ forward: PassageStream.Forward, _ sent: [UInt8]) -> [UInt8] {
        switch forward {
        case .same: sent
        case .bytes(let bytes): bytes
        }
    }

    @Test(
        "The facts of a whole answer are those that reading all of it gives",
        arguments: [
            (ClientDialect.chatCompletions, ProviderDialect.openAI), (.messages, .anthropic),
        ]
    )
    func skim(_ client: ClientDialect, _ provider: ProviderDialect) throws {
        let body = Array(try #require(DialectSamples.answers[provider]).utf8)
        let expected = DialectSamples.expected(provider)
        let facts = AnswerSkim.facts(body, client)
        #expect(facts == AnswerFacts(usage: expected.usage, model: expected.model, finish: expected.finish))
    }

    @Test(
        "Counts in the words of other providers are read the same way from bytes and from JSON",
        arguments: [
            #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}"#,
            #"{"prompt_tokens":10,"completion_tokens":25,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}"#,
            #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":6}"#,
            #"{"prompt_tokens":8,"total_tokens":8}"#,
            #"{"input_tokens":7,"output_tokens":3,"input_tokens_details":{"cached_tokens":2}}"#,
            #"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":null,"x":[{"prompt_tokens":99}]}"#,
            #"{"completion_tokens":5}"#, "{}", #"{"prompt_tokens":-1,"completion_tokens":5}"#,
            #"{"prompt_tokens":1.5,"completion_tokens":99999999999999999999}"#,
        ]
    )
    func counts(_ usage: String) throws {
        let body = Array(#"{"id":"x","data":[[0.1,-2e3]],"usage":\#(usage),"model":"m"}"#.utf8)
        #expect(AnswerSkim.facts(body, .chatCompletions).usage == TokenUsage(openAI: try JSON(parsing: usage)))
    }

    @Test("Text that looks like counts is not taken for them")
    func decoy() throws {
        let decoy =
            #"{"choices":[{"message":{"content":"\"usage\":{\"prompt_tokens\":1}"},"usage":{"prompt_tokens":2}}]}"#
        #expect(AnswerSkim.facts(Array(decoy.utf8), .chatCompletions).usage == nil)
    }

    @Test("Cut and flipped bodies give facts or none, never a crash", arguments: ClientDialect.allCases)
    func skimFuzz(_ client: ClientDialect) throws {
        let answer = DialectSamples.expected(.anthropic)
        let body = client.body(of: answer, Self.frame).bytes()
        for length in 0..<body.count { _ = AnswerSkim.facts(Array(body[..<length]), client) }
        var seed: UInt64 = 3
        for _ in 0..<5_000 {
            var bytes = body
            for _ in 0..<3 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(seed >> 33) % bytes.count] = UInt8(truncatingIfNeeded: seed >> 20)
            }
            _ = AnswerSkim.facts(bytes, client)
            var stream = PassageStream(client)
            _ = stream.feed(bytes)
            _ = stream.end()
        }
    }

    @Test(
        "A stream passes byte for byte, wherever it is cut, and tells its counts and its end",
        arguments: ClientDialect.allCases
    )
    func passes(_ client: ClientDialect) throws {
        let all = try #require(Self.streams[client])
        var whole = PassageStream(client)
        #expect(whole.feed(all) == .same)
        #expect(whole.end() == [])
        let counts = whole.usage
        #expect(counts?.input == 100)
        #expect(counts?.output == 50)
        #expect(counts?.cacheRead == 60)
        #expect(whole.finish == (client == .responses ? .stop : .toolCalls))
        #expect(whole.isComplete)
        for cut in 1..<all.count {
            var stream = PassageStream(client)
            let first = Array(all[..<cut])
            let second = Array(all[cut...])
            let sent = bytes(stream.feed(first), first) + bytes(stream.feed(second), second) + stream.end()
            #expect(sent == all, "cut at \(cut)")
            #expect(stream.usage == counts)
            #expect(stream.fault == nil)
        }
        var stream = PassageStream(client)
        var sent: [UInt8] = []
        for byte in all { sent += bytes(stream.feed([byte]), [byte]) }
        #expect(sent + stream.end() == all)
        #expect(stream.usage == counts)
    }

    @Test("The chunk of usage that the client did not ask for is taken out, and only that one")
    func removes() throws {
        let all = Array(DialectSamples.openAI.utf8)
        let text = DialectSamples.openAI
        let start = try #require(text.split(separator: "\n\n").first { $0.contains(#""choices":[],"#) })
        let expected = text.split(separator: String(start) + "\n\n").joined()
        for cut in 1..<all.count {
            var stream = PassageStream(.chatCompletions, removesUsageChunk: true)
            let first = Array(all[..<cut])
            let second = Array(all[cut...])
            let sent = bytes(stream.feed(first), first) + bytes(stream.feed(second), second) + stream.end()
            #expect(String(decoding: sent, as: UTF8.self) == expected)
            #expect(stream.usage?.input == 100)
        }
    }

    @Test(
        "A stream that ends early is cut, and the piece of an event is not passed on",
        arguments: ClientDialect.allCases
    )
    func cut(_ client: ClientDialect) throws {
        let all = try #require(Self.streams[client])
        var stream = PassageStream(client)
        let half = Array(all[..<(all.count / 2)])
        let sent = bytes(stream.feed(half), half)
        #expect(all.starts(with: sent))
        #expect(sent.suffix(2) == [0x0A, 0x0A] || sent.suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A])
        #expect(stream.end() == [])
        #expect(stream.fault?.kind == .cut)
    }

    @Test("A last event without its empty line is passed on with one")
    func unterminated() {
        var stream = PassageStream(.chatCompletions)
        #expect(stream.feed(Array("data: [DONE]".utf8)) == .bytes([]))
        #expect(stream.end() == Array("data: [DONE]\n\n".utf8))
        #expect(stream.fault == nil)
    }

    @Test(
        "An error in a stream passes on and is told",
        arguments: [
            (
                ClientDialect.chatCompletions, #"data: {"error":{"message":"m","type":"server_error","code":null}}"#,
                ProviderFault.Kind.server
            ),
            (
                .messages,
                "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}",
                .overloaded
            ),
            (
                .responses,
                "event: response.failed\ndata: {\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"m\"}}}",
                .rateLimited
            ),
        ]
    )
    func errors(_ client: ClientDialect, _ text: String, _ kind: ProviderFault.Kind) {
        var stream = PassageStream(client)
        #expect(stream.feed(Array((text + "\n\n").utf8)) == .same)
        #expect(stream.fault?.kind == kind)
        #expect(stream.fault?.message == "m")
    }

    @Test("An event over the limit stops the stream")
    func tooLong() {
        var stream = PassageStream(.chatCompletions)
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        for _ in 0..<16 { _ = stream.feed(piece) }
        #expect(stream.fault == nil)
        _ = stream.feed([0x61])
        #expect(stream.fault?.kind == .garbled)
    }
}
