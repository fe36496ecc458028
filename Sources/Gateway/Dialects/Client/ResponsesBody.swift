import CupelCore
import OrderedCollections

/// The `response` object of OpenAI's responses (platform.openai.com/docs/api-reference/responses/object).
struct ResponsesBody {
    private let id: String
    private let created: Int
    private let model: String
    /// The items of `output`.
    var output: [JSON] = []
    /// Why it ended; `nil` while it runs.
    var finish: FinishReason?
    /// What it took.
    var usage: TokenUsage?
    /// What went wrong.
    var error: JSON?

    init(id: String, model: String, created: Int) {
        self.id = id
        self.created = created
        self.model = model
    }

    init(_ answer: ChatAnswer, _ frame: ClientFrame) {
        self.init(id: frame.id(answer.id, "resp_"), model: frame.model(answer.model), created: frame.created)
        for (index, part) in answer.partsWithSealsApart.enumerated() {
            switch part {
            case .text(let text): output.append(message(index, text.text, isDone: true))
            case .reasoning(let thought): output.append(reasoning(index, thought))
            case .toolCall(let call): output.append(functionCall(index, call, isDone: true))
            case .image, .toolResult: break
            }
        }
        finish = answer.finish
        usage = answer.usage
    }

    /// The name of an item.
    func item(_ prefix: String, _ index: Int) -> String { "\(prefix)_\(id)_\(index)" }

    /// An item with text.
    func message(_ index: Int, _ text: String, isDone: Bool) -> JSON {
        [
            "type": "message", "id": .string(item("msg", index)), "status": isDone ? "completed" : "in_progress",
            "role": "assistant", "content": isDone ? [Self.outputText(text)] : [],
        ]
    }

    /// The part of a message that holds its text.
    static func outputText(_ text: String) -> JSON {
        ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": []]
    }

    /// An item with a thought.
    func reasoning(_ index: Int, _ thought: ChatReasoning) -> JSON {
        var json: JSON = ["type": "reasoning", "id": .string(item("rs", index)), "summary": []]
        if !thought.text.isEmpty { json["summary"] = [["type": "summary_text", "text": .string(thought.text)]] }
        if let seal = thought.signature {
            json["encrypted_content"] = .string(thought.isRedacted ? ChatReasoning.redactedMark + seal : seal)
        }
        return json
    }

    /// An item with a tool call.
    func functionCall(_ index: Int, _ call: ChatToolCall, isDone: Bool) -> JSON {
        [
            "type": "function_call", "id": .string(item("fc", index)), "call_id": .string(call.id),
            "name": .string(call.name), "arguments": .string(call.arguments),
            "status": isDone ? "completed" : "in_progress",
        ]
    }

    /// `completed`, `incomplete`, `failed` or `in_progress`.
    var status: String {
        if error != nil { return "failed" }
        return switch finish {
        case nil: "in_progress"
        case .length, .filtered: "incomplete"
        default: "completed"
        }
    }

    var json: JSON {
        let reason: String? =
            switch finish {
            case .length: "max_output_tokens"
            case .filtered: "content_filter"
            default: nil
            }
        return [
            "id": .string(id), "object": "response", "created_at": .integer(Int64(created)),
            "status": .string(status), "error": error ?? .null,
            "incomplete_details": reason.map { ["reason": .string($0)] } ?? .null, "instructions": nil,
            "metadata": .object([:]), "model": .string(model), "output": .array(output), "parallel_tool_calls": true,
            "temperature": nil, "tool_choice": "auto", "tools": [], "top_p": nil,
            "usage": usage?.responsesJSON ?? .null,
        ]
    }
}

extension ChatReasoning {
    /// Stands before encrypted thoughts where a dialect has one place for them and for seals.
    static let redactedMark = "redacted:"

    /// Reads what ``ResponsesBody`` wrote.
    init(_ text: String, sealOrData: String?) {
        if let data = sealOrData, data.hasPrefix(Self.redactedMark) {
            self.init("", signature: String(data.dropFirst(Self.redactedMark.count)), isRedacted: true)
        } else {
            self.init(text, signature: sealOrData)
        }
    }
}
