import CupelCore
import Gateway

/// The values of the gateway's page: money, budgets, upstreams and the latest calls.
struct GatewayPage {
    /// Spend by day, and the days that are shown.
    let days: UsageReport
    let models: UsageReport
    let keys: UsageReport
    let budgets: [BudgetStanding]
    let upstreams: [JSON]
    let calls: [JSON]
    let today: UsageDay

    /// Days of the chart.
    static let daysShown: Int64 = 30
    /// Rows of each table.
    static let rows = 20

    /// What the page shows.
    var values: JSON {
        [
            "tiles": .array(tiles), "chart": SpendChart(days).values,
            "models": .array(Self.ranking(models)), "hasModels": .bool(!models.lines.isEmpty),
            "keys": .array(Self.ranking(keys)), "hasKeys": .bool(!keys.lines.isEmpty),
            "budgets": .array(budgets.prefix(Self.rows).map(Self.row)), "hasBudgets": .bool(!budgets.isEmpty),
            "upstreams": .array(upstreams.map(Self.upstreamRow)), "hasUpstreams": .bool(!upstreams.isEmpty),
            "calls": .array(calls.map(Self.callRow)), "hasCalls": .bool(!calls.isEmpty),
        ]
    }

    private var tiles: [JSON] {
        func sum(_ isWanted: (String) -> Bool) -> UsageReport.Sums? {
            days.lines.filter { isWanted($0.names[0]) }.map(\.sums).reduce(nil as UsageReport.Sums?) { sum, next in
                guard var sum else { return next }
                sum.calls += next.calls
                sum.cost += next.cost
                return sum
            }
        }
        let now = sum { $0 == today.description }
        let month = sum { $0.hasPrefix(today.month) }
        let up = upstreams.count { $0["usable"]?.boolValue == true && $0["retry_in_ms"]?.intValue == nil }
        let full = budgets.count { $0.fullness >= 900 }
        return [
            (Self.money(now?.cost ?? .zero), "spent today"), (Self.money(month?.cost ?? .zero), "spent this month"),
            ("\(now?.calls ?? 0)", "calls today"), ("\(days.total.calls)", "calls in \(Self.daysShown) days"),
            ("\(up) of \(upstreams.count)", "upstreams take calls"),
            ("\(full)", full == 1 ? "budget nearly spent" : "budgets nearly spent"),
        ].map { ["figure": .string($0.0), "label": .string($0.1)] }
    }

    /// The lines that cost most, or were called most where nothing has a price.
    private static func ranking(_ report: UsageReport) -> [JSON] {
        let lines = report.lines.sorted {
            ($1.sums.cost, $1.sums.calls, $0.names[0]) < ($0.sums.cost, $0.sums.calls, $1.names[0])
        }
        let most = Double(max(lines.first?.sums.cost.microdollars ?? 0, 1))
        return lines.prefix(rows).map { line in
            let sums = line.sums
            let share = Double(max(sums.cost.microdollars, 0)) / most
            return [
                "name": .string(line.names[0].isEmpty ? "without a key" : line.names[0]),
                "calls": .string("\(sums.calls)"), "input": .string(count(sums.input)),
                "output": .string(count(sums.output)), "cost": .string("$" + sums.cost.sixPlaces),
                "unpriced": sums.unpriced > 0 ? .string("\(sums.unpriced) without a price") : .null,
                "width": .string("\(Int((share * 80).rounded()))"),
            ]
        }
    }

    private static func row(_ budget: BudgetStanding) -> JSON {
        let state = budget.fullness >= 1000 ? "failed" : budget.fullness >= 900 ? "paused" : "succeeded"
        return [
            "name": .string(budget.name.filter { $0 != "`" }), "spent": .string("$" + budget.spent.sixPlaces),
            "limit": .string(money(budget.limit)), "percent": .string("\(budget.fullness / 10)"),
            "width": .string("\(budget.fullness * 160 / 1000)"), "state": .string(state),
            "resets": budget.resets.map { .string($0.description) } ?? .null,
        ]
    }

    private static func upstreamRow(_ upstream: JSON) -> JSON {
        let isUsable = upstream["usable"]?.boolValue == true
        let retry = upstream["retry_in_ms"]?.intValue
        let word = !isUsable ? "not usable" : retry == nil ? "takes calls" : "held back"
        let detail = upstream["why_not"]?.stringValue ?? retry.map { "asked again in \($0 / 1000 + 1) s" }
        return [
            "name": upstream["name"] ?? "", "dialect": upstream["dialect"] ?? "", "address": upstream["address"] ?? "",
            "state": .string(word), "stateClass": .string(!isUsable ? "paused" : retry == nil ? "succeeded" : "failed"),
            "detail": detail.map { .string($0) } ?? .null,
            "latency": .string(upstream["first_byte_ms"]?.intValue.map { "\($0) ms" } ?? "–"),
            "calls": .string("\(upstream["calls_today"]?.intValue ?? 0)"),
        ]
    }

