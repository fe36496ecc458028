/// Runs `body` for at most `limit`; when the time is up it is cancelled, awaited, and a `timeout` is thrown instead.
///
/// - Parameter what: What takes the time, as the subject of the message: "The call of `x`".
/// - Throws: ``CupelError`` `timeout`; whatever `body` throws.
package func withDeadline<Value: Sendable>(
    _ limit: Duration,
    _ what: String,
    time: any TimeSource = SystemTime(),
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await time.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else {
            throw CupelError(.timeout, "\(what) took longer than \(limit.inMilliseconds / 1000) s.")
        }
        return value
    }
}
