import CupelCore
import Jobs

/// What an operator changes of a queue: what is not named stays, and null takes a limit away.
struct QueueChange: Sendable {
    private let isPaused: Bool?
    private let concurrency: Int??
    private let ratePerMinute: Int??

    static let schema = Schema.object(
        [],
        optional: [
            ("paused", ["type": "boolean"]), ("concurrency", Schema.optional(limit)),
            ("rate_per_minute", Schema.optional(limit)),
        ]
    )

    private static let limit: JSON = [
        "type": "integer", "minimum": 1, "maximum": .integer(Int64(QueueRoutes.maximumLimit)),
    ]

    /// Reads a change.
    /// - Throws: `validation_error` naming every wrong field.
    init(_ request: RouteRequest) throws {
        var fields = try request.fields()
        let paused = fields.value("paused")
        isPaused = paused?.boolValue
        if paused != nil, isPaused == nil { fields.problem("paused", "must be true or false") }
        concurrency = Self.limit("concurrency", &fields)
        ratePerMinute = Self.limit("rate_per_minute", &fields)
        try fields.finish()
    }

    /// Changes what is set.
    func apply(to control: inout QueueControl) {
        if let isPaused { control.isPaused = isPaused }
        if let concurrency { control.concurrency = concurrency }
        if let ratePerMinute { control.ratePerMinute = ratePerMinute }
    }

    private static func limit(_ name: String, _ fields: inout JSONFields) -> Int?? {
        guard let value = fields.value(name) else { return nil }
        if value.isNull { return .some(nil) }
        guard let number = value.intValue, (1...QueueRoutes.maximumLimit).contains(number) else {
            let advice = name == "concurrency" ? "; to stop a queue, set paused" : ""
            fields.problem(name, "must be a whole number from 1 to \(QueueRoutes.maximumLimit), or null\(advice)")
            return nil
        }
        return number
    }
}
