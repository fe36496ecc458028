import CupelCore
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
