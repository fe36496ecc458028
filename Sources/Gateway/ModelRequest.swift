package import CupelCore

/// What a model is asked.
package struct ModelRequest: Sendable, Hashable {
    /// One turn of the conversation.
    package struct Message: Sendable, Hashable {
        /// Who speaks.
        package enum Role: String, Sendable, Hashable {
            case user
            case assistant
        }

        /// Who speaks.
        package var role: Role
        /// What is said.
        package var text: String

        /// One turn.
        package init(_ role: Role, _ text: String) {
            self.role = role
            self.text = text
        }
    }

    /// The shape that the answer must have.
    package struct Shape: Sendable, Hashable {
        /// A name for it: letters, digits, `_` and `-`, at most 64.
        package var name: String
        /// A JSON schema of an object.
        package var schema: JSON
        /// Whether the schema keeps to the subset that OpenAI calls strict.
        package var isStrict: Bool

        /// Names a shape.
        package init(name: String = "answer", schema: JSON, isStrict: Bool = false) {
            self.name = name
            self.schema = schema
            self.isStrict = isStrict
        }
    }

    /// What the model is told to be.
    package var system: String?
    /// The conversation; the last turn is the user's.
    package var messages: [Message]
    /// The shape of the answer; `nil` for free text.
    package var shape: Shape?
    /// Tokens after which the answer is cut.
    package var maxTokens: Int
    /// How much chance there is; `nil` leaves it to the upstream.
    package var temperature: Double?
    /// A seed, for upstreams that repeat themselves with one.
    package var seed: Int?
    /// What the call is for, in the record: `playbook.generate`.
    package var purpose: String

    /// Asks for an answer.
    package init(
        system: String? = nil,
        messages: [Message],
        shape: Shape? = nil,
        maxTokens: Int = 1024,
        temperature: Double? = nil,
        seed: Int? = nil,
        purpose: String
    ) {
        self.system = system
        self.messages = messages
        self.shape = shape
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.seed = seed
        self.purpose = purpose
    }
}
