import CupelCore
import Synchronization

/// A Lua script that runs in Redis as one step. It is named by the digest that Redis gave it, and sent whole again when
/// Redis has forgotten it, as it does when it restarts.
final class RedisScript: Sendable {
    private let text: String
    private let digest = Mutex<String?>(nil)

    init(_ text: String) { self.text = text }

    /// Runs the script on one key.
    func run(_ client: RedisClient, key: String, _ arguments: [any RedisArgument]) async throws -> RedisReply {
        let rest: [any RedisArgument] = [1, key] + arguments
        if let known = digest.withLock({ $0 }) {
            let reply = try await client.pipeline([RedisCommand("EVALSHA", arguments: [known] + rest)]).first ?? .null
            guard case .error(let text) = reply, text.hasPrefix("NOSCRIPT") else { return try reply.orThrow() }
        }
        // EVAL runs the script and makes Redis remember it; SCRIPT LOAD tells its name.
        let replies = try await client.pipeline([
            RedisCommand("SCRIPT", "LOAD", text), RedisCommand("EVAL", arguments: [text] + rest),
        ])
        if let name = replies.first?.text { digest.withLock { $0 = name } }
        return try (replies.last ?? .null).orThrow()
    }
}
