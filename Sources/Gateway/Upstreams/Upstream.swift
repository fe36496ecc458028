package import CupelCore

/// Where a model answers: an endpoint that speaks OpenAI's chat completions.
package struct Upstream: Sendable, Hashable {
    /// What people call it, in settings, errors and records.
    package var name: String
    /// The address up to and without `/chat/completions`, as `http://127.0.0.1:8000/v1`.
    package var baseURL: String
    /// The key that is sent as a bearer token, if it wants one.
    package var apiKey: Secret?
    /// The model that it is asked for.
    package var model: String
    /// What bounds a call to it.
    package var limits: UpstreamLimits

    /// Names an upstream.
    package init(
        name: String,
        baseURL: String,
        apiKey: Secret? = nil,
        model: String,
        limits: UpstreamLimits = UpstreamLimits()
    ) {
        self.name = name
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        self.apiKey = apiKey
        self.model = model
        self.limits = limits
    }
}

/// What bounds a call to an upstream.
package struct UpstreamLimits: Sendable, Hashable {
    /// The most tries that a call may make against transient errors.
    package static let mostTries = 3

    /// Time for the whole call with all its tries.
    package var whole: Duration
    /// Time for a connection with its handshake.
    package var connect: Duration
    /// Time from the request to the answer's head; a model that does not stream thinks before it.
    package var firstByte: Duration
    /// Time between two pieces of the answer.
    package var betweenBytes: Duration
    /// Bytes of an answer.
    package var answerBytes: Int
    /// Tries against transient errors, 1...3.
    package var tries: Int

    /// Limits that fit a chat completion.
    package init(
        whole: Duration = .seconds(120),
        connect: Duration = .seconds(5),
        firstByte: Duration = .seconds(120),
        betweenBytes: Duration = .seconds(30),
        answerBytes: Int = 8 << 20,
        tries: Int = 3
    ) {
        self.whole = whole
        self.connect = connect
        self.firstByte = firstByte
        self.betweenBytes = betweenBytes
        self.answerBytes = answerBytes
        self.tries = min(max(tries, 1), Self.mostTries)
    }
}
