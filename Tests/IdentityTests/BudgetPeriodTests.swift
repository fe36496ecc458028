import CupelCore
import Identity
import Testing

@Suite struct BudgetPeriodTests {
    @Test(arguments: [
        ("2026-03-15T09:30:00Z", "2026-03-15", "2026-03-16", "2026-03-01", "2026-04-01"),
        ("2024-02-29T23:59:59.999999Z", "2024-02-29", "2024-03-01", "2024-02-01", "2024-03-01"),
        ("2023-02-28T00:00:00Z", "2023-02-28", "2023-03-01", "2023-02-01", "2023-03-01"),
        ("2100-02-10T00:00:00Z", "2100-02-10", "2100-02-11", "2100-02-01", "2100-03-01"),
        ("2026-12-31T23:59:59Z", "2026-12-31", "2027-01-01", "2026-12-01", "2027-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01", "2026-01-02", "2026-01-01", "2026-02-01"),
        ("1970-01-01T00:00:00Z", "1970-01-01", "1970-01-02", "1970-01-01", "1970-02-01"),
    ])
    func `days and months begin and end where the calendar of UTC says`(
        _ moment: String,
        _ day: String,
        _ nextDay: String,
        _ month: String,
        _ nextMonth: String
    ) throws {
        func midnight(_ date: String) throws -> Timestamp { try #require(Timestamp(rfc3339: date + "T00:00:00Z")) }
        let at = try #require(Timestamp(rfc3339: moment))
        #expect(BudgetPeriod.call.window(around: at) == nil)
        #expect(BudgetPeriod.day.window(around: at) == (try midnight(day))..<(try midnight(nextDay)))
        #expect(BudgetPeriod.month.window(around: at) == (try midnight(month))..<(try midnight(nextMonth)))
    }

    @Test func `every day of forty years lies in the month that its text names`() throws {
        var day = try #require(Timestamp(rfc3339: "2000-01-01T12:00:00Z"))
        for _ in 0..<(40 * 366) {
            let window = try #require(BudgetPeriod.month.window(around: day))
            #expect(window.lowerBound.description.hasPrefix(day.description.prefix(7) + "-01T00:00:00"))
            #expect(window.upperBound.description.contains("-01T00:00:00") && window.contains(day))
            day = day + .seconds(86_400)
        }
    }
}
