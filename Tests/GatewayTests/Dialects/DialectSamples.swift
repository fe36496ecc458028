import CupelCore

@testable import Gateway

/// Answers and requests in the forms that the providers document.
enum DialectSamples {
    static func json(_ text: String) throws -> JSON { try JSON(parsing: text) }

    static let image = "iVBORw0KGgo="

    /// A conversation with everything that translates, in each client's dialect; all three say the same.
    static let requests: [ClientDialect: String] = [
        .chatCompletions: """
        {"model":"m","messages":[{"role":"system","content":"Be brief."},
        {"role":"user","content":[{"type":"text","text":"Weather?"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,\(image)"}}]},
        {"role":"assistant","content":"Looking.","tool_calls":[
        {"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Bern\\"}"}},
        {"id":"call_2","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Oslo\\"}"}}]},
        {"role":"tool","tool_call_id":"call_1","content":"12"},
        {"role":"tool","tool_call_id":"call_2","content":"3"}],
        "tools":[{"type":"function","function":{"name":"weather","description":"Says it.",
        "parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}],
        "tool_choice":"required","max_completion_tokens":100,"temperature":0.5,"top_p":0.9,
        "response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":
        {"type":"object","properties":{"t":{"type":"integer"}}}}}}
        """,
        .messages: """
        {"model":"m","max_tokens":100,"system":"Be brief.","messages":[
        {"role":"user","content":[{"type":"text","text":"Weather?"},
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"\(image)"}}]},
        {"role":"assistant","content":[{"type":"text","text":"Looking."},
        {"type":"tool_use","id":"call_1","name":"weather","input":{"city":"Bern"}},
        {"type":"tool_use","id":"call_2","name":"weather","input":{"city":"Oslo"}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"12"},
        {"type":"tool_result","tool_use_id":"call_2","content":[{"type":"text","text":"3"}]}]}],
        "tools":[{"name":"weather","description":"Says it.","input_schema":
        {"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}],
        "tool_choice":{"type":"any"},"temperature":0.5,"top_p":0.9,
        "output_config":{"format":{"type":"json_schema","schema":
        {"type":"object","properties":{"t":{"type":"integer"}}}}}}
        """,
        .responses: """
        {"model":"m","instructions":"Be brief.","input":[
        {"role":"user","content":[{"type":"input_text","text":"Weather?"},
        {"type":"input_image","image_url":"data:image/png;base64,\(image)"}]},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Looking."}]},
        {"type":"function_call","call_id":"call_1","name":"weather","arguments":"{\\"city\\":\\"Bern\\"}"},
        {"type":"function_call","call_id":"call_2","name":"weather","arguments":"{\\"city\\":\\"Oslo\\"}"},
        {"type":"function_call_output","call_id":"call_1","output":"12"},
        {"type":"function_call_output","call_id":"call_2","output":"3"}],
        "tools":[{"type":"function","name":"weather","description":"Says it.",
        "parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}],
        "tool_choice":"required","max_output_tokens":100,"temperature":0.5,"top_p":0.9,
        "text":{"format":{"type":"json_schema","name":"answer","schema":
        {"type":"object","properties":{"t":{"type":"integer"}}}}}}
        """,
    ]

    /// A whole answer with a thought, text and two tool calls, in each provider's dialect.
    static let answers: [ProviderDialect: String] = [
        .openAI: """
        {"id":"r1","object":"chat.completion","created":1,"model":"gpt","choices":[{"index":0,"message":{
        "role":"assistant","content":"Grüezi 👋","reasoning_content":"Hm.","tool_calls":[
        {"id":"c1","type":"function","function":{"name":"a","arguments":"{\\"x\\":1}"}},
        {"id":"c2","type":"function","function":{"name":"b","arguments":"{}"}}]},"finish_reason":"tool_calls"}],
        "usage":{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
        "prompt_tokens_details":{"cached_tokens":60},"completion_tokens_details":{"reasoning_tokens":20}}}
        """,
        .anthropic: """
        {"id":"r1","type":"message","role":"assistant","model":"claude","content":[
        {"type":"thinking","thinking":"Hm.","signature":"sig"},{"type":"text","text":"Grüezi 👋"},
        {"type":"tool_use","id":"c1","name":"a","input":{"x":1}},{"type":"tool_use","id":"c2","name":"b","input":{}}],
        "stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":30,
        "cache_read_input_tokens":60,"cache_creation":{"ephemeral_5m_input_tokens":20,
        "ephemeral_1h_input_tokens":10},"output_tokens":50}}
        """,
        .gemini: """
        {"candidates":[{"content":{"role":"model","parts":[{"text":"Hm.","thought":true},{"text":"Grüezi 👋"},
        {"functionCall":{"name":"a","args":{"x":1}},"thoughtSignature":"seal"},
        {"functionCall":{"name":"b","args":{}}}]},"finishReason":"STOP","index":0}],
        "usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":30,
        "thoughtsTokenCount":20,"totalTokenCount":150},"modelVersion":"gemini","responseId":"r1"}
        """,
        .bedrock: """
        {"output":{"message":{"role":"assistant","content":[
        {"reasoningContent":{"reasoningText":{"text":"Hm.","signature":"sig"}}},{"text":"Grüezi 👋"},
        {"toolUse":{"toolUseId":"c1","name":"a","input":{"x":1}}},
        {"toolUse":{"toolUseId":"c2","name":"b","input":{}}}]}},"stopReason":"tool_use",
        "usage":{"inputTokens":10,"outputTokens":50,"totalTokens":150,"cacheReadInputTokens":60,
        "cacheWriteInputTokens":30},"metrics":{"latencyMs":7}}
        """,
    ]

