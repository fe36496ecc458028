package import CupelCore

extension ClientDialect {
    /// The status that an error is answered with: our table's, but that a wrong field is 400 as both dialects have it.
    package static func status(of error: CupelError) -> Int {
        error.code == .validationError ? 400 : error.code.status
    }

    /// An error's body in the client's dialect (platform.openai.com/docs/guides/error-codes,
    /// docs.anthropic.com/en/api/errors). OpenAI's `code` is our stable code.
    package func body(of error: CupelError, requestID: String) -> JSON {
        switch self {
        case .chatCompletions, .responses: ["error": Self.openAIError(error)]
        case .messages:
            ["type": "error", "error": Self.anthropicError(error), "request_id": .string(requestID)]
        }
    }

    static func openAIError(_ error: CupelError) -> JSON {
        [
            "message": .string(sentence(error)), "type": .string(openAIType(error.code)),
            "param": (error.fields.first?.field).map { .string($0) } ?? .null,
            "code": .string(error.code.rawValue),
        ]
    }

    static func anthropicError(_ error: CupelError) -> JSON {
        var message = sentence(error)
        // Agents recognise this sentence of Anthropic's and shorten the conversation.
        if error.code == .contextTooLarge, !message.hasPrefix("prompt is too long") {
            message = "prompt is too long: " + message
        }
        return ["type": .string(anthropicType(error.code)), "message": .string(message)]
    }

    /// What is wrong with each field that the message does not name itself.
    private static func sentence(_ error: CupelError) -> String {
        let unnamed = error.fields.filter { !error.message.contains($0.field) }
        guard !unnamed.isEmpty else { return error.message }
        return error.message + " " + unnamed.map { "\($0.field) \($0.message)." }.joined(separator: " ")
    }

    private static func openAIType(_ code: ErrorCode) -> String {
        switch code.status {
        case 401: "authentication_error"
        case 402: "insufficient_quota"
        case 403: "permission_error"
        case 429: "rate_limit_error"
        case 400..<500: "invalid_request_error"
        default: "server_error"
        }
    }

    private static func anthropicType(_ code: ErrorCode) -> String {
        switch code.status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 400..<500: "invalid_request_error"
        case 503: "overloaded_error"
        case 504: "timeout_error"
        default: "api_error"
        }
    }
}
