package import CupelCore

/// Why a run of a job failed, in a form that is kept.
package struct JobFailure: Sendable, Hashable {
    /// A stable code.
    package let code: String
    /// What a person can do.
    package let message: String

    /// A failure to keep.
    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    /// What is kept of any error: codes and messages of ours; of others only that it was unexpected.
    package init(_ error: any Error) {
        if let error = error as? CupelError {
            self.init(code: error.code.rawValue, message: Redactor.shared.redact(error.message))
        } else {
            self.init(code: ErrorCode.internalError.rawValue, message: "An unexpected error; the log says more.")
        }
    }

    /// As the API shows it.
    package var json: JSON { ["code": .string(code), "message": .string(message)] }

    /// Failures kept of one job; older ones give way.
    package static let maximumHistory = 20

    /// A history, as JSON text, with one more failure.
    static func adding(_ failure: JobFailure, attempt: Int, at: Timestamp, to history: String?) -> String {
        let kept = history.flatMap { try? JSON(parsing: $0) }?.arrayValue ?? []
        let entry: JSON = [
            "attempt": .integer(Int64(attempt)), "at": .string(at.description), "code": .string(failure.code),
            "message": .string(failure.message),
        ]
        return JSON.array(kept.suffix(maximumHistory - 1) + [entry]).text()
    }
}
