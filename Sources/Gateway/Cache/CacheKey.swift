package import CupelCore
import OrderedCollections

/// What makes two questions the same: who asks, in which dialect, of which model, under which policy, and every member
/// of the request that shapes the answer.
package struct CacheKey: Sendable, Hashable {
    /// Who asks; an answer is never given to another.
    package let tenant: String
    /// The SHA-256 of everything, the tenant included.
    package let digest: Digest

    /// Members of a request that do not shape the answer: how it is sent, and who is behind it.
    package static let idleMembers: Set<String> = [
        "metadata", "model", "prompt_cache_key", "safety_identifier", "stream", "stream_options", "user",
    ]

    /// The key of a question.
    /// - Parameters:
    ///   - request: the request's body; members in another order or with other space between them are the same.
    ///   - model: the name that decides who answers, in place of the body's.
    ///   - policyVersion: what changes when the policy does, so that no answer outlives the policy it was given under.
    package init(tenant: String, dialect: String, model: String, policyVersion: String, request: JSON) {
        self.tenant = tenant
        var hash = SHA256()
        for part in [tenant, dialect, model, policyVersion] {
            // Each part with its length, so that no two lists of parts run together to the same bytes.
            hash.update(Array("\(part.utf8.count):\(part);".utf8))
        }
        var question = request
        if case .object(let members) = request {
            question = .object(members.filter { !Self.idleMembers.contains($0.key) })
        }
        hash.update(question.bytes(.canonical))
        digest = Digest(finishing: &hash)
    }

    /// Whether the answer to a request depends on it alone: what refers to state that the upstream keeps, or leaves
    /// something there, is not cached.
    package static func isCacheable(_ request: JSON) -> Bool {
        for member in ["previous_response_id", "conversation", "container", "background"] {
            if let value = request[member], !value.isNull, value != false { return false }
        }
        return request["store"] != true && request.objectValue != nil
    }
}
