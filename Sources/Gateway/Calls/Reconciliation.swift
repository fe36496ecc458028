package import CupelCore
package import Storage

/// A provider's bill beside what the ledger has, by day and model, with the calls that may explain a difference.
package struct Reconciliation: Sendable {
    /// Calls whose cost is not what an upstream counted.
    package struct Doubts: Sendable, Hashable {
        /// Calls that a crash interrupted: they count as what was held for them.
        package var interrupted = 0
        /// Calls whose tokens are our estimate, since the answer ended before the upstream counted.
        package var estimated = 0
    }

    /// One day of one model.
    package struct Line: Sendable, Hashable {
        package var place: Invoice.Place
        package var ours: UsageReport.Sums
        package var theirs: Invoice.Sums
        package var doubts: Doubts
    }

    /// Every day and model that the ledger or the bill has, by day, then model.
    package let lines: [Line]

    /// Puts a bill beside the ledger's sums over the bill's days.
    /// - Parameters:
    ///   - upstream: only calls to this provider, whose bill it is; `nil` for all.
    ///   - name: the registry's name of a model that the bill names otherwise.
    /// - Throws: `validation_error` for a bill without lines or over too many days; what the store throws.
    package static func read(
        _ invoice: Invoice,
        upstream: String?,
        name: (String) -> String,
        in database: any Database
    ) async throws -> Reconciliation {
        let days = invoice.sums.keys.map(\.day)
        guard let first = days.min(), let last = days.max() else {
            let problem = FieldProblem("file", "has no line with a day")
            throw CupelError(.validationError, "The invoice cannot be read.", fields: [problem])
        }
        var lines: [Invoice.Place: Line] = [:]
        func change(_ place: Invoice.Place, _ change: (inout Line) -> Void) {
            let empty = Line(place: place, ours: UsageReport.Sums(), theirs: Invoice.Sums(), doubts: Doubts())
            change(&lines[place, default: empty])
        }
        for (place, sums) in invoice.sums {
            change(Invoice.Place(day: place.day, model: name(place.model))) { $0.theirs.add(sums) }
        }
        let report = try await UsageReport.read(database, by: [.day, .model, .upstream], over: first...last)
        for line in report.lines where upstream == nil || line.names[2] == upstream {
            guard let day = UsageDay(line.names[0]) else { continue }
            change(Invoice.Place(day: day, model: name(line.names[1]))) { $0.ours += line.sums }
        }
        for row in try await database.query(doubts(first...last, upstream)) {
            let day = UsageDay(number: Int64(try row.integer("day")))
            let count = try row.integer("n")
            let isInterrupted = try row.text("outcome") == CallRecord.Outcome.interrupted.word
            change(Invoice.Place(day: day, model: name(try row.text("model")))) { line in
                if isInterrupted { line.doubts.interrupted += count } else { line.doubts.estimated += count }
            }
        }
        return Reconciliation(
            lines: lines.values.sorted { ($0.place.day, $0.place.model) < ($1.place.day, $1.place.model) }
        )
    }

    private static func doubts(_ days: ClosedRange<UsageDay>, _ upstream: String?) -> SQL {
        var filter = CallFilter()
        filter.upstream = upstream
        filter.since = days.lowerBound.start
        filter.until = UsageDay(number: days.upperBound.number + 1).start
        return """
            SELECT started_at / 86400000000 AS day, coalesce(model, model_asked) AS model, outcome, count(*) AS n
            FROM calls \(filter.condition(before: nil)) AND is_estimated = 1
            GROUP BY started_at / 86400000000, coalesce(model, model_asked), outcome
            """
    }

    /// As the API shows it; money in dollars as texts with six places.
    package var json: JSON {
        var (ours, theirs, hasCost) = (Money.zero, Money.zero, false)
        for line in lines {
            ours += line.ours.cost
            if let cost = line.theirs.cost { (theirs, hasCost) = (theirs + cost, true) }
        }
        return [
            "items": .array(lines.map(\.json)),
            "total": [
                "ours": .string(ours.sixPlaces), "theirs": hasCost ? .string(theirs.sixPlaces) : .null,
                "difference": hasCost ? .string((theirs - ours).sixPlaces) : .null,
            ],
        ]
    }
}

extension Reconciliation.Line {
    fileprivate var json: JSON {
        func number(_ value: Int?) -> JSON { value.map { .integer(Int64($0)) } ?? .null }
        return [
            "day": .string(place.day.description), "model": .string(place.model), "calls": number(ours.calls),
            "ours": .string(ours.cost.sixPlaces),
            "theirs": theirs.cost.map { .string($0.sixPlaces) } ?? .null,
            "difference": theirs.cost.map { .string(($0 - ours.cost).sixPlaces) } ?? .null,
            "our_input_tokens": number(ours.input), "their_input_tokens": number(theirs.input),
            "our_output_tokens": number(ours.output), "their_output_tokens": number(theirs.output),
            "unpriced_calls": number(ours.unpriced), "interrupted_calls": number(doubts.interrupted),
            "estimated_calls": number(doubts.estimated),
        ]
    }
}

extension Invoice.Sums {
    fileprivate mutating func add(_ other: Invoice.Sums) {
        func sum<Number: AdditiveArithmetic>(_ left: Number?, _ right: Number?) -> Number? {
            guard let left else { return right }
            return right.map { left + $0 } ?? left
        }
        (input, output) = (sum(input, other.input), sum(output, other.output))
        picodollars = sum(picodollars, other.picodollars)
    }
}
