/// OpenAI's `chat.completion.chunk`s (platform.openai.com/docs/api-reference/chat-streaming).
struct ChatStreamEncoder: Sendable {
    let frame: ClientFrame
    private var out = WireBytes()
    /// The bytes that every chunk begins with, up to its `choices`.
    private var head: [UInt8] = []
    private var usage: TokenUsage?
    private var hasRole = false

    init(_ frame: ClientFrame) { self.frame = frame }

    mutating func encode(_ events: [ChatEvent]) -> [UInt8] {
        for event in events { add(event) }
        return out.take()
    }

    mutating func end() -> [UInt8] {
        if frame.includesUsage {
            openHead()
            out.raw("[],\"usage\":")
            out.json((usage ?? TokenUsage(input: 0, output: 0)).chatCompletionsJSON)
            out.raw("}\n\n")
        }
        out.raw("data: [DONE]\n\n")
        return out.take()
    }

    private mutating func add(_ event: ChatEvent) {
        switch event {
        case .start(let id, let model, let usage):
            self.usage = usage ?? self.usage
            makeHead(id, model)
            sayRole()
        case .text(let text):
            delta { out in
                out.raw("\"content\":")
                out.quoted(text)
            }
        case .reasoning(let text):
            delta { out in
                out.raw("\"reasoning_content\":")
                out.quoted(text)
            }
        case .signature(let seal):
            delta { out in
                out.raw("\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":")
                out.quoted(seal)
                out.raw("}]")
            }
        case .redactedReasoning(let data):
            delta { out in
                out.raw("\"thinking_blocks\":[{\"type\":\"redacted_thinking\",\"data\":")
                out.quoted(data)
                out.raw("}]")
            }
        case .toolStart(let index, let id, let name, let signature): toolStart(index, id, name, signature)
        case .toolArguments(let index, let text):
            delta { out in
                out.raw("\"tool_calls\":[{\"index\":")
                out.number(index)
                out.raw(",\"function\":{\"arguments\":")
                out.quoted(text)
                out.raw("}}]")
            }
        case .usage(let usage): self.usage = usage
        case .finish(let reason, _): delta(finish: reason) { _ in }
        case .ping: out.raw(": ping\n\n")
        case .toolEnd: break
        }
    }

    private mutating func toolStart(_ index: Int, _ id: String, _ name: String, _ signature: String?) {
        delta { out in
            out.raw("\"tool_calls\":[{\"index\":")
            out.number(index)
            out.raw(",\"id\":")
            out.quoted(id)
            out.raw(",\"type\":\"function\",\"function\":{\"name\":")
            out.quoted(name)
            out.raw(",\"arguments\":\"\"}")
            if let signature {
                out.raw(",\"extra_content\":{\"google\":{\"thought_signature\":")
                out.quoted(signature)
                out.raw("}}")
            }
            out.raw("}]")
        }
    }

    private mutating func makeHead(_ id: String, _ model: String) {
        var text = WireBytes()
        text.raw("data: {\"id\":")
        text.quoted(frame.id(id, "chatcmpl-"))
        text.raw(",\"object\":\"chat.completion.chunk\",\"created\":")
        text.number(frame.created)
        text.raw(",\"model\":")
        text.quoted(frame.model(model))
        text.raw(",\"choices\":")
        head = text.bytes
    }

    private mutating func openHead() {
        if head.isEmpty { makeHead("", "") }
        out.raw(head)
    }

    /// Writes a chunk whose delta has the members that `body` writes. The first chunk of all says who speaks.
    private mutating func delta(finish: FinishReason? = nil, _ body: (inout WireBytes) -> Void) {
        sayRole()
        openHead()
        out.raw("[{\"index\":0,\"delta\":{")
        body(&out)
        out.raw("}")
        closeChoice(finish)
    }

    private mutating func sayRole() {
        guard !hasRole else { return }
        hasRole = true
        delta { $0.raw("\"role\":\"assistant\",\"content\":\"\"") }
    }

    private mutating func closeChoice(_ finish: FinishReason?) {
        out.raw(",\"logprobs\":null,\"finish_reason\":")
        if let finish { out.quoted(finish.openAIWord) } else { out.raw("null") }
        out.raw(frame.includesUsage ? "}],\"usage\":null}\n\n" : "}]}\n\n")
    }
}
