package import CupelCore

/// A conversation that a model shall continue, in no provider's words: what every dialect in is read into, and what
/// every dialect out is written from.
package struct ChatRequest: Sendable, Hashable {
    /// The model as the client named it.
    package var model: String
    /// What the model is told before the conversation; system turns from anywhere in it are gathered here.
    package var system: [ChatText] = []
    /// The conversation, oldest first.
    package var turns: [ChatTurn] = []
    /// What the model may call.
    package var tools: [ChatTool] = []
    /// Whether it may, must or must not call; `nil` leaves it to the provider.
    package var toolChoice: ChatToolChoice?
    /// Whether it may call several tools at once; `nil` leaves it to the provider.
    package var allowsParallelTools: Bool?
    /// What the answer's text must look like; `nil` for free text.
    package var shape: ChatShape?
    /// The most tokens of the answer; `nil` leaves it to the provider.
    package var maxOutputTokens: Int?
    /// Randomness, from 0.
    package var temperature: Double?
    /// The share of probability that tokens are drawn from.
    package var topP: Double?
    /// The number of likeliest tokens that are drawn from.
    package var topK: Int?
    /// A penalty on tokens that have occurred.
    package var presencePenalty: Double?
    /// A penalty on tokens by how often they have occurred.
    package var frequencyPenalty: Double?
    /// Texts that end the answer.
    package var stop: [String] = []
    /// Asks for the same answer again.
    package var seed: Int?
    /// How many answers are wanted.
    package var count = 1
    /// How much the model shall think; `nil` leaves it to the provider.
    package var effort: ChatEffort?
    /// Who the client asks for.
    package var user: String?
    /// The client's own notes; carried to providers that keep such.
    package var metadata: JSON?
    /// Whether the answer comes as a stream.
    package var isStream = false
    /// Whether the client asked for usage at the end of an OpenAI stream.
    package var wantsStreamUsage = false

    /// A request without a word in it.
    package init(model: String) { self.model = model }
}

/// One side's part of a conversation.
package struct ChatTurn: Sendable, Hashable {
    /// Who speaks.
    package enum Speaker: Sendable, Hashable {
        /// The person, and the results of tools.
        case user
        /// The model.
        case assistant
    }

    /// Who speaks.
    package var speaker: Speaker
    /// What is said, in order.
    package var parts: [ChatPart]

    /// Something said.
    package init(_ speaker: Speaker, _ parts: [ChatPart]) {
        self.speaker = speaker
        self.parts = parts
    }
}

/// A piece of a turn or of an answer.
package enum ChatPart: Sendable, Hashable {
    case text(ChatText)
    case image(ChatImage)
    case toolCall(ChatToolCall)
    case toolResult(ChatToolResult)
    case reasoning(ChatReasoning)

    /// Plain text.
    package static func text(_ text: String) -> ChatPart { .text(ChatText(text)) }
}

/// How long a prompt cache shall keep what came so far.
package enum ChatCacheMark: String, Sendable, Hashable {
    /// Five minutes.
    case short = "5m"
    /// An hour.
    case long = "1h"
}

/// Some text.
package struct ChatText: Sendable, Hashable {
    /// The text.
    package var text: String
    /// Whether the prompt up to here shall be cached.
    package var cache: ChatCacheMark?

    /// Some text.
    package init(_ text: String, cache: ChatCacheMark? = nil) {
        self.text = text
        self.cache = cache
    }
}

/// An image.
package struct ChatImage: Sendable, Hashable {
    /// Where its bytes are.
    package enum Source: Sendable, Hashable {
        /// The provider fetches it.
        case url(String)
        /// It is here, in base64.
        case data(mediaType: String, base64: String)
    }

    /// Where its bytes are.
    package var source: Source
    /// OpenAI's wish for resolution: `low`, `high` or `auto`.
    package var detail: String?
    /// Whether the prompt up to here shall be cached.
    package var cache: ChatCacheMark?

    /// An image.
    package init(_ source: Source, detail: String? = nil, cache: ChatCacheMark? = nil) {
        self.source = source
        self.detail = detail
        self.cache = cache
    }
}

