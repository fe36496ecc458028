import CupelCore
import CupelTesting
import Foundation
import Jobs
import Testing

/// A moment written as `2026-03-29T01:00Z`.
private func moment(_ text: String) throws -> Timestamp {
    let formatter = ISO8601DateFormatter()
    let date = try #require(formatter.date(from: text.replacing("Z", with: ":00Z")))
    return Timestamp(microseconds: Int64(date.timeIntervalSince1970) * 1_000_000)
}

/// A line of a table: the expression, the zone, a moment, and the firings after it.
struct CronCase: CustomTestStringConvertible {
    let cron: String
    let zone: String
    let after: String
    let next: [String]

    init(_ cron: String, _ zone: String, _ after: String, _ next: [String]) {
        (self.cron, self.zone, self.after, self.next) = (cron, zone, after, next)
    }

    var testDescription: String { "\(cron) \(zone) after \(after)" }
}

struct CronTests {
    static let plain = [
        CronCase(
            "*/20 9-10 * * *",
            "UTC",
            "2026-01-01T09:15Z",
            ["2026-01-01T09:20Z", "2026-01-01T09:40Z", "2026-01-01T10:00Z"]
        ),
        CronCase("0 0 29 2 *", "UTC", "2096-03-01T00:00Z", ["2104-02-29T00:00Z", "2108-02-29T00:00Z"]),
        CronCase("0 0 29 FEB *", "UTC", "2026-01-01T00:00Z", ["2028-02-29T00:00Z"]),
        CronCase(
            "30 4 1,15 * 5",
            "UTC",
            "2026-01-01T04:30Z",
            ["2026-01-02T04:30Z", "2026-01-09T04:30Z", "2026-01-15T04:30Z"]
        ),
        CronCase("0 12 */2 * MON", "UTC", "2026-01-01T00:00Z", ["2026-01-05T12:00Z", "2026-01-19T12:00Z"]),
        CronCase("0 0 * * 7", "UTC", "2026-01-01T00:00Z", ["2026-01-04T00:00Z", "2026-01-11T00:00Z"]),
        CronCase(
            "0 0 * * fri-sun",
            "UTC",
            "2026-01-01T00:00Z",
            ["2026-01-02T00:00Z", "2026-01-03T00:00Z", "2026-01-04T00:00Z", "2026-01-09T00:00Z"]
        ),
        CronCase("@hourly", "UTC", "2026-01-01T00:00Z", ["2026-01-01T01:00Z"]),
        CronCase("@daily", "Asia/Kathmandu", "2026-01-01T00:00Z", ["2026-01-01T18:15Z", "2026-01-02T18:15Z"]),
        CronCase("@weekly", "UTC", "2026-01-01T00:00Z", ["2026-01-04T00:00Z"]),
        CronCase("@monthly", "UTC", "2026-01-01T00:00Z", ["2026-02-01T00:00Z"]),
        CronCase("@yearly", "UTC", "2026-01-01T00:00Z", ["2027-01-01T00:00Z"]),
    ]

