// Identity: who asks. Here the one token of a data directory and browser sessions made with it; people, roles and
// keys join them.

package import CupelCore
import Glibc

/// The token of a data directory: whoever can read the file may use the API.
package struct AccessToken: Sendable {
    /// The token itself.
    package let secret: Secret

    /// The prefix by which a leaked token is recognised.
    package static let prefix = "cupel_"

    /// Reads the token, or makes it: 32 random bytes in a file of mode 0600.
    /// - Throws: `storage_unavailable` when it cannot be written; `configuration_invalid` when others may read it.
    package static func loadOrMake(at path: String) throws -> AccessToken {
        if let token = try load(at: path) { return token }
        var generator = SystemRandomNumberGenerator()
        let text = prefix + (0..<4).map { _ in hex(generator.next()) }.joined()
        try BoundedFile.replace(path, with: Array((text + "\n").utf8), mode: 0o600)
        return AccessToken(secret: Secret(text))
    }

    /// Reads the token, when there is one.
    /// - Throws: `configuration_invalid` when others may read it or it is no token.
    package static func load(at path: String) throws -> AccessToken? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        guard status.st_mode & 0o077 == 0 else {
            throw CupelError(.configurationInvalid, "\(path) can be read by others; run: chmod 600 \(path)")
        }
        let text = try BoundedFile.text(at: path, limit: 4096)
        let token = text.hasSuffix("\n") ? String(text.dropLast()) : text
        guard token.hasPrefix(prefix), token.utf8.count >= 32 else {
            throw CupelError(.configurationInvalid, "\(path) holds no token; remove it and start again.")
        }
        return AccessToken(secret: Secret(token))
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
