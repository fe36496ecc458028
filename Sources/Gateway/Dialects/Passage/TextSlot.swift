package import CupelCore
import OrderedCollections

/// One run of text in an answer: the pieces that come for a slot are one text.
package struct TextSlot: Sendable, Hashable {
    /// What the text is.
    package enum Kind: Sendable, Hashable {
        /// What the model says.
        case text
        /// What it thinks.
        case reasoning
        /// Arguments of a tool, as JSON text: what is put in must be escaped as inside a JSON string.
        case toolArguments
    }

    /// What the text is.
    package var kind: Kind
    /// Which of its kind: the block, the item or the tool call.
    package var index: Int
    /// Whether the text comes whole, in one piece: a body, or the repetition of what a stream has said.
    package var isWhole: Bool

    /// A run of text.
    package init(_ kind: Kind, _ index: Int, isWhole: Bool = false) {
        self.kind = kind
        self.index = index
        self.isWhole = isWhole
    }
}

/// Changes the next piece of a slot. A part may be held back until more comes; with `isLast` all of it must come out.
/// The last piece may be empty.
package typealias TextMapping = (_ slot: TextSlot, _ piece: String, _ isLast: Bool) -> String

/// Changes the texts of a whole answer in its own dialect and leaves everything else as it is.
package enum AnswerTexts {
    /// The body with its texts changed.
    package static func map(_ body: JSON, _ dialect: ClientDialect, _ mapping: TextMapping) -> JSON {
        switch dialect {
        case .chatCompletions: chat(body, mapping)
        case .messages: messages(body, mapping)
        case .responses: responses(body, mapping)
        }
    }

    /// The answer with its texts changed.
    package static func map(_ answer: ChatAnswer, _ mapping: TextMapping) -> ChatAnswer {
        var answer = answer
        for (index, part) in answer.parts.enumerated() {
            switch part {
            case .text(var text):
                text.text = mapping(TextSlot(.text, index, isWhole: true), text.text, true)
                answer.parts[index] = .text(text)
            case .reasoning(var thought):
                guard !thought.text.isEmpty else { continue }
                thought.text = mapping(TextSlot(.reasoning, index, isWhole: true), thought.text, true)
                answer.parts[index] = .reasoning(thought)
            case .toolCall(var call):
                call.arguments = mapping(TextSlot(.toolArguments, index, isWhole: true), call.arguments, true)
                answer.parts[index] = .toolCall(call)
            case .image, .toolResult: break
            }
        }
        return answer
    }

    /// Changes a member that is text.
    static func change(_ object: inout JSON, _ name: String, _ slot: TextSlot, _ mapping: TextMapping) {
        guard let text = object[name]?.stringValue, !text.isEmpty else { return }
        object[name] = .string(mapping(slot, text, true))
    }

    /// Changes every element of a member that is an array.
    static func each(_ object: inout JSON, _ name: String, _ change: (Int, inout JSON) -> Void) {
        guard var elements = object[name]?.arrayValue else { return }
        for index in elements.indices { change(index, &elements[index]) }
        object[name] = .array(elements)
    }

    private static func chat(_ body: JSON, _ mapping: TextMapping) -> JSON {
        var body = body
        each(&body, "choices") { place, choice in
            guard var message = choice["message"] else { return }
            change(&message, "content", TextSlot(.text, place, isWhole: true), mapping)
            change(&message, "refusal", TextSlot(.text, place, isWhole: true), mapping)
            change(&message, "reasoning_content", TextSlot(.reasoning, place, isWhole: true), mapping)
            change(&message, "reasoning", TextSlot(.reasoning, place, isWhole: true), mapping)
            each(&message, "tool_calls") { index, call in
                guard var function = call["function"] else { return }
                change(&function, "arguments", TextSlot(.toolArguments, index, isWhole: true), mapping)
                call["function"] = function
            }
            choice["message"] = message
        }
        return body
    }

    private static func messages(_ body: JSON, _ mapping: TextMapping) -> JSON {
        var body = body
        each(&body, "content") { index, block in
            change(&block, "text", TextSlot(.text, index, isWhole: true), mapping)
            change(&block, "thinking", TextSlot(.reasoning, index, isWhole: true), mapping)
            if let input = block["input"] {
                block["input"] = leaves(input) { mapping(TextSlot(.text, index, isWhole: true), $0, true) }
            }
        }
        return body
    }

    private static func responses(_ body: JSON, _ mapping: TextMapping) -> JSON {
        var body = body
        each(&body, "output") { index, item in responsesItem(&item, index, mapping) }
        return body
    }

    /// Changes the texts of an item of a response.
    static func responsesItem(_ item: inout JSON, _ index: Int, _ mapping: TextMapping) {
        each(&item, "content") { _, part in responsesPart(&part, index, mapping) }
        each(&item, "summary") { _, part in
            change(&part, "text", TextSlot(.reasoning, index, isWhole: true), mapping)
        }
        change(&item, "arguments", TextSlot(.toolArguments, index, isWhole: true), mapping)
    }

    /// Changes the texts of a part of an item.
    static func responsesPart(_ part: inout JSON, _ index: Int, _ mapping: TextMapping) {
        let kind: TextSlot.Kind = part["type"] == "reasoning_text" ? .reasoning : .text
        change(&part, "text", TextSlot(kind, index, isWhole: true), mapping)
        change(&part, "refusal", TextSlot(.text, index, isWhole: true), mapping)
    }

    /// Changes every text in a value, but for names of members.
    static func leaves(_ value: JSON, _ change: (String) -> String) -> JSON {
        switch value {
        case .string(let text): .string(change(text))
        case .array(let elements): .array(elements.map { leaves($0, change) })
        case .object(let members): .object(members.mapValues { leaves($0, change) })
        case .null, .bool, .integer, .number: value
        }
    }
}
