/// A moment of a wall clock to the second, as seconds since 1970-01-01T00:00:00 on that same clock: arithmetic on dates
/// without a zone.
struct CivilTime: Hashable, Comparable {
    var seconds: Int64

    static func < (left: Self, right: Self) -> Bool { left.seconds < right.seconds }

    static let day: Int64 = 86_400

    init(seconds: Int64) { self.seconds = seconds }

    /// Days since 1970-01-01.
    var days: Int64 { seconds.dividedDown(by: Self.day) }
    /// Minutes since midnight.
    var minuteOfDay: Int { Int((seconds - days * Self.day) / 60) }
    /// From 0, Sunday, to 6.
    static func weekday(ofDay days: Int64) -> Int { Int((days + 4) - (days + 4).dividedDown(by: 7) * 7) }

    /// Year, month and day, by Howard Hinnant's `civil_from_days`.
    static func date(ofDay days: Int64) -> (year: Int64, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted.dividedDown(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), Int(month), Int(day))
    }
}

extension Int64 {
    /// The quotient, rounded down.
    func dividedDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