    private static func callRow(_ call: JSON) -> JSON {
        func text(_ name: String) -> String { call[name]?.stringValue ?? "" }
        func figure(_ name: String) -> JSON { .string(call[name]?.intValue.map { "\($0)" } ?? "–") }
        let outcome = text("outcome")
        let cost = call["cost_microdollars"]?.intValue.map { "$" + Money(microdollars: Int64($0)).sixPlaces }
        let isWell = outcome == "answered" || outcome == "open"
        let redactions = call["redactions"]?.intValue ?? 0
        return [
            "at": call["started_at"] ?? "", "who": .string(text("key_name").isEmpty ? "owner" : text("key_name")),
            "team": text("team").isEmpty ? .null : .string(text("team")), "asked": .string(text("model_asked")),
            "route": .string(text("upstream").isEmpty ? "–" : "\(text("upstream"))/\(text("model"))"),
            "by": .string(text("route")),
            "attempts": (call["attempts"]?.intValue ?? 0) > 1 ? figure("attempts") : .null,
            "input": figure("input_tokens"), "output": figure("output_tokens"),
            "cost": .string(cost ?? "–"), "estimated": .bool(call["is_estimated"]?.boolValue == true),
            "redactions": redactions > 0 ? .string("\(redactions)") : .null, "outcome": .string(outcome),
            "rule": call["rule"]?.stringValue.map { .string($0) } ?? .null,
            "outcomeClass": .string(isWell ? "succeeded" : outcome == "cancelled" ? "paused" : "failed"),
            "seconds": .string(Figure.age(.microseconds(Int64(call["duration_us"]?.intValue ?? 0)))),
        ]
    }

    /// Dollars for a headline: to the cent, or exactly where that would show nothing.
    private static func money(_ money: Money) -> String {
        let cents = (money.microdollars + 5000) / 10_000
        guard cents > 0 || money == .zero else { return "$" + money.sixPlaces }
        let rest = cents % 100
        return "$\(cents / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// A count of tokens, short from ten thousand on.
    private static func count(_ tokens: Int) -> String {
        switch tokens {
        case ..<10_000: "\(tokens)"
        case ..<10_000_000: "\(tokens / 1000)k"
        default: "\(tokens / 1_000_000)M"
        }
    }
}

/// Spend by day as bars, to be drawn as SVG.
struct SpendChart {
    /// What is drawn as JSON for the template.
    let values: JSON

    /// The drawing's size; the lowest part holds the days.
    static let (width, height, foot) = (1040, 150, 18)

    init(_ report: UsageReport) {
        let costs = Dictionary(report.lines.map { ($0.names[0], $0.sums) }) { first, _ in first }
        let (first, last) = (report.days.lowerBound.number, report.days.upperBound.number)
        let most = max(report.lines.map(\.sums.cost.microdollars).max() ?? 0, 1)
        let step = Self.width / max(Int(last - first) + 1, 1)
        let room = Self.height - Self.foot - 14
        let bars = (first...last).enumerated().map { index, number -> JSON in
            let day = UsageDay(number: number)
            let sums = costs[day.description]
            let cost = max(sums?.cost.microdollars ?? 0, 0)
            let tall = Int((Double(cost) / Double(most) * Double(room)).rounded())
            let height = cost > 0 ? max(tall, 2) : 0
            return [
                "x": .string("\(index * step + 3)"), "y": .string("\(Self.height - Self.foot - height)"),
                "width": .string("\(step - 6)"), "height": .string("\(height)"),
                "words": .string("\(day): $\((sums?.cost ?? .zero).sixPlaces), \(sums?.calls ?? 0) calls"),
                "label": index % 7 == (Int(last - first) % 7) ? .string(String(day.description.dropFirst(5))) : .null,
                "middle": .string("\(index * step + step / 2)"),
            ]
        }
        let highest = report.lines.map(\.sums.cost).max() ?? .zero
        values = [
            "bars": .array(bars), "highest": .string("$" + highest.sixPlaces),
            "base": .string("\(Self.height - Self.foot)"), "labels": .string("\(Self.height - 4)"),
            "words": .string("Spend by day: $\(report.total.cost.sixPlaces) in \(Int(last - first) + 1) days"),
            "total": .string("$" + report.total.cost.sixPlaces),
        ]
    }
}
