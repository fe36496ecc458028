package import CupelCore
import Synchronization

/// Browser sessions, made by showing the token once; kept in memory, so a restart asks again.
package final class Sessions: Sendable {
    private let token: AccessToken
    private let time: any TimeSource
    private let live = Mutex<[Digest: Timestamp]>([:])
    private let failures = Mutex<[Timestamp]>([])

    /// How long a session lasts.
    package static let lifetime = Duration.seconds(7 * 24 * 3600)
    /// Wrong tokens that are taken within a minute; beyond it nobody signs in until the minute is over.
    package static let maximumFailuresPerMinute = 10
    /// Sessions that may live at once; beyond it the oldest ends.
    package static let maximumLive = 1000

    /// Sessions that a token opens.
    package init(token: AccessToken, time: any TimeSource = SystemTime()) {
        self.token = token
        self.time = time
    }

    /// Whether a bearer token is the right one.
    package func accepts(bearer: String) -> Bool { token.secret.matches(bearer) }

    /// Opens a session for whoever shows the token.
    /// - Throws: `unauthorized` when it is another token, `rate_limit_exceeded` after too many of those.
    package func open(with token: String) throws -> Secret {
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
        let until = time.now + Self.lifetime
        live.withLock { live in
            if live.count >= Self.maximumLive, let oldest = live.min(by: { $0.value < $1.value })?.key {
                live.removeValue(forKey: oldest)
            }
            live[Digest(of: session.expose())] = until
        }
        return session
    }

    /// Whether a session is open.
    package func isOpen(_ session: String) -> Bool {
        let now = time.now
        let key = Digest(of: session)
        return live.withLock { live in
            guard let until = live[key] else { return false }
            if until > now { return true }
            live.removeValue(forKey: key)
            return false
        }
    }

    /// Ends a session.
    package func close(_ session: String) {
        _ = live.withLock { $0.removeValue(forKey: Digest(of: session)) }
    }

    /// The token that a write of a session must carry, so that no other page can make it.
    package func csrfToken(of session: String) -> Secret {
        Secret(Digest(of: "cupel csrf " + session + token.secret.expose()).hex)
    }
}
