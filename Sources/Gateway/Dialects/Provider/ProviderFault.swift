package import CupelCore

/// Why a provider did not give an answer, or stopped giving it.
package struct ProviderFault: Error, Sendable, Hashable {
    /// What kind of trouble it is.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// We ask too often.
        case rateLimited
        /// The provider has more to do than it can.
        case overloaded
        /// The request is wrong.
        case invalid
        /// The credential is wrong or may not do this.
        case auth
        /// The account at the provider has no money left.
        case quotaSpent
        /// The provider does not know the model.
        case unknownModel
        /// The conversation is longer than the model can hold.
        case contextTooLarge
        /// The provider's filter refused.
        case contentFiltered
        /// The provider is broken.
        case server
        /// What came is not what the format says.
        case garbled
        /// The answer ended in the middle.
        case cut
    }

    /// What kind of trouble it is.
    package var kind: Kind
    /// The provider's words, bounded and without credentials, or ours for what is garbled or cut.
    package var message: String
    /// The status of the answer; `nil` inside a stream.
    package var status: Int?
    /// Seconds after which the provider wants to be asked again.
    package var retryAfterSeconds: Int?

    /// Some trouble. The message is bounded and masked here.
    package init(_ kind: Kind, _ message: String, status: Int? = nil, retryAfterSeconds: Int? = nil) {
        self.kind = kind
        self.message = Self.presentable(message)
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// Whether the same request may well succeed a moment later, or at another provider.
    package var isTransient: Bool {
        switch kind {
        case .rateLimited, .overloaded, .server, .cut, .garbled: true
        case .invalid, .auth, .quotaSpent, .unknownModel, .contextTooLarge, .contentFiltered: false
        }
    }

    /// The error for whoever asked; `provider` is a name for people.
    package func error(provider: String) -> CupelError {
        let (code, what): (ErrorCode, String) =
            switch kind {
            case .rateLimited: (.providerRateLimited, "limits us")
            case .overloaded: (.providerRateLimited, "is overloaded")
            case .invalid: (.providerRejected, "refuses the request")
            case .auth: (.providerConnectionFailed, "refuses our credential")
            case .quotaSpent: (.providerConnectionFailed, "has no credit left for us")
            case .unknownModel: (.modelNotAvailable, "does not know the model")
            case .contextTooLarge: (.contextTooLarge, "cannot hold a conversation this long")
            case .contentFiltered: (.providerRejected, "refuses the content")
            case .server: (.providerConnectionFailed, "is broken")
            case .garbled: (.providerConnectionFailed, "is not understood")
            case .cut: (.providerConnectionFailed, "ended its answer in the middle")
            }
        let detail = message.isEmpty ? "." : ": \(message)"
        let end = detail.hasSuffix(".") ? "" : "."
        return CupelError(
            code,
            "\(provider) \(what)\(detail)\(end)",
            retryAfterSeconds: retryAfterSeconds,
            cause: self
        )
    }

    private static func presentable(_ text: String) -> String {
        let line = text.prefix(600).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return Redactor.shared.redact(String(line.prefix(300)))
    }
}
