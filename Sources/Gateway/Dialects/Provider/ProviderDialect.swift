package import CupelCore
import OrderedCollections

/// The wire formats that providers speak.
package enum ProviderDialect: String, Sendable, Hashable, CaseIterable {
    /// OpenAI's chat completions, and the many who copy them. Paths follow an address that ends in `/v1`.
    case openAI = "openai"
    /// Anthropic's messages. Paths follow an address without `/v1`.
    case anthropic
    /// Google's Gemini (ai.google.dev/api/generate-content). Paths follow an address that ends in `/v1beta`.
    case gemini
    /// AWS Bedrock's Converse. Paths follow `https://bedrock-runtime.<region>.amazonaws.com`.
    case bedrock

    /// The dialect of clients whose bodies pass through to such a provider as they are; the provider's responses
    /// endpoint, where it has one, is another such dialect.
    package var passage: ClientDialect? {
        switch self {
        case .openAI: .chatCompletions
        case .anthropic: .messages
        case .gemini, .bedrock: nil
        }
    }
}

/// In what a provider or a model differs from others of its dialect.
package struct ProviderTraits: Sendable, Hashable {
    /// The limit on tokens for dialects that need one when the client names none.
    package var defaultMaxOutputTokens: Int
    /// Whether an OpenAI dialect knows `max_completion_tokens`; elsewhere the limit is `max_tokens`.
    package var knowsMaxCompletionTokens: Bool
    /// Whether an OpenAI dialect knows `stream_options.include_usage`.
    package var knowsStreamUsage: Bool
    /// Whether an OpenAI dialect knows `top_k`.
    package var knowsTopK: Bool
    /// Whether an OpenAI dialect knows `user`.
    package var knowsUser: Bool
    /// Whether an OpenAI dialect wants `reasoning_content` of earlier turns back.
    package var takesThoughtsBack: Bool
    /// Whether an Anthropic model is told an effort rather than a budget of tokens for its thoughts.
    package var thinksAdaptively: Bool
    /// Whether a Gemini model is told a level rather than a budget of tokens, and insists on its seals at tool calls.
    package var thinksInLevels: Bool

    /// A provider like the one that the dialect is named after.
    package init(
        defaultMaxOutputTokens: Int = 4_096,
        knowsMaxCompletionTokens: Bool = true,
        knowsStreamUsage: Bool = true,
        knowsTopK: Bool = false,
        knowsUser: Bool = true,
        takesThoughtsBack: Bool = false,
        thinksAdaptively: Bool = false,
        thinksInLevels: Bool = false
    ) {
        self.defaultMaxOutputTokens = defaultMaxOutputTokens
        self.knowsMaxCompletionTokens = knowsMaxCompletionTokens
        self.knowsStreamUsage = knowsStreamUsage
        self.knowsTopK = knowsTopK
        self.knowsUser = knowsUser
        self.takesThoughtsBack = takesThoughtsBack
        self.thinksAdaptively = thinksAdaptively
        self.thinksInLevels = thinksInLevels
    }
}

/// A request to a provider, without the credential.
package struct ProviderRequest: Sendable, Hashable {
    /// A header.
    package struct Header: Sendable, Hashable {
        /// The name in lower case.
        package var name: String
        /// The value.
        package var value: String
    }

    /// The path after the provider's address, with the query.
    package var path: String
    /// The headers that the format asks for.
    package var headers: [Header]
    /// The JSON.
    package var body: [UInt8]

    init(_ path: String, _ body: JSON, headers: [Header] = []) {
        self.path = path
        self.body = body.bytes()
        self.headers = [Header(name: "content-type", value: "application/json")] + headers
    }
}

extension ProviderDialect {
    /// Bounds of an answer's body.
    static let answerLimits = JSONLimits(bytes: 64 << 20, depth: 128, values: 2_000_000)

    /// Writes a request for `model`, which is the provider's name for it.
    /// - Throws: ``CupelError`` `validation_error` naming the field that this provider has no way to honour.
    package func request(
        _ request: ChatRequest,
        model: String,
        traits: ProviderTraits = ProviderTraits()
    ) throws(CupelError) -> ProviderRequest {
        if request.count > 1 {
            throw WireValue(.null, "n").wrong("must be 1 for a provider of another dialect; ask several times")
        }
        return switch self {
        case .openAI: try OpenAIRequest(request, model, traits).request
        case .anthropic: try AnthropicRequest(request, model, traits).request
        case .gemini: try GeminiRequest(request, model, traits).request
        case .bedrock: try BedrockRequest(request, model, traits).request
        }
    }

    /// Reads the body of a 200.
    /// - Throws: ``ProviderFault`` `garbled` when it is not what the format says, or the error that stands in it.
    package func answer(_ body: [UInt8]) throws(ProviderFault) -> ChatAnswer {
        let json: JSON
        do {
            json = try JSON(parsing: body, limits: Self.answerLimits)
        } catch {
            throw ProviderFault(.garbled, "its answer is no JSON: \(error)")
        }
        if let error = json["error"], error != .null { throw fault(status: nil, error: json) }
        return switch self {
        case .openAI: try OpenAIAnswer.read(json)
        case .anthropic: try AnthropicAnswer.read(json)
        case .gemini: try GeminiAnswer.read(json)
        case .bedrock: try BedrockAnswer.read(json)
        }
    }
}

extension ChatRequest {
    /// The turns with those of one speaker that follow each other made one, as some providers insist.
    var alternatingTurns: [ChatTurn] {
        var result: [ChatTurn] = []
        for turn in turns where !turn.parts.isEmpty {
            if result.last?.speaker == turn.speaker {
                result[result.count - 1].parts += turn.parts
            } else {
                result.append(turn)
            }
        }
        return result
    }

    /// What a provider is told that knows no mode for "any JSON object".
    static let objectInstruction = "Answer with one JSON object and nothing else."

    /// Refuses penalties.
    func refusePenalties() throws(CupelError) {
        if let value = presencePenalty, value != 0 {
            throw WireValue(.null, "presence_penalty").wrong("is not known to this provider; leave it out")
        }
        if let value = frequencyPenalty, value != 0 {
            throw WireValue(.null, "frequency_penalty").wrong("is not known to this provider; leave it out")
        }
    }
}

extension ChatToolCall {
    /// The arguments as an object.
    /// - Throws: ``CupelError`` `validation_error` when they are none.
    func strictArguments() throws(CupelError) -> JSON {
        if arguments.isEmpty { return .object([:]) }
        let limits = JSONLimits(bytes: 8 << 20, depth: 128, values: 1_000_000)
        guard let json = try? JSON(parsing: arguments, limits: limits), case .object = json else {
            throw WireValue(.null, "arguments").wrong("of the tool call \(id.prefix(64)) must be a JSON object")
        }
        return json
    }
}
