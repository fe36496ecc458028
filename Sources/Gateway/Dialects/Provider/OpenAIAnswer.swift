import CupelCore

/// Reads OpenAI's chat completions (platform.openai.com/docs/api-reference/chat/object).
enum OpenAIAnswer {
    static func read(_ json: JSON) throws(ProviderFault) -> ChatAnswer {
        guard let choice = json["choices"]?[0], let message = choice["message"] else {
            throw ProviderFault(.garbled, "its answer has no choices[0].message")
        }
        var parts: [ChatPart] = []
        if let thought = thought(message) { parts.append(.reasoning(ChatReasoning(thought))) }
        let (thoughts, text) = content(message)
        if !thoughts.isEmpty { parts.append(.reasoning(ChatReasoning(thoughts))) }
        if !text.isEmpty { parts.append(.text(text)) }
        for (index, call) in (message["tool_calls"]?.arrayValue ?? []).enumerated() {
            let id = call["id"]?.stringValue ?? ""
            parts.append(
                .toolCall(
                    ChatToolCall(
                        id: id.isEmpty ? "call_\(index)" : id,
                        name: call["function"]?["name"]?.stringValue ?? "",
                        arguments: arguments(call["function"]?["arguments"]),
                        signature: seal(call)
                    )
                )
            )
        }
        let hasCalls = parts.contains { if case .toolCall = $0 { true } else { false } }
        var finish = FinishReason(choice["finish_reason"]?.stringValue)
        if hasCalls, finish == .stop { finish = .toolCalls }
        return ChatAnswer(
            id: json["id"]?.stringValue ?? "",
            model: json["model"]?.stringValue ?? "",
            parts: parts,
            finish: finish,
            usage: json["usage"].flatMap { TokenUsage(openAI: $0) }
        )
    }

    /// `reasoning_content` of DeepSeek, xAI and vLLM, `reasoning` of OpenRouter and Groq.
    static func thought(_ message: JSON) -> String? {
        let text = message["reasoning_content"]?.stringValue ?? message["reasoning"]?.stringValue
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The text, or a refusal; Mistral writes an array of text and thoughts.
    static func content(_ message: JSON) -> (thoughts: String, text: String) {
        guard let parts = message["content"]?.arrayValue else {
            return ("", message["content"]?.stringValue ?? message["refusal"]?.stringValue ?? "")
        }
        var thoughts = ""
        var text = ""
        for part in parts {
            text += part["text"]?.stringValue ?? ""
            for thought in part["thinking"]?.arrayValue ?? [] { thoughts += thought["text"]?.stringValue ?? "" }
        }
        return (thoughts, text)
    }

    /// Arguments are text; some servers write the object itself.
    static func arguments(_ json: JSON?) -> String {
        switch json {
        case .string(let text)?: text
        case .object?: json?.text() ?? ""
        default: ""
        }
    }

    /// The seal that Gemini puts beside a call in this dialect.
    static func seal(_ call: JSON) -> String? {
        call["extra_content"]?["google"]?["thought_signature"]?.stringValue
    }
}

/// Reads OpenAI's `chat.completion.chunk`s (platform.openai.com/docs/api-reference/chat-streaming).
struct OpenAIStreamReader: Sendable {
    private struct Call {
        var index: Int
        var id: String
    }

    private var hasStarted = false
    /// The calls by the index that the provider gives.
    private var calls: [Int: Call] = [:]
    private var count = 0
    private var finish: FinishReason?
    private var isDone = false
    private var hasEnded = false

    var isComplete: Bool { isDone || finish != nil }

    mutating func read(_ json: JSON, into events: inout [ChatEvent]) {
        if !hasStarted {
            hasStarted = true
            let id = json["id"]?.stringValue ?? ""
            events.append(.start(id: id, model: json["model"]?.stringValue ?? "", usage: nil))
        }
        if let choice = json["choices"]?[0] {
            if let delta = choice["delta"] { read(delta: delta, into: &events) }
            if let word = choice["finish_reason"]?.stringValue { finish = FinishReason(word) }
        }
        let counts = json["usage"] ?? .null
        if let usage = TokenUsage(openAI: counts) ?? TokenUsage(openAI: json["x_groq"]?["usage"] ?? .null) {
            events.append(.usage(usage))
        }
    }

    mutating func done(into events: inout [ChatEvent]) {
        isDone = true
        close(into: &events)
    }

    /// Says why the answer ended, once, when it has.
    mutating func close(into events: inout [ChatEvent]) {
        guard isComplete, !hasEnded else { return }
        hasEnded = true
        for index in 0..<count { events.append(.toolEnd(index: index)) }
        var reason = finish ?? .stop
        if count > 0, reason == .stop { reason = .toolCalls }
        events.append(.finish(reason, stopSequence: nil))
    }

    private mutating func read(delta: JSON, into events: inout [ChatEvent]) {
        if let thought = OpenAIAnswer.thought(delta) { events.append(.reasoning(thought)) }
        let (thoughts, text) = OpenAIAnswer.content(delta)
        if !thoughts.isEmpty { events.append(.reasoning(thoughts)) }
        if !text.isEmpty { events.append(.text(text)) }
        for (place, call) in (delta["tool_calls"]?.arrayValue ?? []).enumerated() {
            read(call: call, at: call["index"]?.intValue ?? place, into: &events)
        }
    }

    /// Some servers give every call the index 0; another `id` then tells them apart.
    private mutating func read(call: JSON, at place: Int, into events: inout [ChatEvent]) {
        let id = call["id"]?.stringValue ?? ""
        let known = calls[place]
        if known == nil || (!id.isEmpty && id != known?.id && call["function"]?["name"]?.stringValue != nil) {
            let new = Call(index: count, id: id.isEmpty ? "call_\(count)" : id)
            count += 1
            calls[place] = new
            let name = call["function"]?["name"]?.stringValue ?? ""
            events.append(.toolStart(index: new.index, id: new.id, name: name, signature: OpenAIAnswer.seal(call)))
        }
        let text = OpenAIAnswer.arguments(call["function"]?["arguments"])
        if let index = calls[place]?.index, !text.isEmpty { events.append(.toolArguments(index: index, text)) }
    }
}
