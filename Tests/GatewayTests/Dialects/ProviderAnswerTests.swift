import CupelCore
import Testing

@testable import Gateway

@Suite("Answers of providers")
struct ProviderAnswerTests {
    @Test(
        "A whole answer is read with its thought, text, tool calls, end and counts",
        arguments: ProviderDialect.allCases
    )
    func whole(_ dialect: ProviderDialect) throws {
        let body = try #require(DialectSamples.answers[dialect])
        #expect(try dialect.answer(Array(body.utf8)) == DialectSamples.expected(dialect))
    }

    @Test("A stream amounts to the same answer and exactly the same counts", arguments: ProviderDialect.allCases)
    func streamed(_ dialect: ProviderDialect) throws {
        var stream = ProviderStream(dialect)
        var events = stream.feed(try #require(DialectSamples.streams[dialect]))
        events += stream.finish()
        #expect(stream.fault == nil)
        #expect(stream.isComplete)
        #expect(ChatAnswer(folding: events) == DialectSamples.expected(dialect))
    }

    @Test("Wherever a stream is cut into pieces, the same happens", arguments: ProviderDialect.allCases)
    func everyChunking(_ dialect: ProviderDialect) throws {
        let bytes = try #require(DialectSamples.streams[dialect])
        var whole = ProviderStream(dialect)
        let events = (whole.feed(bytes) + whole.finish()).filter { $0 != .ping }
        for cut in 1..<bytes.count {
            var stream = ProviderStream(dialect)
            let all =
                stream.feed(Array(bytes[..<cut])) + stream.feed(Array(bytes[cut...])) + stream.finish()
            #expect(all.filter { $0 != .ping } == events, "cut at \(cut)")
            #expect(stream.fault == nil)
        }
        var stream = ProviderStream(dialect)
        var single: [ChatEvent] = []
        for byte in bytes { single += stream.feed([byte]) }
        single += stream.finish()
        #expect(single.filter { $0 != .ping } == events)
    }

    @Test(
        "A stream without its end is cut, unless only what follows the end is missing",
        arguments: ProviderDialect.allCases
    )
    func truncated(_ dialect: ProviderDialect) throws {
        let bytes = try #require(DialectSamples.streams[dialect])
        var cuts = 0
        for length in 0..<bytes.count {
            var stream = ProviderStream(dialect)
            _ = stream.feed(Array(bytes[..<length]))
            _ = stream.finish()
            if stream.isComplete { #expect(stream.fault == nil) } else { #expect(stream.fault != nil) }
            if stream.fault?.kind == .cut { cuts += 1 }
        }
        #expect(cuts > 10)
    }

    @Test("Flipped bytes give a value or a fault", arguments: ProviderDialect.allCases)
    func garbled(_ dialect: ProviderDialect) throws {
        let stream = try #require(DialectSamples.streams[dialect])
        let body = Array(try #require(DialectSamples.answers[dialect]).utf8)
        var seed: UInt64 = 7
        for _ in 0..<2_000 {
            var bytes = stream
            var whole = body
            for _ in 0..<3 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(seed >> 33) % bytes.count] = UInt8(truncatingIfNeeded: seed >> 20)
                whole[Int(seed >> 33) % whole.count] = UInt8(truncatingIfNeeded: seed >> 20)
            }
            var reader = ProviderStream(dialect)
            _ = ChatAnswer(folding: reader.feed(bytes) + reader.finish())
            _ = try? dialect.answer(whole)
        }
        for length in 0..<body.count {
            #expect(throws: ProviderFault.self) { try dialect.answer(Array(body[..<length])) }
        }
    }

    @Test("A wrong checksum in a frame of Bedrock's is garbled")
    func checksum() throws {
        var bytes = DialectSamples.bedrock
        bytes[40] ^= 1
        var stream = ProviderStream(.bedrock)
        _ = stream.feed(bytes)
        #expect(stream.fault?.kind == .garbled)
    }

    @Test("CRC-32 gives the value that its definition publishes")
    func crc() { #expect(CRC32.of("123456789".utf8) == 0xCBF4_3926) }

    @Test(
        "An error inside a stream is a fault of its kind",
        arguments: [
            (
                ProviderDialect.openAI,
                #"data: {"error":{"message":"Slow down","type":"rate_limit_error","code":null}}"#,
                ProviderFault.Kind.rateLimited
            ),
            (.openAI, #"data: {"error":{"message":"boom","code":502}}"#, .server),
            (
                .anthropic,
                "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
                .overloaded
            ),
            (
                .gemini, #"data: {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
                .overloaded
            ),
        ]
    )
    func inStream(_ dialect: ProviderDialect, _ text: String, _ kind: ProviderFault.Kind) throws {
        var stream = ProviderStream(dialect)
        _ = stream.feed(Array((text + "\n\n").utf8))
        #expect(stream.fault?.kind == kind)
    }

    @Test(
        "An exception in Bedrock's stream is a fault of its kind",
        arguments: [
            ("throttlingException", ProviderFault.Kind.rateLimited), ("modelStreamErrorException", .server),
            ("validationException", .invalid), ("serviceUnavailableException", .overloaded),
            ("internalServerException", .server),
        ]
    )
    func exception(_ type: String, _ kind: ProviderFault.Kind) {
        var stream = ProviderStream(.bedrock)
        let events = stream.feed(
            DialectSamples.frame("messageStart", #"{"role":"assistant"}"#)
                + DialectSamples.frame(type, #"{"message":"No."}"#, kind: "exception")
        )
        #expect(events == [.start(id: "", model: "", usage: nil)])
        #expect(stream.fault?.kind == kind)
        #expect(stream.fault?.message == "No.")
    }

    @Test(
        "A status other than 200 is a fault of its kind",
        arguments: [
            (
                ProviderDialect.openAI, 429,
                #"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#,
                ProviderFault.Kind.quotaSpent
            ),
            (.openAI, 429, #"{"error":{"message":"m","type":"requests","code":"rate_limit_exceeded"}}"#, .rateLimited),
            (
                .openAI, 400,
                #"{"error":{"message":"m","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
                .contextTooLarge
            ),
            (
                .openAI, 400, #"{"error":{"message":"m","type":"invalid_request_error","param":"x","code":null}}"#,
                .invalid
            ),
            (
                .openAI, 401, #"{"error":{"message":"m","type":"invalid_request_error","code":"invalid_api_key"}}"#,
                .auth
            ),
            (
                .openAI, 404, #"{"error":{"message":"m","type":"invalid_request_error","code":"model_not_found"}}"#,
                .unknownModel
            ),
            (.openAI, 500, #"{"error":{"message":"m","type":"server_error"}}"#, .server),
            (.openAI, 502, "<html>bad gateway</html>", .server),
            (.openAI, 400, #"{"object":"error","message":"m","code":400}"#, .invalid),
            (.anthropic, 529, #"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#, .overloaded),
            (
                .anthropic, 400,
                #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens"}}"#,
                .contextTooLarge
            ),
            (
                .anthropic, 400,
                #"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
                .quotaSpent
            ),
            (.anthropic, 403, #"{"type":"error","error":{"type":"permission_error","message":"m"}}"#, .auth),
            (.anthropic, 404, #"{"type":"error","error":{"type":"not_found_error","message":"m"}}"#, .unknownModel),
            (
                .gemini, 429,
                #"[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"6.2s"}]}}]"#,
                .rateLimited
            ),
            (
                .gemini, 400, #"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}"#,
                .auth
            ),
            (
                .gemini, 400,
                #"{"error":{"code":400,"message":"The input token count (9) exceeds","status":"INVALID_ARGUMENT"}}"#,
                .contextTooLarge
            ),
            (.bedrock, 403, #"{"message":"The security token included in the request is invalid."}"#, .auth),
            (.bedrock, 400, #"{"message":"Input is too long for requested model."}"#, .contextTooLarge),
        ]
    )
    func status(_ dialect: ProviderDialect, _ status: Int, _ body: String, _ kind: ProviderFault.Kind) {
        let fault = dialect.fault(status: status, header: { _ in nil }, body: Array(body.utf8))
        #expect(fault.kind == kind)
        #expect(fault.status == status)
        if body.contains("retryDelay") { #expect(fault.retryAfterSeconds == 7) }
    }

    @Test("Retry-After is read, in milliseconds too, and Bedrock's kind stands in a header")
    func headers() {
        let openAI = ProviderDialect.openAI
        let later = openAI.fault(status: 429, header: { $0 == "retry-after" ? "12" : nil }, body: [])
        #expect(later.retryAfterSeconds == 12)
        let soon = openAI.fault(status: 429, header: { $0 == "retry-after-ms" ? "1500" : nil }, body: [])
        #expect(soon.retryAfterSeconds == 2)
        let absurd = openAI.fault(status: 429, header: { $0 == "retry-after" ? "999999999" : nil }, body: [])
        #expect(absurd.retryAfterSeconds == nil)
        let type = "ThrottlingException:http://internal.amazon.com/"
        let limited = ProviderDialect.bedrock.fault(
            status: 400,
            header: { $0 == "x-amzn-errortype" ? type : nil },
            body: Array(#"{"message":"Too many requests"}"#.utf8)
        )
        #expect(limited.kind == .rateLimited)
    }

    @Test("A fault's message is bounded and shows no credential")
    func message() {
        let secret = String(repeating: "k", count: 20)
        let fault = ProviderFault(.invalid, "bad Bearer \(secret) " + String(repeating: "x", count: 5_000))
        #expect(!fault.message.contains(secret))
        #expect(fault.message.count <= 330)
    }
}
