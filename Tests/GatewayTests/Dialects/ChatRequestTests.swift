import CupelCore
import OrderedCollections
import Testing

@testable import Gateway

@Suite("Requests in and out")
struct ChatRequestTests {
    private func request(_ dialect: ClientDialect, _ text: String) throws -> ChatRequest {
        try ChatRequest(parsing: try DialectSamples.json(text), dialect)
    }

    private func body(_ request: ChatRequest, _ dialect: ProviderDialect, _ traits: ProviderTraits = ProviderTraits())
        throws -> JSON
    {
        try JSON(parsing: try dialect.request(request, model: "m", traits: traits).body)
    }

    @Test("The same conversation reads the same in every dialect", arguments: ClientDialect.allCases)
    func same(_ dialect: ClientDialect) throws {
        var read = try request(dialect, try #require(DialectSamples.requests[dialect]))
        var expected = try request(.chatCompletions, try #require(DialectSamples.requests[.chatCompletions]))
        read.wantsStreamUsage = false
        expected.wantsStreamUsage = false
        #expect(read == expected)
        #expect(read.system == [ChatText("Be brief.")])
        #expect(read.turns.count == 3)
        #expect(read.turns[1].parts.count == 3)
        #expect(read.turns[2].parts.count == 2)
        #expect(read.toolChoice == .required)
        #expect(read.maxOutputTokens == 100)
    }

    @Test(
        "Every dialect in gives each provider the same request",
        arguments: ClientDialect.allCases,
        ProviderDialect.allCases
    )
    func out(_ client: ClientDialect, _ provider: ProviderDialect) throws {
        let chat = try request(client, try #require(DialectSamples.requests[client]))
        let body = try body(chat, provider)
        let expected = try DialectSamples.json(try #require(Self.bodies[provider]))
        #expect(body.text(.canonical) == expected.text(.canonical))
    }

    private static let schema = #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#
    private static let shape = #"{"type":"object","properties":{"t":{"type":"integer"}}}"#

    private static let bodies: [ProviderDialect: String] = [
        .openAI: """
        {"model":"m","messages":[{"role":"system","content":"Be brief."},
        {"role":"user","content":[{"type":"text","text":"Weather?"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]},
        {"role":"assistant","content":"Looking.","tool_calls":[
        {"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Bern\\"}"}},
        {"id":"call_2","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Oslo\\"}"}}]},
        {"role":"tool","tool_call_id":"call_1","content":"12"},{"role":"tool","tool_call_id":"call_2","content":"3"}],
        "tools":[{"type":"function","function":{"name":"weather","description":"Says it.","parameters":\(schema)}}],
        "tool_choice":"required",
        "response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":\(shape),"strict":true}},
        "max_completion_tokens":100,"temperature":0.5,"top_p":0.9}
        """,
        .anthropic: """
        {"model":"m","max_tokens":100,"system":[{"type":"text","text":"Be brief."}],"messages":[
        {"role":"user","content":[{"type":"text","text":"Weather?"},
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]},
        {"role":"assistant","content":[{"type":"text","text":"Looking."},
        {"type":"tool_use","id":"call_1","name":"weather","input":{"city":"Bern"}},
        {"type":"tool_use","id":"call_2","name":"weather","input":{"city":"Oslo"}}]},
        {"role":"user","content":[
        {"type":"tool_result","tool_use_id":"call_1","content":[{"type":"text","text":"12"}]},
        {"type":"tool_result","tool_use_id":"call_2","content":[{"type":"text","text":"3"}]}]}],
        "tools":[{"name":"weather","input_schema":\(schema),"description":"Says it."}],"tool_choice":{"type":"any"},
        "output_config":{"format":{"type":"json_schema","schema":\(shape)}},"temperature":0.5,"top_p":0.9}
        """,
        .gemini: """
        {"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[
        {"role":"user","parts":[{"text":"Weather?"},{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]},
        {"role":"model","parts":[{"text":"Looking."},
        {"functionCall":{"name":"weather","args":{"city":"Bern"}}},
        {"functionCall":{"name":"weather","args":{"city":"Oslo"}}}]},
        {"role":"user","parts":[{"functionResponse":{"name":"weather","response":{"result":"12"}}},
        {"functionResponse":{"name":"weather","response":{"result":"3"}}}]}],
        "tools":[{"functionDeclarations":[{"name":"weather","description":"Says it.","parameters":\(schema)}]}],
        "toolConfig":{"functionCallingConfig":{"mode":"ANY"}},
        "generationConfig":{"maxOutputTokens":100,"temperature":0.5,"topP":0.9,
        "responseMimeType":"application/json","responseJsonSchema":\(shape)}}
        """,
        .bedrock: """
        {"system":[{"text":"Be brief."}],"messages":[
        {"role":"user","content":[{"text":"Weather?"},
        {"image":{"format":"png","source":{"bytes":"iVBORw0KGgo="}}}]},
        {"role":"assistant","content":[{"text":"Looking."},
        {"toolUse":{"toolUseId":"call_1","name":"weather","input":{"city":"Bern"}}},
        {"toolUse":{"toolUseId":"call_2","name":"weather","input":{"city":"Oslo"}}}]},
        {"role":"user","content":[
        {"toolResult":{"toolUseId":"call_1","content":[{"text":"12"}],"status":"success"}},
        {"toolResult":{"toolUseId":"call_2","content":[{"text":"3"}],"status":"success"}}]}],
        "toolConfig":{"toolChoice":{"any":{}},"tools":[{"toolSpec":{"name":"weather",
        "inputSchema":{"json":\(schema)},"description":"Says it."}}]},
        "inferenceConfig":{"maxTokens":100,"temperature":0.5,"topP":0.9},
        "outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":
        {"name":"answer","schema":"{\\"type\\":\\"object\\",\\"properties\\":{\\"t\\":{\\"type\\":\\"integer\\"}}}"}}}}}
        """,
    ]
}

@Suite("Requests that are wrong or special")
struct ChatRequestEdgeTests {
    private func message(_ dialect: ClientDialect, _ text: String) throws -> (field: String?, message: String) {
        do {
            let chat = try ChatRequest(parsing: try DialectSamples.json(text), dialect)
            for provider in ProviderDialect.allCases where provider != .openAI {
                _ = try provider.request(chat, model: "m")
            }
        } catch let error as CupelError {
            #expect(error.code == .validationError)
            return (error.fields.first?.field, error.message)
        }
        return (nil, "")
    }

    @Test(
        "A wrong field is named with its place",
        arguments: [
            (ClientDialect.chatCompletions, #"{"messages":[]}"#, "model"),
            (.chatCompletions, #"{"model":"m"}"#, "messages"),
            (.chatCompletions, #"{"model":"m","messages":[{"role":"x","content":""}]}"#, "messages[0].role"),
            (
                .chatCompletions, #"{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio"}]}]}"#,
                "messages[0].content[0].type"
            ),
            (.chatCompletions, #"{"model":"m","messages":[{"role":"user","content":7}]}"#, "messages[0].content"),
            (.chatCompletions, #"{"model":"m","messages":[{"role":"user","content":"q"}],"n":2}"#, "n"),
            (
                .chatCompletions, #"{"model":"m","messages":[{"role":"user","content":"q"}],"logprobs":true}"#,
                "logprobs"
            ),
            (
                .chatCompletions, #"{"model":"m","messages":[{"role":"user","content":"q"}],"modalities":["audio"]}"#,
                "modalities"
            ),
            (
                .chatCompletions, #"{"model":"m","messages":[{"role":"user","content":"q"}],"max_tokens":0}"#,
                "max_tokens"
            ),
            (
                .chatCompletions, #"{"model":"m","messages":[{"role":"user","content":"q"}],"presence_penalty":1}"#,
                "presence_penalty"
            ),
            (
                .chatCompletions,
                #"{"model":"m","messages":[{"role":"user","content":"q"}],"tools":[{"type":"custom"}]}"#,
                "tools[0].type"
            ),
            (
                .chatCompletions,
                #"{"model":"m","messages":[{"role":"user","content":"q"}],"tool_choice":{"type":"function","function":{"name":"x"}}}"#,
                "tool_choice"
            ),
            (
                .messages, #"{"model":"m","messages":[{"role":"user","content":[{"type":"document"}]}]}"#,
                "messages[0].content[0].type"
            ),
            (
                .messages,
                #"{"model":"m","messages":[{"role":"user","content":"q"}],"tools":[{"type":"web_search_20250305","name":"w"}]}"#,
                "tools[0].type"
            ),
            (
                .messages, #"{"model":"m","messages":[{"role":"user","content":[{"type":"tool_result"}]}]}"#,
                "messages[0].content[0].tool_use_id"
            ),
            (.responses, #"{"model":"m","input":"q","previous_response_id":"r"}"#, "previous_response_id"),
            (.responses, #"{"model":"m","input":"q","store":true}"#, "store"),
            (.responses, #"{"model":"m","input":[{"type":"item_reference","id":"x"}]}"#, "input[0].type"),
        ]
    )
    func wrong(_ dialect: ClientDialect, _ text: String, _ field: String) throws {
        #expect(try message(dialect, text).field == field)
    }

    @Test("Any value in any place gives a request or an error that names a field", arguments: ClientDialect.allCases)
    func anyValue(_ dialect: ClientDialect) throws {
        let body = try DialectSamples.json(try #require(DialectSamples.requests[dialect]))
        let others: [JSON] = [nil, 1, -1.5, "x", true, [], [[]], .object([:])]
        for other in others {
            var place = 0
            while let changed = Self.replacing(place, in: body, with: other) {
                place += 1
                do {
                    let chat = try ChatRequest(parsing: changed, dialect)
                    for provider in ProviderDialect.allCases { _ = try provider.request(chat, model: "m") }
                } catch {
                    #expect(error.code == .validationError)
                    #expect(!error.message.isEmpty)
                }
                _ = TextWalk.map(changed, dialect) { _, text in text + "!" }
                _ = AnswerTexts.map(changed, dialect) { _, text, _ in text }
            }
            #expect(place > 40)
        }
    }

    /// The value with its `place`-th part replaced; `nil` when it has not so many.
    private static func replacing(_ place: Int, in json: JSON, with other: JSON) -> JSON? {
        var left = place
        func walk(_ value: JSON) -> JSON {
            if left == 0 {
                left = -1
                return other
            }
            left -= left > 0 ? 1 : 0
            guard left >= 0 else { return value }
            switch value {
            case .array(let elements): return .array(elements.map { left < 0 ? $0 : walk($0) })
            case .object(let members): return .object(members.mapValues { left < 0 ? $0 : walk($0) })
            default: return value
            }
        }
        let result = walk(json)
        guard left < 0 else { return nil }
        return result
    }

    @Test("An effort becomes what each provider calls it")
    func effort() throws {
        var chat = ChatRequest(model: "m")
        chat.turns = [ChatTurn(.user, [.text("q")])]
        chat.effort = .level("medium")
        chat.maxOutputTokens = 20_000
        let openAI = try JSON(parsing: try ProviderDialect.openAI.request(chat, model: "m").body)
        #expect(openAI["reasoning_effort"] == "medium")
        let anthropic = try JSON(parsing: try ProviderDialect.anthropic.request(chat, model: "m").body)
        #expect(anthropic["thinking"]?["budget_tokens"]?.intValue == 8_192)
        let adaptive = ProviderTraits(thinksAdaptively: true, thinksInLevels: true)
        let new = try JSON(parsing: try ProviderDialect.anthropic.request(chat, model: "m", traits: adaptive).body)
        #expect(new["thinking"]?["type"] == "adaptive")
        #expect(new["output_config"]?["effort"] == "medium")
        let gemini = try JSON(parsing: try ProviderDialect.gemini.request(chat, model: "m", traits: adaptive).body)
        #expect(gemini["generationConfig"]?["thinkingConfig"]?["thinkingLevel"] == "medium")
        let bedrock = try JSON(parsing: try ProviderDialect.bedrock.request(chat, model: "eu.anthropic.c").body)
        #expect(bedrock["additionalModelRequestFields"]?["thinking"]?["budget_tokens"]?.intValue == 8_192)
        chat.effort = .tokens(3_000)
        chat.maxOutputTokens = 1_024
        let small = try JSON(parsing: try ProviderDialect.anthropic.request(chat, model: "m").body)
        #expect(small["thinking"] == nil)
    }

    @Test("Marks of the prompt cache reach Anthropic and Bedrock")
    func cache() throws {
        let text =
            #"{"model":"m","max_tokens":5,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],"#
            + #""messages":[{"role":"user","content":[{"type":"text","text":"q","cache_control":{"type":"ephemeral"}}]}]}"#
        let chat = try ChatRequest(parsing: try DialectSamples.json(text), .messages)
        let anthropic = try JSON(parsing: try ProviderDialect.anthropic.request(chat, model: "m").body)
        #expect(anthropic["system"]?[0]?["cache_control"]?["ttl"] == "1h")
        #expect(anthropic["messages"]?[0]?["content"]?[0]?["cache_control"]?.text() == #"{"type":"ephemeral"}"#)
        let bedrock = try JSON(parsing: try ProviderDialect.bedrock.request(chat, model: "m").body)
        #expect(bedrock["system"]?[1]?["cachePoint"]?["ttl"] == "1h")
        #expect(bedrock["messages"]?[0]?["content"]?[1]?["cachePoint"]?["type"] == "default")
    }

    @Test("Paths name the model, escaped, and whether it streams")
    func paths() throws {
        var chat = ChatRequest(model: "m")
        chat.turns = [ChatTurn(.user, [.text("q")])]
        let id = "anthropic.claude-v2:0"
        #expect(try ProviderDialect.bedrock.request(chat, model: id).path == "/model/anthropic.claude-v2%3A0/converse")
        #expect(try ProviderDialect.gemini.request(chat, model: "models/g").path == "/models/g:generateContent")
        chat.isStream = true
        #expect(try ProviderDialect.bedrock.request(chat, model: "m").path == "/model/m/converse-stream")
        #expect(
            try ProviderDialect.gemini.request(chat, model: "a/b").path == "/models/a%2Fb:streamGenerateContent?alt=sse"
        )
        let anthropic = try ProviderDialect.anthropic.request(chat, model: "m")
        #expect(anthropic.path == "/v1/messages")
        #expect(anthropic.headers.contains { $0.name == "anthropic-version" && $0.value == "2023-06-01" })
        let openAI = try JSON(parsing: try ProviderDialect.openAI.request(chat, model: "m").body)
        #expect(openAI["stream_options"]?["include_usage"] == true)
    }

    @Test("A schema loses for Gemini what it does not take, and keeps what it says")
    func schema() throws {
        let schema = try DialectSamples.json(
            """
            {"$schema":"s","type":"object","additionalProperties":false,"$defs":{"P":{"type":"object","properties":
            {"x":{"type":["integer","null"],"exclusiveMinimum":0}}}},"properties":{"$schema":{"type":"string",
            "format":"uri"},"p":{"$ref":"#/$defs/P"},"k":{"const":3},"u":{"anyOf":[{"type":"string"},{"type":"null"}]},
            "l":{"type":"array"}},"required":["p","gone"]}
            """
        )
        let expected = try DialectSamples.json(
            """
            {"type":"object","properties":{"$schema":{"type":"string"},"p":{"type":"object","properties":
            {"x":{"nullable":true,"type":"integer"}}},"k":{"enum":["3"],"type":"string"},
            "u":{"nullable":true,"type":"string"},"l":{"type":"array","items":{}}},"required":["p"]}
            """
        )
        #expect(GeminiSchema.parameters(schema)?.text(.canonical) == expected.text(.canonical))
        #expect(GeminiSchema.parameters(["type": "object", "properties": .object([:])]) == nil)
        let endless: JSON = ["type": "object", "properties": ["a": ["$ref": "#"]]]
        #expect(GeminiSchema.parameters(endless) != nil)
        let bush: JSON = [
            "type": "object", "properties": ["a": ["$ref": "#"], "b": ["$ref": "#"], "c": ["$ref": "#"]],
        ]
        #expect(GeminiSchema.parameters(bush) != nil)
    }
}
