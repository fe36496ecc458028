/// A moment in UTC, in whole microseconds since 1970-01-01, printed as RFC 3339.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Microseconds since the Unix epoch.
    public var microseconds: Int64

    /// A moment from its microseconds since the Unix epoch.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Milliseconds since the Unix epoch, rounded down.
    public var milliseconds: Int64 { microseconds.quotientFloored(by: 1000) }

    public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }

    /// The moment `duration` later.
    public static func + (moment: Self, duration: Duration) -> Self {
        Timestamp(microseconds: moment.microseconds + duration.wholeMicroseconds)
    }

    /// The time from `earlier` to this moment.
    public static func - (later: Self, earlier: Self) -> Duration {
        .microseconds(later.microseconds - earlier.microseconds)
    }

    /// `2026-03-01T09:30:00.123456Z`.
    public var description: String {
        let seconds = microseconds.quotientFloored(by: 1_000_000)
        let fraction = microseconds - seconds * 1_000_000
        let days = seconds.quotientFloored(by: 86_400)
        let time = seconds - days * 86_400
        let (year, month, day) = Self.civil(fromDays: days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2)).\(padded(fraction, 6))Z"
    }

    /// Year, month and day of a count of days since 1970-01-01, by Howard Hinnant's `civil_from_days`.
    private static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = shifted.quotientFloored(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int64 {
    fileprivate func quotientFloored(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

extension Duration {
    /// The duration in whole microseconds, rounded toward zero.
    public var wholeMicroseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }

    /// The duration in milliseconds.
    public var inMilliseconds: Double { Double(wholeMicroseconds) / 1000 }
}
