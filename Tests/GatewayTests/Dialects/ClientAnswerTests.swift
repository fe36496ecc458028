import CupelCore
import Testing

@testable import Gateway

@Suite("Answers for clients")
struct ClientAnswerTests {
    private let frame = ClientFrame(id: "0192", created: 1_700_000_000, includesUsage: true)

    private func events(_ provider: ProviderDialect) throws -> [ChatEvent] {
        var stream = ProviderStream(provider)
        return stream.feed(try #require(DialectSamples.streams[provider])) + stream.finish()
    }

    /// The bytes of a client's stream of what a provider streams.
    private func stream(_ client: ClientDialect, _ provider: ProviderDialect) throws -> [UInt8] {
        var stream = ClientStream(client, frame)
        var bytes: [UInt8] = []
        for event in try events(provider) { bytes += stream.encode([event]) }
        return bytes + stream.end()
    }

    /// What a client of this dialect can know of an answer.
    private func known(_ answer: ChatAnswer, _ client: ClientDialect, _ provider: ProviderDialect) -> ChatAnswer {
        var answer = answer
        if answer.id.isEmpty { answer.id = client == .messages ? "msg_0192" : "chatcmpl-0192" }
        if client == .messages {
            answer.parts = answer.partsWithSealsApart
        }
        for (index, part) in answer.parts.enumerated() {
            if case .toolCall(var call) = part, client == .messages {
                call.signature = nil
                answer.parts[index] = .toolCall(call)
            }
            if case .reasoning(var thought) = part, client == .chatCompletions {
                thought.signature = nil
                answer.parts[index] = .reasoning(thought)
            }
        }
        if client == .chatCompletions, var usage = answer.usage {
            usage.cacheWrite += usage.cacheWriteLong
            usage.cacheWriteLong = 0
            answer.usage = usage
        }
        return answer
    }

    @Test(
        "A client reads in its dialect what any provider answered, with the same counts",
        arguments: [ClientDialect.chatCompletions, .messages],
        ProviderDialect.allCases
    )
    func body(_ client: ClientDialect, _ provider: ProviderDialect) throws {
        let answer = DialectSamples.expected(provider)
        let body = client.body(of: answer, frame).bytes()
        let reader: ProviderDialect = client == .messages ? .anthropic : .openAI
        #expect(try reader.answer(body) == known(answer, client, provider))
        #expect(AnswerSkim.facts(body, client).usage == known(answer, client, provider).usage)
        #expect(AnswerSkim.facts(body, client).finish == .toolCalls)
    }

    @Test(
        "A stream in the client's dialect says what the whole answer says",
        arguments: [ClientDialect.chatCompletions, .messages],
        ProviderDialect.allCases
    )
    func streamed(_ client: ClientDialect, _ provider: ProviderDialect) throws {
        let bytes = try stream(client, provider)
        var reader = ProviderStream(client == .messages ? .anthropic : .openAI)
        let events = reader.feed(bytes) + reader.finish()
        #expect(reader.fault == nil)
        #expect(ChatAnswer(folding: events) == known(DialectSamples.expected(provider), client, provider))
        var passage = PassageStream(client)
        _ = passage.feed(bytes)
        _ = passage.end()
        #expect(passage.isComplete)
        #expect(passage.fault == nil)
        #expect(passage.usage == known(DialectSamples.expected(provider), client, provider).usage)
    }

    @Test(
        "A streamed response ends with the whole response, numbered without a gap",
        arguments: ProviderDialect.allCases
    )
    func responses(_ provider: ProviderDialect) throws {
        let bytes = try stream(.responses, provider)
        var splitter = ServerSentEvents()
        let events = bytes.withUnsafeBytes { splitter.feed($0) }
        var text = ""
        for (index, event) in events.enumerated() {
            let json = try JSON(parsing: event.data)
            #expect(json["sequence_number"]?.intValue == index)
            #expect(json["type"]?.stringValue == event.name)
            if event.name == "response.output_text.delta" { text += json["delta"]?.stringValue ?? "" }
        }
        #expect(text == "Grüezi 👋")
        let last = try JSON(parsing: try #require(events.last).data)
        let whole = ClientDialect.responses.body(of: DialectSamples.expected(provider), frame)
        #expect(last["response"]?.text(.canonical) == whole.text(.canonical))
        #expect(events.last?.name == "response.completed")
        var passage = PassageStream(.responses)
        _ = passage.feed(bytes)
        let expected = DialectSamples.expected(provider).usage
        #expect(passage.usage?.input == expected?.input)
        #expect(passage.usage?.output == expected?.output)
        #expect(passage.usage?.cacheRead == expected?.cacheRead)
        #expect(passage.usage?.reasoning == expected?.reasoning)
    }

    @Test("A kept answer streams again as it was", arguments: ProviderDialect.allCases)
    func again(_ provider: ProviderDialect) {
        let answer = DialectSamples.expected(provider)
        #expect(ChatAnswer(folding: answer.events) == answer)
    }

    @Test(
        "What a client sends back of an answer carries Gemini's seal and Anthropic's thoughts",
        arguments: [ClientDialect.chatCompletions, .messages, .responses]
    )
    func seals(_ client: ClientDialect) throws {
        let answer = DialectSamples.expected(.gemini)
        let body = client.body(of: answer, frame)
        let request: JSON
        switch client {
        case .chatCompletions:
            let message = try #require(body["choices"]?[0]?["message"])
            request = ["model": "m", "messages": [["role": "user", "content": "q"], message]]
        case .messages:
            let content = try #require(body["content"])
            request = [
                "model": "m",
                "messages": [["role": "user", "content": "q"], ["role": "assistant", "content": content]],
            ]
        case .responses:
            let output = try #require(body["output"]?.arrayValue)
            request = ["model": "m", "input": .array([["role": "user", "content": "q"]] + output)]
        }
        let chat = try ChatRequest(parsing: request, client)
        let again = try JSON(parsing: try ProviderDialect.gemini.request(chat, model: "g").body)
        let calls = (again["contents"]?[1]?["parts"]?.arrayValue ?? []).filter { $0["functionCall"] != nil }
        #expect(calls.map { $0["thoughtSignature"]?.stringValue } == ["seal", nil])
        let anthropic = try JSON(parsing: try ProviderDialect.anthropic.request(chat, model: "g").body)
        #expect(!anthropic.text().contains("seal"))
    }

    @Test("Usage is in a stream of chat completions only when the client asked")
    func usageChunk() throws {
        for isAsked in [true, false] {
            var stream = ClientStream(.chatCompletions, ClientFrame(id: "1", created: 0, includesUsage: isAsked))
            let bytes = stream.encode(try events(.openAI)) + stream.end()
            #expect(String(decoding: bytes, as: UTF8.self).contains("usage") == isAsked)
            #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("data: [DONE]\n\n"))
        }
    }

    @Test("The model that a client sees can be the one it asked for")
    func modelName() {
        let frame = ClientFrame(id: "1", created: 0, model: "fast")
        for client in ClientDialect.allCases {
            #expect(client.body(of: DialectSamples.expected(.openAI), frame)["model"] == "fast")
        }
    }

    @Test(
        "Ends that stop, cut, filter and call tools have each dialect's word",
        arguments: [
            (FinishReason.stop, "stop", "end_turn", "completed"), (.length, "length", "max_tokens", "incomplete"),
            (.toolCalls, "tool_calls", "tool_use", "completed"), (.filtered, "content_filter", "refusal", "incomplete"),
            (.other("pause_turn"), "stop", "pause_turn", "completed"),
        ]
    )
    func finish(_ reason: FinishReason, _ chat: String, _ messages: String, _ responses: String) {
        let answer = ChatAnswer(id: "a", model: "m", parts: [.text("x")], finish: reason)
        let finish = ClientDialect.chatCompletions.body(of: answer, frame)["choices"]?[0]?["finish_reason"]
        #expect(finish?.stringValue == chat)
        #expect(ClientDialect.messages.body(of: answer, frame)["stop_reason"]?.stringValue == messages)
        #expect(ClientDialect.responses.body(of: answer, frame)["status"]?.stringValue == responses)
    }

    @Test(
        "Control characters, quotes and characters of four bytes survive a stream",
        arguments: [ClientDialect.chatCompletions, .messages]
    )
    func escapes(_ client: ClientDialect) {
        let text = "a\"b\\c\n\r\t\u{1}\u{7F}\u{2028}é👋"
        var stream = ClientStream(client, frame)
        let bytes =
            stream.encode([.start(id: "1", model: "m", usage: nil), .text(text), .finish(.stop, stopSequence: nil)])
            + stream.end()
        var reader = ProviderStream(client == .messages ? .anthropic : .openAI)
        #expect(ChatAnswer(folding: reader.feed(bytes)).text == text)
    }

    @Test(
        "An error has its dialect's form, type and status",
        arguments: [
            (ErrorCode.validationError, 400, "invalid_request_error", "invalid_request_error"),
            (.malformedRequest, 400, "invalid_request_error", "invalid_request_error"),
            (.unauthorized, 401, "authentication_error", "authentication_error"),
            (.budgetExceeded, 402, "insufficient_quota", "billing_error"),
            (.policyViolation, 403, "permission_error", "permission_error"),
            (.modelNotAvailable, 404, "invalid_request_error", "not_found_error"),
            (.payloadTooLarge, 413, "invalid_request_error", "request_too_large"),
            (.rateLimitExceeded, 429, "rate_limit_error", "rate_limit_error"),
            (.providerConnectionFailed, 502, "server_error", "api_error"),
            (.noModelConfigured, 503, "server_error", "overloaded_error"),
            (.timeout, 504, "server_error", "timeout_error"),
        ]
    )
    func errors(_ code: ErrorCode, _ status: Int, _ openAI: String, _ anthropic: String) {
        let error = CupelError(code, "It is wrong.", fields: [FieldProblem("top_p", "must be a number")])
        #expect(ClientDialect.status(of: error) == status)
        let chat = ClientDialect.chatCompletions.body(of: error, requestID: "r")
        #expect(chat["error"]?["type"]?.stringValue == openAI)
        #expect(chat["error"]?["code"]?.stringValue == code.rawValue)
        #expect(chat["error"]?["param"]?.stringValue == "top_p")
        #expect(chat["error"]?["message"]?.stringValue == "It is wrong. top_p must be a number.")
        let messages = ClientDialect.messages.body(of: error, requestID: "r")
        #expect(messages["type"] == "error")
        #expect(messages["error"]?["type"]?.stringValue == anthropic)
        #expect(messages["request_id"] == "r")
    }

    @Test("A context that is too large is told in Anthropic's own words, which agents look for")
    func tooLong() {
        let error = CupelError(.contextTooLarge, "The model holds 10 tokens.")
        let message = ClientDialect.messages.body(of: error, requestID: "r")["error"]?["message"]?.stringValue
        #expect(message == "prompt is too long: The model holds 10 tokens.")
    }

    @Test("An error in a stream is read as a fault by a client of the dialect", arguments: ClientDialect.allCases)
    func errorEvent(_ client: ClientDialect) {
        var stream = ClientStream(client, frame)
        let bytes =
            stream.encode([.start(id: "1", model: "m", usage: nil), .text("x")])
            + stream.fail(CupelError(.providerRateLimited, "Slow."))
        var passage = PassageStream(client)
        _ = passage.feed(bytes)
        #expect(passage.fault != nil)
        #expect(passage.fault?.message == "Slow.")
        var bare = PassageStream(client)
        _ = bare.feed(ClientStream.failure(CupelError(.providerRateLimited, "Slow."), client))
        #expect(bare.fault != nil)
        var alive = PassageStream(client)
        _ = alive.feed(ClientStream.ping(client))
        #expect(alive.fault == nil)
    }

    @Test("Models are listed as OpenAI and as Anthropic list them")
    func models() {
        let models = [ListedModel(id: "a", displayName: "A", owner: "o", created: 1_700_000_000)]
        let openAI = ListedModel.list(models, .chatCompletions)
        #expect(
            openAI.text()
                == #"{"object":"list","data":[{"id":"a","object":"model","created":1700000000,"owned_by":"o"}]}"#
        )
        let anthropic = ListedModel.list(models, .messages)
        #expect(anthropic["data"]?[0]?["created_at"]?.stringValue?.hasPrefix("2023-11-14T22:13:20") == true)
        #expect(anthropic["first_id"] == "a")
        #expect(ListedModel.list([], .messages)["last_id"] == JSON.null)
        #expect(ClientDialect.tokenCount(7).text() == #"{"input_tokens":7}"#)
    }
}
