/// Where the time of a scan went: the slowest files and rules.
package struct TreeProfile: Sendable, Hashable {
    /// One file or one rule.
    package struct Line: Sendable, Hashable {
        package var name: String
        /// Of the thread that did it.
        package var microseconds: Int64
        /// Bytes of a file; how often a rule was looked at.
        package var count: Int
    }

    /// Lines that are kept of each kind.
    static let maximumLines = 20

    /// The slowest files, the slowest first.
    package private(set) var files: [Line] = []
    private var rules: [String: Line] = [:]

    /// The slowest rules, the slowest first: what confirming their candidates took, without the pass they share.
    package var slowestRules: [Line] {
        Array(rules.values.sorted { ($1.microseconds, $0.name) < ($0.microseconds, $1.name) }.prefix(Self.maximumLines))
    }

    mutating func add(file path: String, microseconds: Int64, bytes: Int) {
        if files.count == Self.maximumLines, let last = files.last, last.microseconds >= microseconds { return }
        let place = files.firstIndex { $0.microseconds < microseconds } ?? files.count
        files.insert(Line(name: path, microseconds: microseconds, count: bytes), at: place)
        if files.count > Self.maximumLines { files.removeLast() }
    }

    mutating func add(rule: String, microseconds: Int64, count: Int) {
        rules[rule, default: Line(name: rule, microseconds: 0, count: 0)].microseconds += microseconds
        rules[rule]?.count += count
    }

    /// The profile for a person.
    package var text: String {
        Self.table("Slowest files", files, "bytes") + Self.table("Slowest rules", slowestRules, "times")
    }

    private static func table(_ title: String, _ lines: [Line], _ unit: String) -> String {
        guard !lines.isEmpty else { return "" }
        return title + "\n"
            + lines.map { line in
                let time = "\(line.microseconds / 1000).\(line.microseconds % 1000 / 100) ms"
                return "  " + String(repeating: " ", count: max(0, 12 - time.count)) + time
                    + "  \(line.name) (\(line.count) \(unit))\n"
            }.joined()
    }
}
