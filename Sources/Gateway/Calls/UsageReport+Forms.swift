package import CupelCore

extension UsageReport {
    /// The report for the API; money in dollars as texts with six places, so that it is exact.
    package var json: JSON {
        [
            "from": .string(days.lowerBound.description), "to": .string(days.upperBound.description),
            "by": .array(dimensions.map { .string($0.rawValue) }),
            "items": .array(
                lines.map { line in
                    var json: JSON = [:]
                    for (dimension, name) in zip(dimensions, line.names) { json[dimension.rawValue] = .string(name) }
                    line.sums.add(to: &json)
                    return json
                }
            ), "total": totalJSON,
        ]
    }

    private var totalJSON: JSON {
        var json: JSON = [:]
        total.add(to: &json)
        return json
    }

    /// The report as CSV (RFC 4180) with a line of totals at the end.
    ///
    /// A name that a spreadsheet would take for a formula gets an apostrophe in front: names of models come from
    /// whoever calls.
    package var csv: String {
        var text = Self.csvLine(dimensions.map(\.rawValue) + Sums.names)
        guard !dimensions.isEmpty else { return text + Self.csvLine(total.values) }
        for line in lines { text += Self.csvLine(line.names + line.sums.values) }
        let names = ["total"] + dimensions.dropFirst().map { _ in "" }
        return text + Self.csvLine(names + total.values)
    }

    private static func csvLine(_ cells: [String]) -> String {
        cells.map { cell in
            let isFormula = cell.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
            let safe = isFormula ? "'" + cell : cell
            guard safe.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return safe }
            return "\"" + safe.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }
        .joined(separator: ",") + "\r\n"
    }
}

extension UsageReport.Sums {
    /// The sums' names in both forms.
    fileprivate static let names = [
        "calls", "unpriced_calls", "input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens", "cost",
    ]

    fileprivate var counts: [Int] { [calls, unpriced, input, cacheRead, output, reasoning] }

    fileprivate var values: [String] { counts.map { "\($0)" } + [cost.sixPlaces] }

    fileprivate func add(to json: inout JSON) {
        for (name, count) in zip(Self.names, counts) { json[name] = .integer(Int64(count)) }
        json["cost"] = .string(cost.sixPlaces)
    }
}

extension Money {
    /// Dollars with all six places and no sign, as `12.500000`: columns of it line up and lose nothing.
    package var sixPlaces: String {
        let magnitude = microdollars.magnitude
        let fraction = String(magnitude % 1_000_000)
        let zeros = String(repeating: "0", count: 6 - fraction.utf8.count)
        return "\(microdollars < 0 ? "-" : "")\(magnitude / 1_000_000).\(zeros)\(fraction)"
    }
}
