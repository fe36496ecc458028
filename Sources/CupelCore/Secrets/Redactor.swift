import Synchronization

/// Masks what must not be shown: the secrets that this process holds, and what plainly looks like a credential.
///
/// It is the last line before a log, an error or a page; the gauntlet's secrets layer is the thorough one.
public final class Redactor: Sendable {
    /// The registry of this process; secrets are facts about the process, not about a component.
    public static let shared = Redactor()

    /// What stands in a secret's place.
    public static let mask = "[redacted]"

    /// Secrets shorter than this are not searched for: masking them would garble ordinary text.
    package static let minimumBytes = 6

    private let known = Mutex<Set<String>>([])

    /// An empty registry.
    public init() {}

    /// Remembers a secret that must be masked from now on.
    public func register(_ secret: String) {
        guard secret.utf8.count >= Self.minimumBytes else { return }
        _ = known.withLock { $0.insert(secret) }
    }

    /// The text with every known secret, bearer credential and URL password masked.
    public func redact(_ text: String) -> String {
        var result = text
        for secret in known.withLock({ $0 }) where result.contains(secret) {
            result = result.split(separator: secret, omittingEmptySubsequences: false).joined(separator: Self.mask)
        }
        result = maskAfter("Bearer ", in: result)
        result = maskAfter("Basic ", in: result)
        return maskURLPasswords(in: result)
    }

    /// Masks the run of token characters after each occurrence of `prefix`.
    private func maskAfter(_ prefix: String, in text: String) -> String {
        guard text.contains(prefix) else { return text }
        var parts = text.split(separator: prefix, omittingEmptySubsequences: false).map(String.init)
        for index in parts.indices.dropFirst() {
            let rest = parts[index].drop { Self.isToken($0) }
            if parts[index].utf8.count - rest.utf8.count >= Self.minimumBytes { parts[index] = Self.mask + rest }
        }
        return parts.joined(separator: prefix)
    }

    /// Masks `secret` in `scheme://user:secret@host`.
    private func maskURLPasswords(in text: String) -> String {
        guard text.contains("://"), text.contains("@") else { return text }
        var parts = text.split(separator: "://", omittingEmptySubsequences: false).map(String.init)
        for index in parts.indices.dropFirst() {
            let end = parts[index].firstIndex { $0 == "/" || $0.isWhitespace || $0 == "\"" } ?? parts[index].endIndex
            let authority = parts[index][..<end]
            guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
                continue
            }
            parts[index] = parts[index][...colon] + Self.mask + parts[index][at...]
        }
        return parts.joined(separator: "://")
    }

    private static func isToken(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "-._~+/=".contains(character))
    }
}
