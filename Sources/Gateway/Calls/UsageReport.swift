package import CupelCore
package import Storage

/// A day by the calendar of UTC.
package struct UsageDay: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Days since 1970-01-01.
    package let number: Int64

    /// A day by its number.
    package init(number: Int64) { self.number = number }

    /// The day of a moment.
    package init(_ moment: Timestamp) {
        number = moment.microseconds / UsageRollup.microsecondsADay
    }

    /// Reads `2026-11-21`; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 10, let start = Timestamp(rfc3339: "\(text)T00:00:00Z") else { return nil }
        self.init(start)
    }

    package static func < (left: UsageDay, right: UsageDay) -> Bool { left.number < right.number }

    /// Its first moment.
    package var start: Timestamp { Timestamp(microseconds: number * UsageRollup.microsecondsADay) }

    /// `2026-11-21`.
    package var description: String { String(start.description.prefix(10)) }

    /// `2026-11`.
    package var month: String { String(description.prefix(7)) }
}

/// What calls used over some days, summed by what was asked for. Days are those of UTC.
package struct UsageReport: Sendable {
    /// What sums are made by.
    package enum Dimension: String, Sendable, CaseIterable {
        case day
        case month
        case key
        case person
        case team
        case project
        case model
        case upstream

        /// The column that it is read from.
        fileprivate var column: String {
            switch self {
            case .day, .month: "day"
            case .key: "key_name"
            default: rawValue
            }
        }
    }

    /// Sums of calls.
    package struct Sums: Sendable, Hashable {
        /// Calls that ended.
        package var calls = 0
        /// Calls whose price is not known: their cost is in no sum.
        package var unpriced = 0
        /// Tokens of questions, those from caches included.
        package var input = 0
        /// Tokens of questions that an upstream's cache held.
        package var cacheRead = 0
        /// Tokens of answers, reasoning included.
        package var output = 0
        /// Tokens of reasoning.
        package var reasoning = 0
        /// What they cost.
        package var cost = Money.zero
    }

    /// One line: the values of the dimensions in their order, and the sums.
    package struct Line: Sendable, Hashable {
        /// A value for each dimension; empty for calls without a key, team and so on.
        package var names: [String]
        /// The sums.
        package var sums: Sums
    }

    /// The most lines of a report.
    package static let maximumLines = 10_000
    /// The most sums of days that are read for one.
    static let maximumRows = 200_000
    /// The most days of a report.
    package static let maximumDays: Int64 = 3660

    /// What the lines are made by.
    package let dimensions: [Dimension]
    /// The days.
    package let days: ClosedRange<UsageDay>
    /// The lines, in the order of their names.
    package let lines: [Line]
    /// The sums over all lines.
    package let total: Sums

    /// Reads a report.
    /// - Throws: `validation_error` for more days or lines than one report holds; what the store throws.
    package static func read(
        _ database: any Database,
        by dimensions: [Dimension],
        over days: ClosedRange<UsageDay>
    ) async throws -> UsageReport {
        guard days.upperBound.number - days.lowerBound.number < maximumDays else {
            throw wrong("from", "must be at most \(maximumDays) days before `to`")
        }
        var columns: [String] = []
        for dimension in dimensions where !columns.contains(dimension.column) { columns.append(dimension.column) }
        let rows = try await database.query(statement(columns, days))
        guard rows.count <= maximumRows else { throw tooLong }
        var sums: [[String]: Sums] = [:]
        var total = Sums()
        for row in rows {
            let these = try Sums(row)
            // A sum over nothing is one row of zeros, which is no line.
            guard these.calls > 0 else { continue }
            let names = try dimensions.map { try $0.value(row) }
            sums[names, default: Sums()] += these
            total += these
        }
        guard sums.count <= maximumLines else { throw tooLong }
        let lines = sums.map { Line(names: $0.key, sums: $0.value) }
            .sorted { $0.names.lexicographicallyPrecedes($1.names) }
        return UsageReport(dimensions: dimensions, days: days, lines: lines, total: total)
    }

    private static func statement(_ columns: [String], _ days: ClosedRange<UsageDay>) -> SQL {
        let names = columns.map { $0 + ", " }.joined()
        let group = columns.isEmpty ? "" : "GROUP BY " + columns.joined(separator: ", ")
        func sum(_ column: String) -> String { "CAST(coalesce(sum(\(column)), 0) AS BIGINT) AS \(column)" }
        let wanted = Sums.columns.map(sum).joined(separator: ", ")
        return """
            SELECT \(raw: names) \(raw: wanted) FROM usage_days
            WHERE day >= \(days.lowerBound.number) AND day <= \(days.upperBound.number) \(raw: group)
            LIMIT \(maximumRows + 1)
            """
    }

    private static var tooLong: CupelError {
        wrong("by", "gives over \(maximumLines) lines; ask for fewer days or fewer dimensions")
    }

    private static func wrong(_ field: String, _ message: String) -> CupelError {
        CupelError(.validationError, "The report cannot be made.", fields: [FieldProblem(field, message)])
    }
}

extension UsageReport.Dimension {
    /// The dimension's value in a row.
    fileprivate func value(_ row: Row) throws -> String {
        switch self {
        case .day: UsageDay(number: Int64(try row.integer("day"))).description
        case .month: UsageDay(number: Int64(try row.integer("day"))).month
        default: try row.text(column)
        }
    }
}

extension UsageReport.Sums {
    fileprivate static let columns = [
        "calls", "unpriced", "input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens",
        "cost_microdollars",
    ]

    fileprivate init(_ row: Row) throws {
        calls = try row.integer("calls")
        unpriced = try row.integer("unpriced")
        input = try row.integer("input_tokens")
        cacheRead = try row.integer("cache_read_tokens")
        output = try row.integer("output_tokens")
        reasoning = try row.integer("reasoning_tokens")
        cost = Money(microdollars: Int64(try row.integer("cost_microdollars")))
    }

    static func += (left: inout Self, right: Self) {
        left.calls += right.calls
        left.unpriced += right.unpriced
        left.input += right.input
        left.cacheRead += right.cacheRead
        left.output += right.output
        left.reasoning += right.reasoning
        left.cost += right.cost
    }
}
