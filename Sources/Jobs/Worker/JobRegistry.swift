package import CupelCore
package import Storage

/// What a handler gives: the result to keep, and the effects to record with it, once.
package struct JobOutcome: Sendable {
    package var result: JSON
    package var effects: @Sendable (any Transaction) throws -> Void

    /// A result, and writes that happen in the transaction that completes the job.
    package init(_ result: JSON, effects: @escaping @Sendable (any Transaction) throws -> Void = { _ in }) {
        self.result = result
        self.effects = effects
    }
}

/// What a handler may do while it runs.
package struct JobContext: Sendable {
    /// The job.
    package let id: JobID
    /// This run's number, from 1.
    package let attempt: Int
    private let report: @Sendable (Double, String, JSON) async throws -> Void

    package init(id: JobID, attempt: Int, report: @escaping @Sendable (Double, String, JSON) async throws -> Void) {
        self.id = id
        self.attempt = attempt
        self.report = report
    }

    /// Says how far it is, from 0 to 1, and what it does now; kept as an event with its data.
    package func progress(_ fraction: Double, _ note: String, data: JSON = .null) async throws {
        try await report(fraction, note, data)
    }
}

/// The kinds of jobs that a worker can run. Registered once, when the application is put together.
package struct JobRegistry: Sendable {
    /// Runs a job from its payload.
    package typealias Handler = @Sendable (JSON, JobContext) async throws -> JobOutcome

    private var handlers: [String: Handler] = [:]

    package init() {}

    /// Says how jobs of a type are run.
    package mutating func register<Kind: Job>(
        _ kind: Kind.Type,
        _ run: @escaping @Sendable (Kind, JobContext) async throws -> JobOutcome
    ) {
        handlers[Kind.kind] = { payload, context in try await run(Kind(json: payload), context) }
    }

    /// The handler of a kind.
    /// - Throws: `not_found` when this binary has none.
    package func handler(of kind: String) throws -> Handler {
        guard let handler = handlers[kind] else {
            throw CupelError(.notFound, "This version does not know jobs of kind '\(kind)'.")
        }
        return handler
    }
}
