package import CupelCore
package import Storage
import Synchronization

/// Browser sessions, made by showing the token once; kept where the keeper keeps them: in memory, so that a restart asks
/// again, or in Redis for all replicas that have the same token.
package final class Sessions: Sendable {
    private let token: AccessToken
    private let time: any TimeSource
    private let keeper: any SessionKeeper
    /// Kept with a session, so that it opens nothing where another token rules.
    private let mark: [UInt8]
    private let failures = Mutex<[Timestamp]>([])

    /// How long a session lasts.
    package static let lifetime = Duration.seconds(7 * 24 * 3600)
    /// Wrong tokens that are taken within a minute; beyond it nobody signs in until the minute is over.
    package static let maximumFailuresPerMinute = 10

    /// Sessions that a token opens.
    package init(token: AccessToken, keeper: any SessionKeeper, time: any TimeSource = SystemTime()) {
        self.token = token
        self.keeper = keeper
        mark = Digest(of: "cupel session " + token.secret.expose()).bytes
        self.time = time
    }

    /// Whether a bearer token is the right one.
    package func accepts(bearer: String) -> Bool { token.secret.matches(bearer) }

    /// Opens a session for whoever shows the token.
    /// - Throws: `unauthorized` when it is another token, `rate_limit_exceeded` after too many of those.
    package func open(with token: String) async throws -> Secret {
        let minuteAgo = time.now + .seconds(-60)
        let recent = failures.withLock { failures in
            failures.removeAll { $0 <= minuteAgo }
            return failures.count
        }
        guard recent < Self.maximumFailuresPerMinute else {
            throw CupelError(.rateLimitExceeded, "Too many wrong tokens; wait a minute.", retryAfterSeconds: 60)
        }
        guard accepts(bearer: token) else {
            failures.withLock { $0.append(time.now) }
            throw CupelError(.unauthorized, "That is not the token; `cupel token` prints it.")
        }
        var generator = SystemRandomNumberGenerator()
        let session = Secret(
            "\(generator.next() as UInt64)-\(generator.next() as UInt64)-\(generator.next() as UInt64)"
        )
        let record = SessionRecord(until: time.now + Self.lifetime, data: mark)
        try await keeper.open(Digest(of: session.expose()), record)
        return session
    }

    /// Whether a session is open.
    package func isOpen(_ session: String) async -> Bool {
        await keeper.find(Digest(of: session))?.data == mark
    }

    /// Whether this process has seen a session open, for those who cannot wait for an answer.
    package func isKnown(_ session: String) -> Bool { keeper.seen(Digest(of: session))?.data == mark }

    /// Ends a session.
    package func close(_ session: String) async { await keeper.close(Digest(of: session)) }

    /// The token that a write of a session must carry, so that no other page can make it.
    package func csrfToken(of session: String) -> Secret {
        Secret(Digest(of: "cupel csrf " + session + token.secret.expose()).hex)
    }
}
