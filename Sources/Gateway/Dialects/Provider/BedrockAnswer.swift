import CupelCore
import OrderedCollections

/// Reads Bedrock's Converse (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html).
enum BedrockAnswer {
    static func read(_ json: JSON) throws(ProviderFault) -> ChatAnswer {
        guard let content = json["output"]?["message"]?["content"]?.arrayValue else {
            throw ProviderFault(.garbled, "its answer has no output.message.content")
        }
        return ChatAnswer(
            id: "",
            model: "",
            parts: content.compactMap(part),
            finish: FinishReason(anthropic: json["stopReason"]?.stringValue),
            stopSequence: json["additionalModelResponseFields"]?["stop_sequence"]?.stringValue,
            usage: json["usage"].flatMap { TokenUsage(bedrock: $0) }
        )
    }

    private static func part(_ block: JSON) -> ChatPart? {
        if let text = block["text"]?.stringValue { return text.isEmpty ? nil : .text(text) }
        if let call = block["toolUse"] {
            return .toolCall(
                ChatToolCall(
                    id: call["toolUseId"]?.stringValue ?? "",
                    name: call["name"]?.stringValue ?? "",
                    arguments: (call["input"] ?? .object([:])).text()
                )
            )
        }
        guard let thought = block["reasoningContent"] else { return nil }
        if let data = thought["redactedContent"]?.stringValue {
            return .reasoning(ChatReasoning("", signature: data, isRedacted: true))
        }
        let text = thought["reasoningText"] ?? .null
        return .reasoning(
            ChatReasoning(text["text"]?.stringValue ?? "", signature: text["signature"]?.stringValue)
        )
    }
}

/// Reads the events of ConverseStream
/// (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html).
struct BedrockStreamReader: Sendable {
    private struct Call {
        var index: Int
        var hasArguments = false
    }

    private var calls: [Int: Call] = [:]
    private var count = 0
    private(set) var isComplete = false

    mutating func read(_ frame: EventStreamFrames.Frame, into events: inout [ChatEvent]) throws(ProviderFault) {
        let type = frame.headers[":message-type"] ?? "event"
        guard type == "event" else {
            let word = frame.headers[":exception-type"] ?? frame.headers[":error-code"] ?? type
            let json = try? JSON(parsing: frame.payload, limits: JSONLimits(bytes: 1 << 20, depth: 32))
            let said = json ?? ["message": .string(frame.headers[":error-message"] ?? "")]
            throw ProviderDialect.bedrock.fault(status: nil, error: said, type: word)
        }
        let json: JSON
        do {
            json = try JSON(parsing: frame.payload, limits: ProviderDialect.answerLimits)
        } catch {
            throw ProviderFault(.garbled, "an event of its stream is no JSON: \(error)")
        }
        let block = json["contentBlockIndex"]?.intValue ?? -1
        switch frame.headers[":event-type"] {
        case "messageStart": events.append(.start(id: "", model: "", usage: nil))
        case "contentBlockStart": begin(json["start"]?["toolUse"], block, into: &events)
        case "contentBlockDelta": add(json["delta"] ?? .null, block, into: &events)
        case "contentBlockStop":
            guard let call = calls.removeValue(forKey: block) else { return }
            if !call.hasArguments { events.append(.toolArguments(index: call.index, "{}")) }
            events.append(.toolEnd(index: call.index))
        case "messageStop":
            isComplete = true
            let stop = json["additionalModelResponseFields"]?["stop_sequence"]?.stringValue
            events.append(.finish(FinishReason(anthropic: json["stopReason"]?.stringValue), stopSequence: stop))
        case "metadata":
            if let usage = json["usage"].flatMap({ TokenUsage(bedrock: $0) }) { events.append(.usage(usage)) }
        default: break
        }
    }

    private mutating func begin(_ call: JSON?, _ block: Int, into events: inout [ChatEvent]) {
        guard let call else { return }
        calls[block] = Call(index: count)
        let id = call["toolUseId"]?.stringValue ?? ""
        events.append(.toolStart(index: count, id: id, name: call["name"]?.stringValue ?? "", signature: nil))
        count += 1
    }

    private mutating func add(_ delta: JSON, _ block: Int, into events: inout [ChatEvent]) {
        if let text = delta["text"]?.stringValue {
            events.append(.text(text))
        } else if let text = delta["toolUse"]?["input"]?.stringValue, let call = calls[block], !text.isEmpty {
            calls[block]?.hasArguments = true
            events.append(.toolArguments(index: call.index, text))
        } else if let thought = delta["reasoningContent"] {
            if let text = thought["text"]?.stringValue { events.append(.reasoning(text)) }
            if let seal = thought["signature"]?.stringValue { events.append(.signature(seal)) }
            if let data = thought["redactedContent"]?.stringValue { events.append(.redactedReasoning(data)) }
        }
    }
}
