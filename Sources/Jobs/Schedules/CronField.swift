import CupelCore

/// One of the five fields of a cron expression: which values it lets through.
struct CronField: Sendable, Hashable {
    /// What a field may hold.
    struct Shape: Sendable {
        let name: String
        let range: ClosedRange<Int>
        var names: [String] = []

        static let minute = Shape(name: "minute", range: 0...59)
        static let hour = Shape(name: "hour", range: 0...23)
        static let day = Shape(name: "day-of-month", range: 1...31)
        static let month = Shape(
            name: "month",
            range: 1...12,
            names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        )
        /// 7 is Sunday too.
        static let weekday = Shape(
            name: "day-of-week",
            range: 0...7,
            names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        )

        /// What is allowed, for a person.
        var allowed: String {
            let named = names.isEmpty ? "" : " or \(names[0])-\(names[names.count - 1])"
            return "\(range.lowerBound)-\(range.upperBound)\(named), '*', lists 'a,b', ranges 'a-b' and steps '*/n'"
        }
    }

    /// A bit a value.
    private(set) var bits: UInt64 = 0
    /// Whether it begins with `*`; with a step too, as in Vixie's cron.
    let isStar: Bool

    /// Reads a field.
    /// - Throws: `validation_error` naming it and what is allowed.
    init(_ text: Substring, _ shape: Shape) throws {
        isStar = text.first == "*"
        for item in text.split(separator: ",", omittingEmptySubsequences: false) { try add(item, shape, text) }
        if shape.range.upperBound == 7, contains(7) { bits = (bits | 1) & ~(1 << 7) }
    }

    /// One value.
    init(_ value: Int) { (bits, isStar) = (1 << UInt64(value), false) }

    /// `*`.
    static func all(_ range: ClosedRange<Int>) -> CronField { CronField(all: range) }

    private init(all range: ClosedRange<Int>) {
        isStar = true
        fill(range, 1)
    }

    /// Whether a value is let through.
    func contains(_ value: Int) -> Bool { bits & (1 << UInt64(value)) != 0 }

    /// The first value from `value` on that is let through.
    func first(from value: Int) -> Int? {
        guard value < 64 else { return nil }
        let rest = bits & (~UInt64(0) << UInt64(value))
        return rest == 0 ? nil : rest.trailingZeroBitCount
    }

    /// How many values are let through.
    var count: Int { bits.nonzeroBitCount }

    private mutating func add(_ item: Substring, _ shape: Shape, _ whole: Substring) throws {
        let parts = item.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = parts.first else { throw Self.problem(whole, shape) }
        var step = 1
        if parts.count == 2 {
            guard let number = Self.number(parts[1]), number > 0 else {
                throw Self.problem(whole, shape, "the step '\(parts[1])' must be a whole number from 1")
            }
            step = number
        }
        if base == "*" {
            // Sunday has two numbers; with a step only the first counts.
            let last = shape.range.upperBound == 7 ? 6 : shape.range.upperBound
            return fill(shape.range.lowerBound...last, step)
        }
        let ends = base.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let from = Self.value(ends[0], shape) else { throw Self.problem(whole, shape) }
        guard ends.count == 2 else {
            guard parts.count == 1 else {
                let range = "\(base)-\(shape.range.upperBound)/\(step)"
                throw Self.problem(whole, shape, "a step needs a range or '*': '\(range)'")
            }
            return fill(from...from, 1)
        }
        guard var to = Self.value(ends[1], shape) else { throw Self.problem(whole, shape) }
        if shape.range.upperBound == 7, to == 0, from > 0 { to = 7 }
        guard from <= to else {
            throw Self.problem(whole, shape, "the range '\(base)' goes backwards; write it as two")
        }
        fill(from...to, step)
    }

    private mutating func fill(_ range: ClosedRange<Int>, _ step: Int) {
        for value in stride(from: range.lowerBound, through: range.upperBound, by: step) { bits |= 1 << UInt64(value) }
    }

    private static func value(_ text: Substring, _ shape: Shape) -> Int? {
        if let place = shape.names.firstIndex(of: text.uppercased()) {
            return place + (shape.range.lowerBound == 1 ? 1 : 0)
        }
        guard let number = number(text), shape.range.contains(number) else { return nil }
        return number
    }

    private static func number(_ text: Substring) -> Int? {
        let isNumber = (1...4).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber else { return nil }
        return Int(text)
    }

    private static func problem(_ text: Substring, _ shape: Shape, _ detail: String? = nil) -> CupelError {
        CronExpression.problem("\(shape.name) '\(text)': \(detail ?? "allowed are \(shape.allowed)")")
    }
}
