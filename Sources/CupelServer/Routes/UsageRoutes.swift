import CupelCore
import Gateway
import HTTPTypes

/// What calls used and cost.
struct UsageRoutes: Sendable {
    let store: CallStore
    /// The registry, which knows models by the names that bills give them.
    let registry: @Sendable () -> ModelRegistry
    var time: any TimeSource = SystemTime()

    /// A report's forms.
    private enum Format: String, CaseIterable { case json, csv }

    /// Days of a report that is asked for without `from`.
    static let defaultDays: Int64 = 30

    private static let sums = [
        "calls", "unpriced_calls", "input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens",
    ]

    func all() -> [Route] {
        let number: JSON = ["type": "integer"]
        let line = Schema.object(
            Self.sums.map { ($0, number) } + [("cost", Schema.text)],
            optional: UsageReport.Dimension.allCases.map { ($0.rawValue, Schema.text) }
        )
        let names = UsageReport.Dimension.allCases.map(\.rawValue).joined(separator: ", ")
        return [
            Route(.get, "/api/v1/usage", tag: "calls", "What calls used and cost, summed") { try await usage($0) }
                .taking(.query, "by", "What to sum by, separated by commas: \(names). Default: model", Schema.text)
                .taking(.query, "from", "The first day, UTC, as 2026-03-01. Default: 30 days up to `to`", Schema.text)
                .taking(.query, "to", "The last day. Default: today", Schema.text)
                .taking(.query, "format", "json or csv", Schema.choice(Format.allCases.map(\.rawValue)))
                .answering(
                    200,
                    "The lines and their total; money in dollars with six places. As CSV with `format=csv`",
                    Schema.object([
                        ("from", Schema.text), ("to", Schema.text), ("by", Schema.array(Schema.text)),
                        ("items", Schema.array(line)), ("total", line),
                    ])
                ),
            Route(.post, "/api/v1/usage/reconcile", tag: "calls", "A provider's bill beside the ledger") {
                .json(try await reconcile($0))
            }
            .body(
                Schema.object([("invoice", Schema.text)], optional: [("upstream", Schema.text)]),
                maximumBytes: 2 * Invoice.maximumBytes
            )
            .answering(200, "By day and model: ours, theirs, the difference, and calls that may explain it"),
        ]
    }

    private func reconcile(_ request: RouteRequest) async throws -> JSON {
        var fields = try request.fields()
        let text = fields.value("invoice")?.stringValue
        if text == nil { fields.problem("invoice", "must be the text of a CSV file") }
        let upstream = fields.optionalText("upstream", limit: CallRoutes.maximumNameBytes)
        try fields.finish()
        let invoice = try Invoice(parsing: Array((text ?? "").utf8))
        let registry = registry()
        let reconciliation = try await store.reconcile(invoice, upstream: upstream) { name in
            registry[name]?.id ?? name
        }
        return reconciliation.json
    }

    private func usage(_ request: RouteRequest) async throws -> RouteResponse {
        let format = try request.choice("format", of: Format.self) ?? .json
        let dimensions = try Self.dimensions(request)
        let report = try await store.usage(by: dimensions, over: try days(request))
        guard format == .csv else { return .json(report.json) }
        let name = "usage-\(report.days.lowerBound)-\(report.days.upperBound).csv"
        return RouteResponse(
            mediaType: "text/csv; charset=utf-8; header=present",
            body: .bytes(Array(report.csv.utf8)),
            headers: [.contentDisposition: "attachment; filename=\"\(name)\""]
        )
    }

    private static func dimensions(_ request: RouteRequest) throws -> [UsageReport.Dimension] {
        let all = UsageReport.Dimension.allCases.map(\.rawValue)
        let words = (request.query["by"] ?? "model").split(separator: ",").map(String.init)
        guard words.count <= all.count, Set(words).count == words.count else {
            throw wrong("by", "must be different names of \(all.joined(separator: ", "))")
        }
        return try words.map { word in
            guard let dimension = UsageReport.Dimension(rawValue: word) else {
                let nearest = word.nearest(among: all).map { "; did you mean \($0)?" } ?? ""
                throw wrong("by", "'\(word.prefix(40))' is none of \(all.joined(separator: ", "))\(nearest)")
            }
            return dimension
        }
    }

    private func days(_ request: RouteRequest) throws -> ClosedRange<UsageDay> {
        func day(_ name: String) throws -> UsageDay? {
            guard let text = request.query[name] else { return nil }
            guard let day = UsageDay(text) else { throw Self.wrong(name, "must be a day, as 2026-03-01") }
            return day
        }
        let to = try day("to") ?? UsageDay(time.now)
        let from = try day("from") ?? UsageDay(number: to.number - Self.defaultDays + 1)
        guard from <= to else { throw Self.wrong("from", "must not be after `to`, which is \(to)") }
        return from...to
    }

    private static func wrong(_ name: String, _ message: String) -> CupelError {
        CupelError(.validationError, "A parameter is wrong.", fields: [FieldProblem(name, message)])
    }
}
