/// Makes the answer of the events of its stream.
package struct ChatFold: Sendable {
    /// What the open text is.
    private enum Open {
        case text
        case reasoning
    }

    private var id = ""
    private var model = ""
    private var parts: [ChatPart] = []
    private var open: Open?
    private var text = ""
    private var places: [Int: Int] = [:]
    private var arguments: [Int: String] = [:]
    private var finish: FinishReason = .stop
    private var stopSequence: String?
    private var usage: TokenUsage?

    /// An answer of which nothing has come.
    package init() {}

    /// The answer as far as it has come.
    package var answer: ChatAnswer {
        var whole = self
        whole.close()
        for (index, place) in places {
            guard case .toolCall(var call) = whole.parts[place] else { continue }
            call.arguments = arguments[index] ?? ""
            whole.parts[place] = .toolCall(call)
        }
        return ChatAnswer(
            id: id,
            model: model,
            parts: whole.parts,
            finish: finish,
            stopSequence: stopSequence,
            usage: usage
        )
    }

    /// Takes what happened next.
    package mutating func add(_ event: ChatEvent) {
        switch event {
        case .start(let id, let model, let usage):
            self.id = id
            self.model = model
            self.usage = usage ?? self.usage
        case .text(let more): add(more, to: .text)
        case .reasoning(let more): add(more, to: .reasoning)
        case .signature(let seal):
            let thought = ChatReasoning(open == .reasoning ? text : "", signature: seal)
            if open == .reasoning { text = "" }
            close()
            parts.append(.reasoning(thought))
        case .redactedReasoning(let data):
            close()
            parts.append(.reasoning(ChatReasoning("", signature: data, isRedacted: true)))
        case .toolStart(let index, let id, let name, let signature):
            close()
            places[index] = parts.count
            parts.append(.toolCall(ChatToolCall(id: id, name: name, arguments: "", signature: signature)))
        case .toolArguments(let index, let more): arguments[index, default: ""] += more
        case .usage(let usage): self.usage = usage
        case .finish(let reason, let stopSequence):
            finish = reason
            self.stopSequence = stopSequence
        case .toolEnd, .ping: break
        }
    }

    private mutating func add(_ more: String, to kind: Open) {
        guard !more.isEmpty else { return }
        if open != kind { close() }
        open = kind
        text += more
    }

    private mutating func close() {
        if !text.isEmpty { parts.append(open == .reasoning ? .reasoning(ChatReasoning(text)) : .text(text)) }
        text = ""
        open = nil
    }
}

extension ChatAnswer {
    /// The answer that the events of a stream amount to.
    package init(folding events: some Sequence<ChatEvent>) {
        var fold = ChatFold()
        for event in events { fold.add(event) }
        self = fold.answer
    }

    /// The events that amount to this answer: how a kept answer is streamed again.
    package var events: [ChatEvent] {
        var events: [ChatEvent] = [.start(id: id, model: model, usage: usage)]
        var calls = 0
        for part in parts {
            switch part {
            case .text(let text): events.append(.text(text.text))
            case .reasoning(let thought):
                if thought.isRedacted {
                    events.append(.redactedReasoning(thought.signature ?? ""))
                } else {
                    if !thought.text.isEmpty { events.append(.reasoning(thought.text)) }
                    if let seal = thought.signature { events.append(.signature(seal)) }
                }
            case .toolCall(let call):
                events.append(.toolStart(index: calls, id: call.id, name: call.name, signature: call.signature))
                events.append(.toolArguments(index: calls, call.arguments))
                events.append(.toolEnd(index: calls))
                calls += 1
            case .image, .toolResult: break
            }
        }
        if let usage { events.append(.usage(usage)) }
        events.append(.finish(finish, stopSequence: stopSequence))
        return events
    }
}
