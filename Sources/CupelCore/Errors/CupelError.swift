// CupelCore: what every other target stands on: identifiers, errors, configuration, clock, JSON, redaction.
// It depends on no other target of ours but the C shim.

/// Something that went wrong and that a caller, a client or a person branches on.
///
/// `message` is for a person and says what to do; `cause` is for the log and never leaves the process.
public struct CupelError: Error, Sendable {
    /// The stable code; its status and its advice stand in ``ErrorCode/all``.
    public var code: ErrorCode
    /// What happened and what to do, in a sentence or two; holds no secret.
    public var message: String
    /// The fields that are wrong, where the input has fields.
    public var fields: [FieldProblem]
    /// Seconds after which trying again makes sense, where that is known.
    public var retryAfterSeconds: Int?
    /// What lay beneath, kept for the log.
    public var cause: (any Error)?

    /// Makes an error of a known code.
    public init(
        _ code: ErrorCode,
        _ message: String,
        fields: [FieldProblem] = [],
        retryAfterSeconds: Int? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.fields = fields
        self.retryAfterSeconds = retryAfterSeconds
        self.cause = cause
    }
}

extension CupelError: CustomStringConvertible {
    public var description: String {
        let detail = fields.map { "\($0.field): \($0.message)" }.joined(separator: "; ")
        let base = detail.isEmpty ? message : "\(message) (\(detail))"
        return cause.map { "\(code.rawValue): \(base) [\($0)]" } ?? "\(code.rawValue): \(base)"
    }
}

/// One field of an input that is wrong, and why.
public struct FieldProblem: Sendable, Hashable {
    /// The field's path, as `messages[2].role`.
    public var field: String
    /// What is wrong and what is allowed.
    public var message: String

    /// Names a wrong field.
    public init(_ field: String, _ message: String) {
        self.field = field
        self.message = message
    }
}
