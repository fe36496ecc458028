package import CupelCore

/// Visits every text of a prompt in a request's body: what people, tools and models said, and what the model is told.
package enum TextWalk {
    /// What a text of a prompt is.
    package enum Kind: Sendable, Hashable {
        /// What the model is told before the conversation.
        case system
        /// What a person says.
        case user
        /// What the model said.
        case assistant
        /// Arguments that the model gave a tool, as JSON text: what is put in must be escaped as inside a JSON string.
        case toolArguments
        /// A text inside such arguments where the dialect has them as an object.
        case toolArgument
        /// What a tool answered.
        case toolResult
    }

    /// Gives the text to put in a text's place; `nil` leaves it.
    package typealias Change = (_ kind: Kind, _ text: String) -> String?

    /// The body with its texts changed; `nil` when none was, so that the bytes that came can be sent.
    package static func map(_ body: JSON, _ dialect: ClientDialect, _ change: Change) -> JSON? {
        withoutActuallyEscaping(change) { change -> JSON? in
            var walk = Walk(change: change)
            var body = body
            switch dialect {
            case .chatCompletions: walk.chat(&body)
            case .messages: walk.messages(&body)
            case .responses: walk.responses(&body)
            }
            // A ternary with `nil` would give JSON's null.
            guard walk.hasChanged else { return nil }
            return body
        }
    }

    /// The walk with what it found out.
    private struct Walk {
        let change: Change
        var hasChanged = false

        mutating func chat(_ body: inout JSON) {
            each(&body, "messages") { walk, message in
                let kind: Kind =
                    switch message["role"]?.stringValue {
                    case "system", "developer": .system
                    case "assistant": .assistant
                    case "tool", "function": .toolResult
                    default: .user
                    }
                walk.content(&message, "content", kind)
                walk.text(&message, "refusal", kind)
                walk.text(&message, "reasoning_content", kind)
                walk.each(&message, "tool_calls") { walk, call in
                    guard var function = call["function"] else { return }
                    walk.text(&function, "arguments", .toolArguments)
                    call["function"] = function
                }
            }
        }

        mutating func messages(_ body: inout JSON) {
            content(&body, "system", .system)
            each(&body, "messages") { walk, message in
                let kind: Kind =
                    message["role"] == "assistant" ? .assistant : message["role"] == "system" ? .system : .user
                walk.content(&message, "content", kind)
            }
        }

        mutating func responses(_ body: inout JSON) {
            text(&body, "instructions", .system)
            text(&body, "input", .user)
            each(&body, "input") { walk, item in
                switch item["type"]?.stringValue ?? "message" {
                case "function_call": walk.text(&item, "arguments", .toolArguments)
                case "custom_tool_call": walk.text(&item, "input", .toolArgument)
                case "function_call_output", "custom_tool_call_output", "local_shell_call_output":
                    walk.content(&item, "output", .toolResult)
                case "reasoning":
                    walk.content(&item, "summary", .assistant)
                    walk.content(&item, "content", .assistant)
                default:
                    let kind: Kind =
                        switch item["role"]?.stringValue {
                        case "system", "developer": .system
                        case "assistant": .assistant
                        default: .user
                        }
                    walk.content(&item, "content", kind)
                }
            }
        }

        /// A member that is text, or an array of parts with text, inputs and contents of their own.
        private mutating func content(_ object: inout JSON, _ name: String, _ kind: Kind) {
            text(&object, name, kind)
            each(&object, name) { walk, part in
                walk.text(&part, "text", kind)
                walk.text(&part, "refusal", kind)
                walk.text(&part, "thinking", kind)
                switch part["type"]?.stringValue {
                case "tool_use", "server_tool_use": walk.leaves(&part, "input", .toolArgument)
                case "tool_result": walk.content(&part, "content", .toolResult)
                case "document":
                    if var source = part["source"], source["type"] == "text" {
                        walk.text(&source, "data", kind)
                        part["source"] = source
                    }
                default: break
                }
            }
        }

        private mutating func text(_ object: inout JSON, _ name: String, _ kind: Kind) {
            guard let text = object[name]?.stringValue, !text.isEmpty, let new = change(kind, text) else { return }
            hasChanged = true
            object[name] = .string(new)
        }

        private mutating func each(_ object: inout JSON, _ name: String, _ body: (inout Walk, inout JSON) -> Void) {
            guard var elements = object[name]?.arrayValue else { return }
            for index in elements.indices { body(&self, &elements[index]) }
            if hasChanged { object[name] = .array(elements) }
        }

        private mutating func leaves(_ object: inout JSON, _ name: String, _ kind: Kind) {
            guard let value = object[name] else { return }
            var isNew = false
            let result = AnswerTexts.leaves(value) { text in
                guard let new = change(kind, text) else { return text }
                isNew = true
                return new
            }
            guard isNew else { return }
            hasChanged = true
            object[name] = result
        }
    }
}
