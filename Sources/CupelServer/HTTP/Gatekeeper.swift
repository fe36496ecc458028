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
    func session(_ claim: Claim) async -> String? {
        guard let given = cookie(claim), await sessions.isOpen(given) else { return nil }
        return given
    }

    /// The session that a request says it has.
    private func cookie(_ claim: Claim) -> String? {
        let prefix = Self.cookie + "="
        for header in claim.cookies {
            for pair in header.split(separator: ";") {
                let trimmed = pair.drop { $0 == " " }
                guard trimmed.hasPrefix(prefix) else { continue }
                return String(trimmed.dropFirst(prefix.count))
            }
        }
        return nil
    }

    /// Checks that a request shows the token or a session.
    /// - Returns: the session, when the caller came with one.
    /// - Throws: `unauthorized`.
    func caller(_ claim: Claim) async throws -> String? {
        if try showsToken(claim) { return nil }
        guard let session = await session(claim) else { throw Self.nothingShown }
        return session
    }

    /// Checks the same where nobody can wait: a session must be one that this process has seen.
    /// - Throws: `unauthorized`.
    func checkAtOnce(_ claim: Claim) throws {
        if try showsToken(claim) { return }
        guard let given = cookie(claim), sessions.isKnown(given) else { throw Self.nothingShown }
    }

    /// Whether the request has the token.
    /// - Throws: `unauthorized` when it has another.
    private func showsToken(_ claim: Claim) throws -> Bool {
        guard let header = claim.authorization else { return false }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", sessions.accepts(bearer: String(parts[1])) else {
            throw CupelError(.unauthorized, "The token is not valid; `cupel token` prints the right one.")
        }
        return true
    }

    private static let nothingShown = CupelError(
        .unauthorized,
        "A token is needed: send `Authorization: Bearer` with what `cupel token` prints."
    )
}
