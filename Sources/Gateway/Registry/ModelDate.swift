/// A day or a month of the Gregorian calendar, as registries state them: `2026-11` or `2026-11-21`.
package struct ModelDate: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The text as it was written; such texts sort by time.
    package let description: String

    /// Reads a year from 2000 to 2099 with a month and perhaps a day; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), text.utf8.count == (parts.count == 2 ? 7 : 10),
            text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }),
            let year = Int(parts[0]), (2000...2099).contains(year), let month = Int(parts[1]),
            (1...12).contains(month)
        else { return nil }
        if parts.count == 3 {
            guard let day = Int(parts[2]), day >= 1, day <= Self.days(in: month, of: year) else { return nil }
        }
        description = String(text)
    }

    /// Whether the day is stated, not only the month.
    package var hasDay: Bool { description.utf8.count == 10 }

    package static func < (left: ModelDate, right: ModelDate) -> Bool { left.description < right.description }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
