import CupelCore

/// Anthropic's events (docs.anthropic.com/en/docs/build-with-claude/streaming).
struct MessagesStreamEncoder: Sendable {
    private enum Block: Equatable {
        case text
        case thinking
    }

    private let frame: ClientFrame
    private var out = WireBytes()
    /// Blocks that were begun.
    private var count = 0
    /// The text or thought that is open, which is the latest block.
    private var open: Block?
    /// The blocks of tool calls that are open, by the index of the call.
    private var tools: [(call: Int, block: Int)] = []
    private var hasStarted = false
    private var usage = TokenUsage(input: 0, output: 0)
    private var finish: FinishReason = .stop
    private var stopSequence: String?

    init(_ frame: ClientFrame) { self.frame = frame }

    mutating func encode(_ events: [ChatEvent]) -> [UInt8] {
        for event in events { add(event) }
        return out.take()
    }

    mutating func end() -> [UInt8] {
        start("", "")
        closeOpen()
        for tool in tools { stop(tool.block) }
        tools = []
        event("message_delta") { [finish, stopSequence, usage] out in
            out.raw(",\"delta\":{\"stop_reason\":")
            out.quoted(finish.anthropicWord(hasStopSequence: stopSequence != nil))
            out.raw(",\"stop_sequence\":")
            if let stopSequence { out.quoted(stopSequence) } else { out.raw("null") }
            out.raw("},\"usage\":")
            out.json(usage.messagesJSON)
        }
        event("message_stop") { _ in }
        return out.take()
    }

    private mutating func add(_ next: ChatEvent) {
        switch next {
        case .start(let id, let model, let usage):
            if let usage { self.usage = usage }
            start(id, model)
        case .text(let text):
            openBlock(.text)
            delta(count - 1, "text_delta", "text", text)
        case .reasoning(let text):
            openBlock(.thinking)
            delta(count - 1, "thinking_delta", "thinking", text)
        case .signature(let seal): sign(seal)
        case .redactedReasoning(let data):
            closeOpen()
            begin { out in
                out.raw("{\"type\":\"redacted_thinking\",\"data\":")
                out.quoted(data)
                out.raw("}")
            }
            stop(count - 1)
        case .toolStart(let index, let id, let name, let signature):
            if let signature { sign(GeminiSeal.mark + signature) }
            closeOpen()
            begin { out in
                out.raw("{\"type\":\"tool_use\",\"id\":")
                out.quoted(id)
                out.raw(",\"name\":")
                out.quoted(name)
                out.raw(",\"input\":{}}")
            }
            tools.append((index, count - 1))
        case .toolArguments(let index, let text):
            guard let tool = tools.first(where: { $0.call == index }), !text.isEmpty else { return }
            delta(tool.block, "input_json_delta", "partial_json", text)
        case .toolEnd(let index):
            guard let place = tools.firstIndex(where: { $0.call == index }) else { return }
            stop(tools.remove(at: place).block)
        case .usage(let usage): self.usage = usage
        case .finish(let reason, let stopSequence):
            finish = reason
            self.stopSequence = stopSequence
        case .ping: out.raw("event: ping\ndata: {\"type\":\"ping\"}\n\n")
        }
    }

    private mutating func start(_ id: String, _ model: String) {
        guard !hasStarted else { return }
        hasStarted = true
        var counted = usage
        counted.output = 0
        counted.reasoning = 0
        event("message_start") { [frame] out in
            out.raw(",\"message\":{\"id\":")
            out.quoted(frame.id(id, "msg_"))
            out.raw(",\"type\":\"message\",\"role\":\"assistant\",\"model\":")
            out.quoted(frame.model(model))
            out.raw(",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":")
            out.json(counted.messagesJSON)
            out.raw("}")
        }
    }

    /// Ends the open thought with its seal; a seal without a thought gets an empty one.
    private mutating func sign(_ seal: String) {
        if open != .thinking { openBlock(.thinking) }
        delta(count - 1, "signature_delta", "signature", seal)
        closeOpen()
    }

    private mutating func openBlock(_ block: Block) {
        guard open != block else { return }
        closeOpen()
        begin { out in
            switch block {
            case .text: out.raw("{\"type\":\"text\",\"text\":\"\"}")
            case .thinking: out.raw("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}")
            }
        }
        open = block
    }

    private mutating func closeOpen() {
        guard open != nil else { return }
        open = nil
        stop(count - 1)
    }

    private mutating func begin(_ body: (inout WireBytes) -> Void) {
        start("", "")
        event("content_block_start") { [count] out in
            out.raw(",\"index\":")
            out.number(count)
            out.raw(",\"content_block\":")
            body(&out)
        }
        count += 1
    }

    private mutating func stop(_ block: Int) {
        event("content_block_stop") { out in
            out.raw(",\"index\":")
            out.number(block)
        }
    }

    private mutating func delta(_ block: Int, _ type: StaticString, _ member: StaticString, _ text: String) {
        event("content_block_delta") { out in
            out.raw(",\"index\":")
            out.number(block)
            out.raw(",\"delta\":{\"type\":\"")
            out.raw(type)
            out.raw("\",\"")
            out.raw(member)
            out.raw("\":")
            out.quoted(text)
            out.raw("}")
        }
    }

    private mutating func event(_ name: StaticString, _ body: (inout WireBytes) -> Void) {
        var text = out
        out = WireBytes()
        text.raw("event: ")
        text.raw(name)
        text.raw("\ndata: {\"type\":\"")
        text.raw(name)
        text.raw("\"")
        body(&text)
        text.raw("}\n\n")
        out = text
    }
}
