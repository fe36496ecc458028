extension Timestamp {
    /// Reads an RFC 3339 moment, as `2026-03-01T09:30:00.5+02:00`; `nil` when the text is none.
    ///
    /// The year is 1970 to 9999; digits of the fraction beyond the sixth are cut off; a leap second is not known.
    public init?(rfc3339 text: String) {
        var rest = Array(text.utf8)[...]
        guard let year = Self.digits(4, &rest), Self.take("-", &rest), let month = Self.digits(2, &rest),
            Self.take("-", &rest), let day = Self.digits(2, &rest), Self.take("Tt ", &rest),
            let hour = Self.digits(2, &rest), Self.take(":", &rest), let minute = Self.digits(2, &rest),
            Self.take(":", &rest), let second = Self.digits(2, &rest), year >= 1970, (1...12).contains(month),
            (1...Self.days(in: month, of: year)).contains(day), hour < 24, minute < 60, second < 60,
            let fraction = Self.fraction(&rest), let offset = Self.offset(&rest), rest.isEmpty
        else { return nil }
        let days = Self.days(year, month, day)
        let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset * 60)
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    private static func take(_ allowed: String, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let byte = rest.first, allowed.utf8.contains(byte) else { return false }
        rest.removeFirst()
        return true
    }

    private static func digits(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> Int? {
        let part = rest.prefix(count)
        guard part.count == count, part.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        rest.removeFirst(count)
        return part.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// The part of a second in microseconds; 0 when there is none.
    private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard take(".", &rest) else { return 0 }
        let part = rest.prefix { (0x30...0x39).contains($0) }
        guard !part.isEmpty, part.count <= 12 else { return nil }
        rest.removeFirst(part.count)
        let kept = part.prefix(6)
        let value = kept.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
        return (kept.count..<6).reduce(value) { value, _ in value * 10 }
    }

    /// The distance from UTC in minutes.
    private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int? {
        if take("Zz", &rest) { return 0 }
        let sign = rest.first == UInt8(ascii: "-") ? -1 : 1
        guard take("+-", &rest), let hours = digits(2, &rest), take(":", &rest), let minutes = digits(2, &rest),
            hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes)
    }

    private static func days(in month: Int, of year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// Days since 1970-01-01, by Howard Hinnant's `days_from_civil`.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return Int64(era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468)
    }
}
