/// What a client's answer carries besides what the model said.
package struct ClientFrame: Sendable, Hashable {
    /// Our identifier of the call; stands where the provider gave the answer none.
    package var id: String
    /// Seconds since 1970 at which the answer was made.
    package var created: Int
    /// The model's name that the client is shown; `nil` shows the provider's.
    package var model: String?
    /// Whether a stream of chat completions ends with a chunk of usage; the other dialects always say it.
    package var includesUsage: Bool

    /// What surrounds an answer.
    package init(id: String, created: Int, model: String? = nil, includesUsage: Bool = false) {
        self.id = id
        self.created = created
        self.model = model
        self.includesUsage = includesUsage
    }

    /// The answer's name in the client's dialect.
    func id(_ provider: String, _ prefix: String) -> String { provider.isEmpty ? prefix + id : provider }

    /// The model that the client is shown.
    func model(_ provider: String) -> String { model ?? provider }
}
