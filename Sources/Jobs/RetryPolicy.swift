import CupelCore

/// When a failed job is tried again.
package enum RetryPolicy {
    /// The longest wait between two tries.
    package static let cap = Duration.seconds(60)

    /// `min(2^failures, 60)` seconds, of which up to a quarter is taken off by chance so that many do not return at
    /// once.
    package static func delay(failures: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let seconds = failures >= 6 ? 60 : 1 << max(0, failures)
        let full = Duration.seconds(seconds).wholeMicroseconds
        return .microseconds(full - Int64.random(in: 0...(full / 4), using: &generator))
    }

    /// Whether trying again can help: connections, limits, disks and time-outs pass; wrong input does not.
    package static func isTransient(_ error: any Error) -> Bool {
        guard let error = error as? CupelError else { return true }
        let permanent: Set<ErrorCode> = [
            .validationError, .malformedRequest, .payloadTooLarge, .notFound, .conflict, .forbidden, .unauthorized,
            .nothingFits, .generationFailed, .noModelConfigured, .modelNotAvailable, .toolMissing,
            .configurationInvalid, .sandboxUnavailable,
        ]
        return !permanent.contains(error.code)
    }
}