    /// The same answers as streams.
    static let streams: [ProviderDialect: [UInt8]] = [
        .openAI: Array(openAI.utf8), .anthropic: Array(anthropic.utf8), .gemini: Array(gemini.utf8), .bedrock: bedrock,
    ]

    private static func chunk(_ delta: String, finish: String = "null") -> String {
        #"data: {"id":"r1","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[{"index":0,"delta":"#
            + delta + #","finish_reason":"# + finish + "}]}\n\n"
    }

    static let openAI =
        ": OPENROUTER PROCESSING\n\n" + chunk(#"{"role":"assistant","content":""}"#)
        + chunk(#"{"reasoning_content":"Hm."}"#)
        + chunk(#"{"content":"Grüe"}"#) + chunk(#"{"content":"zi 👋"}"#)
        + chunk(
            #"{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"a","arguments":""}}]}"#
        ) + chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\""}}]}"#)
        + chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}"#)
        + chunk(
            #"{"tool_calls":[{"index":1,"id":"c2","type":"function","function":{"name":"b","arguments":"{}"}}]}"#
        ) + chunk("{}", finish: #""tool_calls""#)
        + #"data: {"id":"r1","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[],"usage":"#
        + #"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":"#
        + #"{"cached_tokens":60},"completion_tokens_details":{"reasoning_tokens":20}}}"# + "\n\ndata: [DONE]\n\n"

    private static func event(_ name: String, _ members: String) -> String {
        "event: \(name)\r\ndata: {\"type\":\"\(name)\",\(members)}\r\n\r\n"
    }

    static let anthropic =
        event(
            "message_start",
            #""message":{"id":"r1","type":"message","role":"assistant","model":"claude","content":[],"#
                + #""stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"#
                + #""cache_creation_input_tokens":30,"cache_read_input_tokens":60,"cache_creation":"#
                + #"{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},"output_tokens":1}}"#
        )
        + event("content_block_start", #""index":0,"content_block":{"type":"thinking","thinking":"","signature":""}"#)
        + event("content_block_delta", #""index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}"#)
        + event("content_block_delta", #""index":0,"delta":{"type":"signature_delta","signature":"sig"}"#)
        + event("content_block_stop", #""index":0"#)
        + event("content_block_start", #""index":1,"content_block":{"type":"text","text":""}"#)
        + "event: ping\r\ndata: {\"type\": \"ping\"}\r\n\r\n"
        + event("content_block_delta", #""index":1,"delta":{"type":"text_delta","text":"Grüezi"}"#)
        + event("content_block_delta", #""index":1,"delta":{"type":"text_delta","text":" 👋"}"#)
        + event("content_block_stop", #""index":1"#)
        + event(
            "content_block_start",
            #""index":2,"content_block":{"type":"tool_use","id":"c1","name":"a","input":{}}"#
        )
        + event("content_block_delta", #""index":2,"delta":{"type":"input_json_delta","partial_json":""}"#)
        + event("content_block_delta", #""index":2,"delta":{"type":"input_json_delta","partial_json":"{\"x\":1}"}"#)
        + event("content_block_stop", #""index":2"#)
        + event(
            "content_block_start",
            #""index":3,"content_block":{"type":"tool_use","id":"c2","name":"b","input":{}}"#
        )
        + event("content_block_stop", #""index":3"#)
        + event(
            "message_delta",
            #""delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":50}"#
        )
        + "event: message_stop\r\ndata: {\"type\":\"message_stop\"}\r\n\r\n"

    private static func piece(_ parts: String, _ more: String = "", usage: Int) -> String {
        #"data: {"candidates":[{"content":{"role":"model","parts":["# + parts + #"]},"index":0"# + more
            + #"}],"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":"#
            + "\(usage)" + #","thoughtsTokenCount":20},"modelVersion":"gemini","responseId":"r1"}"# + "\r\n\r\n"
    }

    static let gemini =
        piece(#"{"text":"Hm.","thought":true}"#, usage: 0) + piece(#"{"text":"Grüezi"}"#, usage: 5)
        + piece(#"{"text":" 👋"}"#, usage: 9)
        + piece(
            #"{"functionCall":{"name":"a","args":{"x":1}},"thoughtSignature":"seal"},"#
                + #"{"functionCall":{"name":"b","args":{}}}"#,
            #","finishReason":"STOP""#,
            usage: 30
        )

    static let bedrock: [UInt8] = [
        frame("messageStart", #"{"role":"assistant","p":"abc"}"#),
        frame("contentBlockDelta", #"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm."}}}"#),
        frame("contentBlockDelta", #"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"sig"}}}"#),
        frame("contentBlockStop", #"{"contentBlockIndex":0}"#),
        frame("contentBlockDelta", #"{"contentBlockIndex":1,"delta":{"text":"Grüezi"}}"#),
        frame("contentBlockDelta", #"{"contentBlockIndex":1,"delta":{"text":" 👋"}}"#),
        frame("contentBlockStop", #"{"contentBlockIndex":1}"#),
        frame("contentBlockStart", #"{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"c1","name":"a"}}}"#),
        frame("contentBlockDelta", #"{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"x\":1}"}}}"#),
        frame("contentBlockStop", #"{"contentBlockIndex":2}"#),
        frame("contentBlockStart", #"{"contentBlockIndex":3,"start":{"toolUse":{"toolUseId":"c2","name":"b"}}}"#),
        frame("contentBlockStop", #"{"contentBlockIndex":3}"#),
        frame("messageStop", #"{"stopReason":"tool_use"}"#),
        frame(
            "metadata",
            #"{"usage":{"inputTokens":10,"outputTokens":50,"totalTokens":150,"cacheReadInputTokens":60,"#
                + #""cacheWriteInputTokens":30},"metrics":{"latencyMs":7}}"#
        ),
    ].flatMap { $0 }

    /// A frame of AWS's event stream, written independently of the reader.
    static func frame(_ type: String, _ payload: String, kind: String = "event") -> [UInt8] {
        func word(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
        func header(_ name: String, _ value: String) -> [UInt8] {
            [UInt8(name.utf8.count)] + Array(name.utf8) + [7, 0, UInt8(value.utf8.count)] + Array(value.utf8)
        }
        let headers =
            header(kind == "event" ? ":event-type" : ":exception-type", type)
            + header(":content-type", "application/json") + header(":message-type", kind)
        let head = word(16 + headers.count + payload.utf8.count) + word(headers.count)
        let whole = head + word(Int(CRC32.of(head))) + headers + Array(payload.utf8)
        return whole + word(Int(CRC32.of(whole)))
    }

    /// What those answers say, in each provider's own degree of detail.
    static func expected(_ dialect: ProviderDialect) -> ChatAnswer {
        let isSealed = dialect == .anthropic || dialect == .bedrock
        let counts: [ProviderDialect: TokenUsage] = [
            .openAI: TokenUsage(input: 100, output: 50, cacheRead: 60, reasoning: 20),
            .anthropic: TokenUsage(input: 100, output: 50, cacheRead: 60, cacheWrite: 20, cacheWriteLong: 10),
            .gemini: TokenUsage(input: 100, output: 50, cacheRead: 60, reasoning: 20),
            .bedrock: TokenUsage(input: 100, output: 50, cacheRead: 60, cacheWrite: 30),
        ]
        let models: [ProviderDialect: String] = [.openAI: "gpt", .anthropic: "claude", .gemini: "gemini"]
        let isGemini = dialect == .gemini
        return ChatAnswer(
            id: dialect == .bedrock ? "" : "r1",
            model: models[dialect] ?? "",
            parts: [
                .reasoning(ChatReasoning("Hm.", signature: isSealed ? "sig" : nil)), .text("Grüezi 👋"),
                .toolCall(
                    ChatToolCall(
                        id: isGemini ? "call_r1_0" : "c1",
                        name: "a",
                        arguments: #"{"x":1}"#,
                        signature: isGemini ? "seal" : nil
                    )
                ),
                .toolCall(ChatToolCall(id: isGemini ? "call_r1_1" : "c2", name: "b", arguments: "{}")),
            ],
            finish: .toolCalls,
            usage: counts[dialect]
        )
    }
}
