import CupelCore
import OrderedCollections

/// Reads Gemini's `GenerateContentResponse` (ai.google.dev/api/generate-content#generatecontentresponse).
enum GeminiAnswer {
    static func read(_ json: JSON) throws(ProviderFault) -> ChatAnswer {
        guard json["candidates"] != nil || json["promptFeedback"] != nil else {
            throw ProviderFault(.garbled, "its answer has no candidates")
        }
        var reader = GeminiReader()
        var events: [ChatEvent] = []
        reader.read(json, into: &events)
        return ChatAnswer(folding: events)
    }
}

/// Reads Gemini's answers, whole or in the pieces of a stream, which have the same form.
struct GeminiReader: Sendable {
    private var hasStarted = false
    private var id = ""
    private var calls = 0
    private var usage: TokenUsage?
    private(set) var isComplete = false

    mutating func read(_ json: JSON, into events: inout [ChatEvent]) {
        if !hasStarted {
            hasStarted = true
            id = json["responseId"]?.stringValue ?? ""
            events.append(.start(id: id, model: json["modelVersion"]?.stringValue ?? "", usage: nil))
        }
        let candidate = json["candidates"]?[0] ?? .null
        for part in candidate["content"]?["parts"]?.arrayValue ?? [] { read(part: part, into: &events) }
        if let usage = json["usageMetadata"].flatMap({ TokenUsage(gemini: $0) }), usage != self.usage {
            self.usage = usage
            events.append(.usage(usage))
        }
        if let word = candidate["finishReason"]?.stringValue, !isComplete {
            isComplete = true
            events.append(.finish(FinishReason(gemini: word, hasToolCalls: calls > 0), stopSequence: nil))
        } else if json["promptFeedback"]?["blockReason"]?.stringValue != nil, !isComplete {
            isComplete = true
            events.append(.finish(.filtered, stopSequence: nil))
        }
    }

    private mutating func read(part: JSON, into events: inout [ChatEvent]) {
        let seal = part["thoughtSignature"]?.stringValue
        if let call = part["functionCall"] {
            let index = calls
            calls += 1
            let name = call["name"]?.stringValue ?? ""
            events.append(.toolStart(index: index, id: callID(call, index), name: name, signature: seal))
            events.append(.toolArguments(index: index, (call["args"] ?? .object([:])).text()))
            events.append(.toolEnd(index: index))
            return
        }
        if let text = part["text"]?.stringValue, !text.isEmpty {
            events.append(part["thought"]?.boolValue == true ? .reasoning(text) : .text(text))
        }
        if let seal { events.append(.signature(GeminiSeal.mark + seal)) }
    }

    /// Gemini names calls only sometimes; a name made of the answer's own is the same whenever it is read.
    private func callID(_ call: JSON, _ index: Int) -> String {
        if let id = call["id"]?.stringValue, !id.isEmpty { return id }
        return id.isEmpty ? "call_\(index)" : "call_\(id)_\(index)"
    }
}
