/// Decides whether and when a failed request is sent again.
struct RetryPolicy {
    /// The wait before the second try, doubled for each further one.
    static let base = Duration.milliseconds(250)
    /// The longest wait of our own choosing.
    static let ceiling = Duration.seconds(5)

    /// Tries in all.
    let tries: Int

    /// How long to wait before the next try; `nil` when there is none: the failure is lasting, the tries are used up,
    /// or the wait would not end before `left` does.
    /// - Parameter chance: From 0 up to 1, spreads the waits of many callers over half of each.
    func wait(after failure: UpstreamFailure, try number: Int, left: Duration, chance: Double) -> Duration? {
        guard failure.isTransient, number < tries else { return nil }
        var wait = Self.base * (1 << min(number - 1, 10))
        wait = min(wait, Self.ceiling) * (0.5 + chance / 2)
        if let seconds = failure.retryAfterSeconds { wait = max(wait, .seconds(seconds)) }
        return wait < left ? wait : nil
    }
}
