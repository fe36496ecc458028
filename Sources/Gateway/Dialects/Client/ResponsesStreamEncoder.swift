import CupelCore

/// OpenAI's events of a response (platform.openai.com/docs/api-reference/responses-streaming).
struct ResponsesStreamEncoder: Sendable {
    /// An item of the output that is being written.
    private enum Item {
        case message
        case reasoning(seal: String?, isRedacted: Bool)
        case call(ChatToolCall)
    }

    private let frame: ClientFrame
    private var out = WireBytes()
    private var body: ResponsesBody?
    private var sequence = 0
    /// The open items by their index in the output.
    private var items: [Int: Item] = [:]
    /// The text or thought that is open.
    private var open: Int?
    /// What was said in it so far.
    private var text = ""
    /// The arguments of the open tool calls by their index in the output.
    private var arguments: [Int: String] = [:]
    /// The items of tool calls by the index of the call.
    private var calls: [Int: Int] = [:]
    private var done: [Int: JSON] = [:]
    private var count = 0
    private var usage: TokenUsage?
    private var finish: FinishReason = .stop

    init(_ frame: ClientFrame) { self.frame = frame }

    mutating func encode(_ events: [ChatEvent]) -> [UInt8] {
        for event in events { add(event) }
        return out.take()
    }

    mutating func end() -> [UInt8] {
        var body = start()
        closeAll()
        body.output = (0..<count).compactMap { done[$0] }
        body.finish = finish
        body.usage = usage
        self.body = body
        emit(body.status == "incomplete" ? "response.incomplete" : "response.completed", ["response": body.json])
        return out.take()
    }

    mutating func fail(_ error: CupelError) -> [UInt8] {
        var body = start()
        body.output = (0..<count).compactMap { done[$0] }
        let said = ClientDialect.openAIError(error)
        body.error = ["code": said["code"] ?? .null, "message": said["message"] ?? .null]
        body.usage = usage
        emit("response.failed", ["response": body.json])
        return out.take()
    }

    private mutating func add(_ event: ChatEvent) {
        switch event {
        case .start(let id, let model, let usage):
            self.usage = usage ?? self.usage
            _ = start(id, model)
        case .text(let text): addText(text)
        case .reasoning(let text): addReasoning(text)
        case .signature(let seal): sign(seal, isRedacted: false)
        case .redactedReasoning(let data):
            closeOpen()
            sign(data, isRedacted: true)
        case .toolStart(let index, let id, let name, let signature):
            closeOpen()
            if let signature { sign(GeminiSeal.mark + signature, isRedacted: false) }
            let call = ChatToolCall(id: id, name: name, arguments: "")
            calls[index] = begin(.call(call)) { $0.functionCall($1, call, isDone: false) }
        case .toolArguments(let index, let text):
            guard let place = calls[index], items[place] != nil, !text.isEmpty else { return }
            arguments[place, default: ""] += text
            emit("response.function_call_arguments.delta", place, "fc", ["delta": .string(text)])
        case .toolEnd(let index):
            if let place = calls[index] { close(place) }
        case .usage(let usage): self.usage = usage
        case .finish(let reason, _): finish = reason
        case .ping: out.raw(": ping\n\n")
        }
    }

    private mutating func addText(_ more: String) {
        let place: Int
        if let open, case .message? = items[open] {
            place = open
        } else {
            closeOpen()
            place = begin(.message) { $0.message($1, "", isDone: false) }
            open = place
            let part: JSON = ["content_index": 0, "part": ResponsesBody.outputText("")]
            emit("response.content_part.added", place, "msg", part)
        }
        text += more
        let delta: JSON = ["content_index": 0, "delta": .string(more), "logprobs": []]
        emit("response.output_text.delta", place, "msg", delta)
    }

    private mutating func addReasoning(_ more: String) {
        let place = openThought()
        if text.isEmpty {
            let part: JSON = ["summary_index": 0, "part": ["type": "summary_text", "text": ""]]
            emit("response.reasoning_summary_part.added", place, "rs", part)
        }
        text += more
        emit("response.reasoning_summary_text.delta", place, "rs", ["summary_index": 0, "delta": .string(more)])
    }

    private mutating func sign(_ seal: String, isRedacted: Bool) {
        items[openThought()] = .reasoning(seal: seal, isRedacted: isRedacted)
        closeOpen()
    }

    private mutating func openThought() -> Int {
        if let open, case .reasoning? = items[open] { return open }
        closeOpen()
        let place = begin(.reasoning(seal: nil, isRedacted: false)) { $0.reasoning($1, ChatReasoning("")) }
        open = place
        return place
    }

    private mutating func closeOpen() {
        guard let place = open else { return }
        open = nil
        close(place)
        text = ""
    }

    private mutating func closeAll() {
        closeOpen()
        for place in items.keys.sorted() { close(place) }
    }

    /// Ends an item with the events that repeat it whole.
    private mutating func close(_ place: Int) {
        guard let item = items.removeValue(forKey: place), let body else { return }
        let whole: JSON
        switch item {
        case .message:
            emit(
                "response.output_text.done",
                place,
                "msg",
                ["content_index": 0, "text": .string(text), "logprobs": []]
            )
            let part: JSON = ["content_index": 0, "part": ResponsesBody.outputText(text)]
            emit("response.content_part.done", place, "msg", part)
            whole = body.message(place, text, isDone: true)
        case .reasoning(let seal, let isRedacted):
            let thought = ChatReasoning(self.text, signature: seal, isRedacted: isRedacted)
            if !thought.text.isEmpty {
                let text = JSON.string(thought.text)
                emit("response.reasoning_summary_text.done", place, "rs", ["summary_index": 0, "text": text])
                let part: JSON = ["summary_index": 0, "part": ["type": "summary_text", "text": text]]
                emit("response.reasoning_summary_part.done", place, "rs", part)
            }
            whole = body.reasoning(place, thought)
        case .call(var call):
            call.arguments = arguments.removeValue(forKey: place) ?? ""
            let members: JSON = ["name": .string(call.name), "arguments": .string(call.arguments)]
            emit("response.function_call_arguments.done", place, "fc", members)
            whole = body.functionCall(place, call, isDone: true)
        }
        done[place] = whole
        emit("response.output_item.done", ["output_index": .integer(Int64(place)), "item": whole])
    }

    @discardableResult
    private mutating func start(_ id: String = "", _ model: String = "") -> ResponsesBody {
        if let body { return body }
        let new = ResponsesBody(id: frame.id(id, "resp_"), model: frame.model(model), created: frame.created)
        body = new
        emit("response.created", ["response": new.json])
        emit("response.in_progress", ["response": new.json])
        return new
    }

    private mutating func begin(_ item: Item, _ json: (ResponsesBody, Int) -> JSON) -> Int {
        let body = start()
        let place = count
        count += 1
        items[place] = item
        emit("response.output_item.added", ["output_index": .integer(Int64(place)), "item": json(body, place)])
        return place
    }

    /// Writes an event about an item.
    private mutating func emit(_ name: String, _ place: Int, _ prefix: String, _ members: JSON) {
        guard let body else { return }
        var members = members
        members["item_id"] = .string(body.item(prefix, place))
        members["output_index"] = .integer(Int64(place))
        emit(name, members)
    }

    private mutating func emit(_ name: String, _ members: JSON) {
        var members = members
        members["type"] = .string(name)
        members["sequence_number"] = .integer(Int64(sequence))
        sequence += 1
        out.raw("event: ")
        out.raw(Array(name.utf8))
        out.raw("\ndata: ")
        out.json(members)
        out.raw("\n\n")
    }
}
