import CupelCore
import HTTPTypes
import Jobs

/// Which events a listener wants, and from where on.
struct EventFilter: Sendable {
    /// What an event may be.
    enum Kind: String, CaseIterable { case state, progress, refused }

    var queue: String?
    var kind: Kind?

    /// Every event.
    init() {}

    /// What the query asks for.
    /// - Throws: `validation_error` naming the parameter.
    init(_ request: RouteRequest) throws {
        queue = try request.name("queue", limit: JobQueue.maximumNameBytes)
        kind = try request.choice("kind", of: Kind.self)
    }

    /// Whether an event is wanted.
    func takes(_ event: JobEvent) -> Bool {
        (queue.map { $0 == event.queue } ?? true) && (kind.map { $0.rawValue == event.kind } ?? true)
    }

    /// Where a listener resumes: `Last-Event-ID`, which browsers send by themselves, else `after`; `nil` for neither.
    /// - Throws: `validation_error` when it is no sequence.
    static func resume(_ request: RouteRequest) throws -> Int? {
        if let text = HTTPField.Name("Last-Event-ID").flatMap({ request.headers[$0] }) {
            guard let sequence = Int(text), sequence >= 0 else {
                throw CupelError(
                    .validationError,
                    "A header is wrong.",
                    fields: [FieldProblem("Last-Event-ID", "must be the id of an event")]
                )
            }
            return sequence
        }
        guard request.query["after"] != nil else { return nil }
        return try request.integer("after", default: 0, in: 0...Int.max)
    }
}
