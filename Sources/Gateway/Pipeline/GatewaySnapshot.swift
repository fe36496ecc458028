import CupelCore

/// What decides about calls, all of one moment: swapped whole when keys, prices, providers or the policy change.
package struct GatewaySnapshot: Sendable {
    /// Whose key this is; `nil` for one that is not known.
    var caller: @Sendable (String) -> Caller?
    /// Who calls without a key; `nil` where a key is needed.
    var anonymous: Caller?
    /// What a model's name means to a caller.
    /// - Throws: `model_not_available`, `no_llm_configured`, `policy_violation`.
    var route: @Sendable (String, Caller, CallNeeds) throws(CupelError) -> CallRoute
    /// The upstreams that calls may go to.
    var targets: [UpstreamTarget]
    /// What the list of models shows to a caller.
    var models: @Sendable (Caller) -> [ListedModel]

    init(
        caller: @escaping @Sendable (String) -> Caller? = { _ in nil },
        anonymous: Caller? = nil,
        targets: [UpstreamTarget] = [],
        models: @escaping @Sendable (Caller) -> [ListedModel] = { _ in [] },
        route: @escaping @Sendable (String, Caller, CallNeeds) throws(CupelError) -> CallRoute
    ) {
        self.caller = caller
        self.anonymous = anonymous
        self.targets = targets
        self.models = models
        self.route = route
    }

    /// Nothing is known yet: every call is told to come back.
    package static let empty = GatewaySnapshot { _, _, _ throws(CupelError) in
        throw CupelError(.shuttingDown, "The gateway is starting.", retryAfterSeconds: 1)
    }
}

/// What a call needs of a model beside its name.
struct CallNeeds: Hashable, Sendable {
    /// The endpoint.
    var endpoint: Endpoint
    /// The contract that the request states in `x-cupel-contract`.
    var contract: String?
}

/// What of `/v1` is asked for.
enum Endpoint: Hashable, Sendable {
    case chatCompletions
    case responses
    case messages
    case countTokens
    case embeddings
    case models
    case model(String)

    /// The endpoint of a request target; `nil` for what is not offered.
    init?(_ target: String) {
        let path = target.utf8.firstIndex(of: UInt8(ascii: "?")).map { target[..<$0] } ?? target[...]
        switch path {
        case "/v1/chat/completions": self = .chatCompletions
        case "/v1/messages": self = .messages
        case "/v1/responses": self = .responses
        case "/v1/embeddings": self = .embeddings
        case "/v1/messages/count_tokens": self = .countTokens
        case "/v1/models", "/v1/models/": self = .models
        case _ where path.hasPrefix("/v1/models/"): self = .model(String(path.dropFirst("/v1/models/".utf8.count)))
        default: return nil
        }
    }

    /// Whether it is read and not posted to.
    var isRead: Bool {
        switch self {
        case .models, .model: true
        default: false
        }
    }

    /// The word in records and metrics.
    var word: String {
        switch self {
        case .chatCompletions: "chat.completions"
        case .responses: "responses"
        case .messages: "messages"
        case .countTokens: "count_tokens"
        case .embeddings: "embeddings"
        case .models, .model: "models"
        }
    }

    /// The dialect that its errors and answers speak.
    var dialect: ClientDialect {
        switch self {
        case .messages, .countTokens: .messages
        case .responses: .responses
        case .chatCompletions, .embeddings, .models, .model: .chatCompletions
        }
    }
}