/// The model's wish that a tool be run.
package struct ChatToolCall: Sendable, Hashable {
    /// What the result refers to.
    package var id: String
    /// The tool.
    package var name: String
    /// A JSON object as text, as the model wrote it.
    package var arguments: String
    /// Gemini's `thoughtSignature` of this call, which it wants back.
    package var signature: String?
    /// Whether the prompt up to here shall be cached.
    package var cache: ChatCacheMark?

    /// A wish.
    package init(
        id: String,
        name: String,
        arguments: String,
        signature: String? = nil,
        cache: ChatCacheMark? = nil
    ) {
        self.id = id
        self.name = name
        self.arguments = arguments
        self.signature = signature
        self.cache = cache
    }
}

/// What a tool answered.
package struct ChatToolResult: Sendable, Hashable {
    /// The ``ChatToolCall/id`` it answers.
    package var callID: String
    /// Texts and images.
    package var parts: [ChatPart]
    /// Whether the tool failed.
    package var isError: Bool
    /// Whether the prompt up to here shall be cached.
    package var cache: ChatCacheMark?

    /// An answer of a tool.
    package init(callID: String, parts: [ChatPart], isError: Bool = false, cache: ChatCacheMark? = nil) {
        self.callID = callID
        self.parts = parts
        self.isError = isError
        self.cache = cache
    }

    /// The texts in one.
    package var text: String {
        parts.compactMap { if case .text(let part) = $0 { part.text } else { nil } }.joined(separator: "\n")
    }
}

/// What a model thought before it answered.
package struct ChatReasoning: Sendable, Hashable {
    /// The thought, or its summary; empty where the provider shows none.
    package var text: String
    /// The provider's seal on it; without it the provider does not take the thought back. Seals of Gemini carry
    /// ``GeminiSeal/mark`` so that no other provider is shown them.
    package var signature: String?
    /// Whether ``signature`` is Anthropic's encrypted thought rather than a seal, and there is no text.
    package var isRedacted: Bool

    /// A thought.
    package init(_ text: String, signature: String? = nil, isRedacted: Bool = false) {
        self.text = text
        self.signature = signature
        self.isRedacted = isRedacted
    }
}

/// A function that the model may call.
package struct ChatTool: Sendable, Hashable {
    /// Its name.
    package var name: String
    /// What it does, for the model.
    package var description: String?
    /// The JSON schema of its arguments; `nil` for none.
    package var schema: JSON?
    /// Whether the arguments must match the schema.
    package var isStrict: Bool?
    /// Whether the prompt up to here shall be cached.
    package var cache: ChatCacheMark?

    /// A function.
    package init(
        name: String,
        description: String? = nil,
        schema: JSON? = nil,
        isStrict: Bool? = nil,
        cache: ChatCacheMark? = nil
    ) {
        self.name = name
        self.description = description
        self.schema = schema
        self.isStrict = isStrict
        self.cache = cache
    }
}

/// Whether a model may call tools.
package enum ChatToolChoice: Sendable, Hashable {
    /// As it sees fit.
    case auto
    /// Not at all.
    case none
    /// At least one.
    case required
    /// This one.
    case named(String)
}

/// What the text of an answer must look like.
package enum ChatShape: Sendable, Hashable {
    /// Any JSON object.
    case object
    /// JSON that matches a schema.
    case schema(name: String, description: String?, schema: JSON, isStrict: Bool?)
}

/// How much a model shall think.
package enum ChatEffort: Sendable, Hashable {
    /// Not at all.
    case off
    /// As much as it sees fit.
    case adaptive
    /// OpenAI's words: `minimal`, `low`, `medium`, `high`, and what models add to them.
    case level(String)
    /// At most so many tokens.
    case tokens(Int)

    /// Tokens for a word, and words for tokens, where a provider speaks only the other.
    package var tokens: Int? {
        switch self {
        case .off: 0
        case .adaptive: nil
        case .tokens(let count): count
        case .level(let word):
            switch word {
            case "none": 0
            case "minimal", "low": 2_048
            case "medium": 8_192
            case "high": 24_576
            default: 32_768
            }
        }
    }

    /// OpenAI's word; `nil` leaves it to the provider.
    package var level: String? {
        switch self {
        case .off, .adaptive: nil
        case .level(let word): word
        case .tokens(let count): count <= 4_096 ? "low" : count <= 16_384 ? "medium" : "high"
        }
    }
}
