package import CupelCore
import Storage

/// Which calls are wanted; what is not set narrows nothing.
package struct CallFilter: Sendable, Hashable {
    /// The name of the key.
    package var key: String?
    /// The name of the person.
    package var person: String?
    /// The name of the team.
    package var team: String?
    /// The name of the project.
    package var project: String?
    /// The model, as it was asked for, sent or answered.
    package var model: String?
    /// The upstream.
    package var upstream: String?
    /// The outcome's word.
    package var outcome: String?
    /// The first moment.
    package var since: Timestamp?
    /// The moment before which they began.
    package var until: Timestamp?

    /// Every call.
    package init() {}

    /// The condition of calls that are wanted and come before a given one; empty for all.
    func condition(before cursor: Identifier<CallRecord>?) -> SQL {
        var terms: [SQL] = []
        if let cursor { terms.append("id < \(cursor)") }
        let columns = [
            ("key_name", key), ("person", person), ("team", team), ("project", project), ("upstream", upstream),
            ("outcome", outcome),
        ]
        for (column, value) in columns { if let value { terms.append("\(raw: column) = \(value)") } }
        if let model { terms.append("(model_asked = \(model) OR model = \(model) OR model_answered = \(model))") }
        // Names of calls begin with their millisecond, so the bounds are places in the table and no scan; the exact
        // moment decides about those a second around it, since a call is named a moment before or after it begins.
        if let since { terms.append("id >= \(Self.lowest(since + .seconds(-1))) AND started_at >= \(since)") }
        if let until { terms.append("id < \(Self.lowest(until + .seconds(1))) AND started_at < \(until)") }
        guard var condition = terms.first else { return "" }
        for term in terms.dropFirst() { condition = condition + " AND " + term }
        return "WHERE " + condition
    }

    /// The text that sorts before the name of every call of a millisecond, by RFC 9562, 5.7.
    static func lowest(_ moment: Timestamp) -> String {
        let hex = String(max(moment.milliseconds, 0), radix: 16)
        let digits = String(repeating: "0", count: max(12 - hex.utf8.count, 0)) + hex
        return "\(digits.prefix(8))-\(digits.dropFirst(8))"
    }
}
