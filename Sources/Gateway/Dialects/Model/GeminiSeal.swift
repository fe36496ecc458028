/// Gemini's `thoughtSignature` on its way through dialects that have no place for one at a tool call: there it travels
/// as a thought without text whose seal begins with a mark, and comes back with the client's next request.
enum GeminiSeal {
    /// Stands before seals of Gemini where they are kept as the seal of a thought.
    static let mark = "gemini:"

    /// The seal without its mark; `nil` when it is another provider's.
    static func value(of signature: String?) -> String? {
        guard let signature, signature.hasPrefix(mark) else { return nil }
        return String(signature.dropFirst(mark.utf8.count))
    }
}

extension ChatAnswer {
    /// The parts with the seals of tool calls as thoughts before them.
    var partsWithSealsApart: [ChatPart] {
        var result: [ChatPart] = []
        for part in parts {
            if case .toolCall(let call) = part, let seal = call.signature {
                result.append(.reasoning(ChatReasoning("", signature: GeminiSeal.mark + seal)))
            }
            result.append(part)
        }
        return result
    }
}

extension ChatRequest {
    /// Gives the tool calls back the seals that ``ChatAnswer/partsWithSealsApart`` set apart.
    mutating func joinSeals() {
        for index in turns.indices where turns[index].speaker == .assistant {
            var result: [ChatPart] = []
            for part in turns[index].parts {
                if case .toolCall(var call) = part, case .reasoning(let thought)? = result.last, thought.text.isEmpty,
                    let seal = GeminiSeal.value(of: thought.signature)
                {
                    call.signature = seal
                    result[result.count - 1] = .toolCall(call)
                } else {
                    result.append(part)
                }
            }
            turns[index].parts = result
        }
    }
}