    static let clockChanges = [
        // Berlin jumps from 2 to 3 at 01:00 UTC on 29 March and shows 2 to 3 twice on 25 October 2026.
        CronCase("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]),
        CronCase("*/15 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", ["2026-03-29T01:00Z", "2026-03-30T00:00Z"]),
        CronCase("0 3 * * *", "Europe/Berlin", "2026-03-28T12:00Z", ["2026-03-29T01:00Z", "2026-03-30T01:00Z"]),
        CronCase("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]),
        CronCase("30 2 * * *", "Europe/Berlin", "2026-10-25T00:45Z", ["2026-10-26T01:30Z"]),
        CronCase("30 * * * *", "Europe/Berlin", "2026-03-29T00:00Z", ["2026-03-29T00:30Z", "2026-03-29T01:30Z"]),
        CronCase(
            "30 * * * *",
            "Europe/Berlin",
            "2026-10-25T00:00Z",
            ["2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T02:30Z"]
        ),
        CronCase("* * * * *", "Europe/Berlin", "2026-10-25T00:59Z", ["2026-10-25T01:00Z", "2026-10-25T01:01Z"]),
        // New York jumps at 07:00 UTC on 8 March and goes back at 06:00 UTC on 1 November 2026.
        CronCase("15 2 * * *", "America/New_York", "2026-03-07T12:00Z", ["2026-03-08T07:00Z", "2026-03-09T06:15Z"]),
        CronCase("15 1 * * *", "America/New_York", "2026-10-31T12:00Z", ["2026-11-01T05:15Z", "2026-11-02T06:15Z"]),
        CronCase("0 9 * * MON-FRI", "America/New_York", "2026-03-06T20:00Z", ["2026-03-09T13:00Z"]),
        // Lord Howe moves by half an hour: forward at 15:30 UTC on 3 October, back at 15:00 UTC on 4 April 2026.
        CronCase("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00Z", ["2026-10-03T15:30Z", "2026-10-04T15:15Z"]),
        CronCase("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00Z", ["2026-04-04T14:45Z", "2026-04-05T15:15Z"]),
        // Beirut jumps at midnight; Apia left out 30 December 2011.
        CronCase("0 0 * * *", "Asia/Beirut", "2026-03-28T12:00Z", ["2026-03-28T22:00Z", "2026-03-29T21:00Z"]),
        CronCase("0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00Z", ["2011-12-30T10:00Z", "2012-12-29T22:00Z"]),
    ]

    @Test(arguments: plain + clockChanges) func `a schedule fires when it says`(_ one: CronCase) throws {
        let cron = try CronExpression(one.cron)
        let zone = try ScheduleZone(one.zone)
        var last = try moment(one.after)
        var found: [String] = []
        for _ in one.next {
            last = try #require(cron.next(after: last, in: zone))
            found.append(last.description)
        }
        let wanted = try one.next.map { try moment($0).description }
        #expect(found == wanted)
    }

    static let zones = [
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Beirut", "Pacific/Apia",
        "Africa/Casablanca", "America/St_Johns", "UTC",
    ]

    /// Against a look at every minute: a time fires when the clocks first reach or pass it.
    @Test(arguments: zones) func `it agrees with a look at every minute`(_ name: String) throws {
        var generator = SeededGenerator(seed: name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        let zone = try ScheduleZone(name)
        let clock = try #require(TimeZone(identifier: name))
        let starts: [Int64] = [
            1_774_569_600, 1_775_174_400, 1_790_899_200, 1_792_713_600, 1_772_841_600, 1_793_404_800,
        ]
        for round in 0..<40 {
            let cron = try CronExpression(Self.anExpression(&generator))
            let start = starts[round % starts.count] + Int64.random(in: 0...600, using: &generator) * 60
            let wanted = Self.bruteForce(cron.text, clock, start, days: 5)
            var found: [Int64] = []
            var last = Timestamp(microseconds: start * 1_000_000)
            while let next = cron.next(after: last, in: zone), next.microseconds <= (start + 5 * 86_400) * 1_000_000 {
                found.append(next.microseconds / 1_000_000)
                last = next
            }
            #expect(found == wanted, "\(cron) in \(name) after \(last)")
        }
    }

    private static func anExpression(_ generator: inout SeededGenerator) -> String {
        let minutes = ["*", "0", "30", "*/15", "7,37", "0-10/5", "59"]
        let hours = ["*", "2", "1-3", "*/2", "0", "23,1", "3", "0-23"]
        let days = ["*", "*", "28-31", "1,4", "*/2"]
        let weekdays = ["*", "*", "0", "MON-FRI", "6,7", "*/3"]
        return [minutes, hours, days, ["*"], weekdays].map { $0.randomElement(using: &generator) ?? "*" }
            .joined(separator: " ")
    }

    private static func bruteForce(_ text: String, _ clock: TimeZone, _ start: Int64, days: Int64) -> [Int64] {
        let fields = text.split(separator: " ").map(String.init)
        let sets = zip(fields, [0...59, 0...23, 1...31, 1...12, 0...6]).map { values($0, $1) }
        let isByRealTime = sets[1].count == 24
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        func shown(_ second: Int64) -> Int64 {
            second + Int64(clock.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
        }
        func fits(_ shown: Int64) -> Bool {
            guard sets[0].contains(Int(shown / 60 % 60)), sets[1].contains(Int(shown / 3600 % 24)) else { return false }
            let date = Date(timeIntervalSince1970: Double(shown))
            let parts = calendar.dateComponents([.day, .weekday], from: date)
            let day = sets[2].contains(parts.day ?? -1)
            let weekday = sets[4].contains((parts.weekday ?? 0) - 1)
            return fields[2].hasPrefix("*") || fields[4].hasPrefix("*") ? day && weekday : day || weekday
        }
        var latest: Int64 = (start - 100_000...start).filter { $0 % 60 == 0 }.map(shown).max() ?? 0
        var found: [Int64] = []
        for second in stride(from: start + 60, through: start + days * 86_400, by: 60) {
            let now = shown(second)
            if isByRealTime {
                if fits(now) { found.append(second) }
            } else {
                if stride(from: latest + 60, through: now, by: 60).contains(where: fits) { found.append(second) }
                latest = max(latest, now)
            }
        }
        return found
    }

    private static func values(_ field: String, _ range: ClosedRange<Int>) -> Set<Int> {
        var found: Set<Int> = []
        for item in field.replacing("MON", with: "1").replacing("FRI", with: "5").split(separator: ",") {
            let parts = item.split(separator: "/")
            let ends: [Int] =
                parts[0] == "*"
                ? [range.lowerBound, range.upperBound] : parts[0].split(separator: "-").compactMap { Int($0) }
            let step = parts.count > 1 ? Int(parts[1]) ?? 1 : 1
            for value in stride(from: ends[0], through: ends[ends.count - 1], by: step) {
                found.insert(range.upperBound == 6 && value == 7 ? 0 : value)
            }
        }
        return found
    }

    @Test(arguments: [
        ("60 * * * *", "minute"), ("* 24 * * *", "hour"), ("* * 0 * *", "day-of-month"), ("* * * 13 *", "month"),
        ("* * * * 8", "day-of-week"), ("* * * MAI *", "month"), ("5-1 * * * *", "backwards"), ("*/0 * * * *", "step"),
        ("3/5 * * * *", "3-59/5"), (", * * * *", "minute"), ("* * * *", "4 fields"), ("* * * * * *", "6 fields"),
        ("", "0 fields"), ("@often", "@daily"), ("0 0 30 2 *", "day-of-month '30'"), ("0 0 31 4,6,9,11 *", "never"),
        ("1-2-3 * * * *", "minute"), ("+1 * * * *", "minute"), ("٣ * * * *", "minute"),
        (String(repeating: " ", count: 201), "200 bytes"),
    ])
    func `what is wrong is named with its field`(_ text: String, _ word: String) {
        #expect {
            _ = try CronExpression(text)
        } throws: { error in
            let error = error as? CupelError
            return error?.code == .validationError && error?.fields.first?.field == "cron"
                && error?.fields.first?.message.contains(word) == true
        }
    }

    @Test func `a day that never comes is fine where a weekday comes instead`() throws {
        let next = try CronExpression("0 0 30 2 1").next(after: moment("2026-01-01T00:00Z"), in: .utc)
        #expect(next == (try moment("2026-02-02T00:00Z")))
    }

    @Test func `an unknown time zone is named with its nearest`() {
        #expect {
            _ = try ScheduleZone("Europe/Berlni")
        } throws: {
            ($0 as? CupelError)?.fields.first?.message.contains("'Europe/Berlin'") == true
        }
    }

    @Test func `a thousand firings of any schedule are found in no time`() throws {
        let cron = try CronExpression("0 0 29 2 *")
        var last = Timestamp(microseconds: 0)
        for _ in 0..<1000 { last = try #require(cron.next(after: last, in: try ScheduleZone("Europe/Berlin"))) }
        #expect(last.description.hasPrefix("6"))
    }
}
