package import CupelCore

/// When a failed run is tried again: exponential back-off with jitter and a cap, by kind of error.
package struct RetryPolicy: Sendable {
    /// What the first wait is the double of.
    package var base: Duration
    /// The longest wait between two tries.
    package var cap: Duration
    /// Errors after which trying again cannot help.
    package var permanent: Set<ErrorCode>

    /// Errors that stay what they are: wrong input, missing tools, what nobody may do.
    package static let usuallyPermanent: Set<ErrorCode> = [
        .validationError, .malformedRequest, .payloadTooLarge, .notFound, .conflict, .forbidden, .unauthorized,
        .nothingFits, .generationFailed, .noModelConfigured, .modelNotAvailable, .toolMissing,
        .configurationInvalid, .sandboxUnavailable,
    ]

    /// A policy; by itself it waits `min(2^failures, 60)` seconds.
    package init(
        base: Duration = .seconds(1),
        cap: Duration = .seconds(60),
        permanent: Set<ErrorCode> = usuallyPermanent
    ) {
        self.base = base
        self.cap = cap
        self.permanent = permanent
    }

    /// Whether trying again can help: connections, limits, disks and time-outs pass; wrong input does not.
    package func isTransient(_ error: any Error) -> Bool {
        guard let error = error as? CupelError else { return true }
        return !permanent.contains(error.code)
    }

    /// How long to wait after the last of `failures`: `base · 2^failures` up to the cap, of which up to a quarter is
    /// taken off by chance so that many do not return at once; never sooner than the error itself asks for.
    package func delay(
        failures: Int,
        after error: any Error,
        using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let limit = cap.wholeMicroseconds
        let factor = Int64(1) << min(32, max(0, failures))
        let (product, isOver) = base.wholeMicroseconds.multipliedReportingOverflow(by: factor)
        let full = isOver ? limit : min(limit, product)
        let chosen = Duration.microseconds(full - Int64.random(in: 0...(full / 4), using: &generator))
        let asked = Duration.seconds((error as? CupelError)?.retryAfterSeconds ?? 0)
        return max(chosen, min(asked, .seconds(3600)))
    }
}
