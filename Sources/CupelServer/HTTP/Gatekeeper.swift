import CupelCore
import Identity

/// Who may come in: the host and origin of a request, then its bearer token or browser session.
struct Gatekeeper: Sendable {
    let hostGuard: HostGuard
    let sessions: Sessions

    /// The cookie of a browser session.
    static let cookie = "cupel_session"

    /// What a request says of itself.
    struct Claim {
        var host: String?
        var origin: String?
        var authorization: String?
        var cookies: [String]
    }

    /// Checks where a request comes from.
    /// - Throws: `host_not_allowed`.
    func checkOrigin(_ claim: Claim) throws { try hostGuard.check(host: claim.host, origin: claim.origin) }

    /// The open session of a request, if it has one.
    func session(_ claim: Claim) -> String? {
        let prefix = Self.cookie + "="
        for header in claim.cookies {
            for pair in header.split(separator: ";") {
                let trimmed = pair.drop { $0 == " " }
                guard trimmed.hasPrefix(prefix) else { continue }
                let session = String(trimmed.dropFirst(prefix.count))
                return sessions.isOpen(session) ? session : nil
            }
        }
        return nil
    }

    /// Checks that a request shows the token or a session.
    /// - Returns: the session, when the caller came with one.
    /// - Throws: `unauthorized`.
    func caller(_ claim: Claim) throws -> String? {
        if let header = claim.authorization {
            let parts = header.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer", sessions.accepts(bearer: String(parts[1])) else {
                throw CupelError(.unauthorized, "The token is not valid; `cupel token` prints the right one.")
            }
            return nil
        }
        guard let session = session(claim) else {
            throw CupelError(
                .unauthorized,
                "A token is needed: send `Authorization: Bearer` with what `cupel token` prints."
            )
        }
        return session
    }
}
