import CHiredis
import CupelCore

/// What Redis answered.
package enum RedisReply: Sendable, Hashable {
    case null
    case integer(Int64)
    case status(String)
    case bytes([UInt8])
    case error(String)
    case array([RedisReply])

    /// The bytes of a string, `nil` for anything else.
    package var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }

    /// The text of a string or a status, `nil` for anything else.
    package var text: String? {
        switch self {
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .status(let text): text
        default: nil
        }
    }

    /// The whole number, also when it came as a text.
    package var integer: Int64? {
        if case .integer(let value) = self { value } else { text.flatMap { Int64($0) } }
    }

    /// The elements of an array, `nil` for anything else.
    package var elements: [RedisReply]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The answer, or the error that it is.
    /// - Throws: `storage_unavailable` when Redis cannot serve us now, `internal_error` when it refused the command.
    package func orThrow() throws -> RedisReply {
        guard case .error(let text) = self else { return self }
        throw Self.failure(text)
    }

    /// Errors of Redis that another try, or the operator, can mend; by the first word of the message.
    private static let unavailable: [String: String] = [
        "OOM": "it is full; raise its maxmemory or let it evict (maxmemory-policy)",
        "LOADING": "it is still loading its data",
        "READONLY": "it is a read-only replica; name the primary in redis.url",
        "MASTERDOWN": "it is a replica that lost its primary",
        "MISCONF": "it cannot write its snapshots to disk; see its log",
        "BUSY": "it is busy with a script",
        "CLUSTERDOWN": "its cluster is down",
        "NOAUTH": "it wants a password; set it in redis.url",
        "WRONGPASS": "the user or password of redis.url is wrong",
        "NOPERM": "the user of redis.url may not do this; see ACL SETUSER",
    ]

    static func failure(_ text: String) -> CupelError {
        let word = String(text.prefix { $0 != " " })
        let cause = CupelError(.internalError, Redactor.shared.redact(text))
        if let advice = unavailable[word] {
            return CupelError(.storageUnavailable, "Redis cannot serve us: \(advice).", cause: cause)
        }
        return CupelError(.internalError, "Redis refused a command.", cause: cause)
    }

    /// Copies what hiredis parsed.
    init(_ reply: UnsafePointer<redisReply>) {
        let raw = reply.pointee
        switch raw.type {
        case REDIS_REPLY_INTEGER: self = .integer(raw.integer)
        case REDIS_REPLY_STRING: self = .bytes(Self.copied(raw))
        case REDIS_REPLY_STATUS: self = .status(String(decoding: Self.copied(raw), as: UTF8.self))
        case REDIS_REPLY_ERROR: self = .error(String(decoding: Self.copied(raw), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            self = .array(
                (0..<raw.elements).map { index in
                    raw.element?[index].map { RedisReply(UnsafePointer($0)) } ?? .null
                }
            )
        default: self = .null
        }
    }

    private static func copied(_ raw: redisReply) -> [UInt8] {
        guard let start = raw.str else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: raw.len))
    }
}
