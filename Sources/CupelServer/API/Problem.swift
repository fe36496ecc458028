package import CupelCore

/// The one table at the edge: what is thrown becomes a problem answer (RFC 9457).
package struct Problem: Sendable {
    /// The answer's status.
    package let status: Int
    /// The answer's body.
    package let json: JSON
    /// Seconds for `Retry-After`.
    package let retryAfterSeconds: Int?
    /// Whether it was unexpected, so that the log must carry its cause.
    package let isUnexpected: Bool

    /// What a client is told of an error: codes and messages of ours; of anything else nothing but its request.
    package init(_ error: any Error, requestID: String) {
        let known = (error as? CupelError) ?? CupelError(.internalError, "An unexpected error.", cause: error)
        isUnexpected = known.code.status >= 500 && known.code.status != 503 && known.code.status != 502
        status = known.code.status
        retryAfterSeconds = known.retryAfterSeconds
        let detail =
            known.code == .internalError
            ? "An unexpected error; the log has it under this request_id." : Redactor.shared.redact(known.message)
        var body: JSON = [
            "type": .string(known.code.rawValue), "title": .string(known.code.title),
            "status": .integer(Int64(known.code.status)), "detail": .string(detail), "request_id": .string(requestID),
        ]
        if !known.fields.isEmpty {
            body["errors"] = .array(
                known.fields.map {
                    ["field": .string($0.field), "message": .string(Redactor.shared.redact($0.message))]
                }
            )
        }
        json = body
    }
}
