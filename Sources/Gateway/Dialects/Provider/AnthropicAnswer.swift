import CupelCore
import OrderedCollections

/// Reads Anthropic's messages (docs.anthropic.com/en/api/messages).
enum AnthropicAnswer {
    static func read(_ json: JSON) throws(ProviderFault) -> ChatAnswer {
        guard let content = json["content"]?.arrayValue else {
            throw ProviderFault(.garbled, "its answer has no content")
        }
        return ChatAnswer(
            id: json["id"]?.stringValue ?? "",
            model: json["model"]?.stringValue ?? "",
            parts: content.compactMap(part),
            finish: FinishReason(anthropic: json["stop_reason"]?.stringValue),
            stopSequence: json["stop_sequence"]?.stringValue,
            usage: json["usage"].flatMap { TokenUsage(anthropic: $0) }
        )
    }

    /// A block; those that only Anthropic's own tools write say nothing to others.
    private static func part(_ block: JSON) -> ChatPart? {
        switch block["type"]?.stringValue {
        case "text":
            let text = block["text"]?.stringValue ?? ""
            return text.isEmpty ? nil : .text(text)
        case "thinking":
            let seal = block["signature"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
            return .reasoning(ChatReasoning(block["thinking"]?.stringValue ?? "", signature: seal))
        case "redacted_thinking":
            return .reasoning(ChatReasoning("", signature: block["data"]?.stringValue ?? "", isRedacted: true))
        case "tool_use":
            return .toolCall(
                ChatToolCall(
                    id: block["id"]?.stringValue ?? "",
                    name: block["name"]?.stringValue ?? "",
                    arguments: (block["input"] ?? .object([:])).text()
                )
            )
        default: return nil
        }
    }
}

/// Reads Anthropic's events (docs.anthropic.com/en/docs/build-with-claude/streaming).
struct AnthropicStreamReader: Sendable {
    private struct Call {
        var index: Int
        var hasArguments = false
    }

    /// The open tool calls by their block.
    private var calls: [Int: Call] = [:]
    private var count = 0
    private var startUsage: JSON?
    private(set) var isComplete = false

    mutating func read(_ json: JSON, into events: inout [ChatEvent]) throws(ProviderFault) {
        switch json["type"]?.stringValue {
        case "message_start":
            let message = json["message"] ?? .null
            startUsage = message["usage"]
            let usage = startUsage.flatMap { TokenUsage(anthropic: $0) }
            let id = message["id"]?.stringValue ?? ""
            events.append(.start(id: id, model: message["model"]?.stringValue ?? "", usage: usage))
        case "content_block_start": begin(json, into: &events)
        case "content_block_delta": add(json, into: &events)
        case "content_block_stop":
            guard let call = calls.removeValue(forKey: json["index"]?.intValue ?? -1) else { return }
            if !call.hasArguments { events.append(.toolArguments(index: call.index, "{}")) }
            events.append(.toolEnd(index: call.index))
        case "message_delta":
            if let usage = TokenUsage(anthropicStart: startUsage, delta: json["usage"] ?? .null) {
                events.append(.usage(usage))
            }
            if let word = json["delta"]?["stop_reason"]?.stringValue {
                let stop = json["delta"]?["stop_sequence"]?.stringValue
                events.append(.finish(FinishReason(anthropic: word), stopSequence: stop))
            }
        case "message_stop": isComplete = true
        case "ping": events.append(.ping)
        case "error": throw ProviderDialect.anthropic.fault(status: nil, error: json)
        default: break  // Anthropic adds events; readers shall skip what they do not know.
        }
    }

    private mutating func begin(_ json: JSON, into events: inout [ChatEvent]) {
        let block = json["content_block"] ?? .null
        switch block["type"]?.stringValue {
        case "text":
            if let text = block["text"]?.stringValue, !text.isEmpty { events.append(.text(text)) }
        case "thinking":
            if let text = block["thinking"]?.stringValue, !text.isEmpty { events.append(.reasoning(text)) }
        case "redacted_thinking": events.append(.redactedReasoning(block["data"]?.stringValue ?? ""))
        case "tool_use":
            calls[json["index"]?.intValue ?? -1] = Call(index: count)
            let id = block["id"]?.stringValue ?? ""
            let name = block["name"]?.stringValue ?? ""
            events.append(.toolStart(index: count, id: id, name: name, signature: nil))
            count += 1
        default: break
        }
    }

    private mutating func add(_ json: JSON, into events: inout [ChatEvent]) {
        let delta = json["delta"] ?? .null
        switch delta["type"]?.stringValue {
        case "text_delta": events.append(.text(delta["text"]?.stringValue ?? ""))
        case "thinking_delta": events.append(.reasoning(delta["thinking"]?.stringValue ?? ""))
        case "signature_delta": events.append(.signature(delta["signature"]?.stringValue ?? ""))
        case "input_json_delta":
            let block = json["index"]?.intValue ?? -1
            guard let call = calls[block], let text = delta["partial_json"]?.stringValue, !text.isEmpty else { return }
            calls[block]?.hasArguments = true
            events.append(.toolArguments(index: call.index, text))
        default: break
        }
    }
}
