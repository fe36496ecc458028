import CupelCore

/// Refuses requests that another web page made the browser send: a page can reach 127.0.0.1, but it cannot choose the
/// Host and Origin that the browser writes.
package struct HostGuard: Sendable {
    private let allowed: Set<String>

    /// A guard that lets these host names through, and loopback always.
    package init(allowedHosts: [String]) {
        allowed = Set(allowedHosts.map { $0.lowercased() }).union(["localhost", "127.0.0.1", "[::1]"])
    }

    /// Checks the two headers.
    /// - Throws: `host_not_allowed` naming what was sent.
    package func check(host: String?, origin: String?) throws {
        guard let host, allowed.contains(Self.name(of: host)) else {
            throw CupelError(
                .hostNotAllowed,
                "The host '\(host ?? "")' is not one of ours; add it to server.allowed_hosts."
            )
        }
        guard let origin else { return }
        // A browser writes Origin on every write and every cross-site read; it must be the page's own host.
        let parts = origin.split(separator: "://", maxSplits: 1)
        guard parts.count == 2, ["http", "https"].contains(parts[0]), parts[1].lowercased() == host.lowercased() else {
            throw CupelError(.hostNotAllowed, "The origin '\(origin)' is not this server.")
        }
    }

    /// The name of `name:port`, in lower case; an IPv6 address keeps its brackets.
    private static func name(of host: String) -> String {
        let lowered = host.lowercased()
        if lowered.hasPrefix("["), let end = lowered.firstIndex(of: "]") { return String(lowered[...end]) }
        return String(lowered.prefix { $0 != ":" })
    }
}
