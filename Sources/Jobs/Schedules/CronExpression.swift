package import CupelCore

/// When a schedule fires: minute, hour, day of month, month, day of week, as in Vixie's cron.
///
/// Lists, ranges and steps; names of months and days; 7 is Sunday; `@hourly`, `@daily`, `@weekly`, `@monthly`,
/// `@yearly`. When neither day field begins with `*`, a day that fits either is taken; else it must fit both.
package struct CronExpression: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    package let text: String
    private let minutes: CronField
    private let hours: CronField
    private let days: CronField
    private let months: CronField
    private let weekdays: CronField

    package var description: String { text }

    /// The longest expression, in bytes.
    package static let maximumBytes = 200

    private static let nicknames = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *",
        "@yearly": "0 0 1 1 *",
    ]

    /// Reads an expression.
    /// - Throws: `validation_error` naming the field and what is allowed; also when it would never fire.
    package init(_ text: String) throws {
        guard text.utf8.count <= Self.maximumBytes else {
            throw Self.problem("must be at most \(Self.maximumBytes) bytes")
        }
        var full = text
        if text.hasPrefix("@") {
            guard let known = Self.nicknames[text.lowercased()] else {
                let allowed = Self.nicknames.keys.sorted().joined(separator: ", ")
                throw Self.problem("'\(text)' is unknown; allowed are \(allowed)")
            }
            full = known
        }
        let parts = full.split(whereSeparator: \.isWhitespace)
        guard parts.count == 5 else {
            throw Self.problem(
                "has \(parts.count) fields; needed are five: minute hour day-of-month month day-of-week"
            )
        }
        self.text = text
        minutes = try CronField(parts[0], .minute)
        hours = try CronField(parts[1], .hour)
        days = try CronField(parts[2], .day)
        months = try CronField(parts[3], .month)
        weekdays = try CronField(parts[4], .weekday)
        // 2096 to 2104 is the longest time without a 29th of February.
        guard next(from: CivilTime(seconds: 0)) != nil else {
            let never = "the months '\(parts[3])' have no such day, so it never fires"
            throw Self.problem("day-of-month '\(parts[2])': \(never)")
        }
    }

    /// Once in every hour, not on the hour, when much else begins.
    package static let hourly = CronExpression(hourlyAt: 17)

    private init(hourlyAt minute: Int) {
        text = "\(minute) * * * *"
        minutes = CronField(minute)
        (hours, days, months, weekdays) = (.all(0...23), .all(1...31), .all(1...12), .all(0...6))
    }

    static func problem(_ message: String) -> CupelError {
        CupelError(.validationError, "The schedule's time is wrong.", fields: [FieldProblem("cron", message)])
    }

    /// Whether it runs in every hour, and so by real time: when clocks change, nothing is left out or caught up.
    private var isByRealTime: Bool { hours.count == 24 }

    /// The first firing after a moment, to the second.
    ///
    /// One that names hours fires once for each time it names: at the end of the gap when the clocks jump over that
    /// time, and the first time when they show it twice. One that runs every hour follows real time.
    package func next(after moment: Timestamp, in zone: ScheduleZone) -> Timestamp? {
        let second = moment.microseconds.dividedDown(by: 1_000_000)
        let found: Int64?
        if isByRealTime {
            found = nextByRealTime(after: second, zone)
        } else {
            let from = CivilTime(seconds: zone.latestShown(at: second).seconds + 1)
            found = next(from: from).map(zone.firstMoment)
        }
        return found.map { Timestamp(microseconds: $0 * 1_000_000) }
    }

    private func nextByRealTime(after second: Int64, _ zone: ScheduleZone) -> Int64? {
        var cursor = second + 1
        while true {
            guard let civil = next(from: zone.civil(at: cursor)) else { return nil }
            let moment = civil.seconds - zone.offset(at: cursor)
            // A change within the next day may show times again that lie before; later ones cannot.
            let near = min(moment, cursor + ScheduleZone.widest)
            if let change = zone.change(after: cursor, through: near) {
                cursor = change
            } else if near == moment {
                return moment
            } else {
                cursor = max(near, moment - ScheduleZone.widest)
            }
        }
    }

    // MARK: On a wall clock

    private static let longestWaitDays: Int64 = 9 * 366

    /// The first minute from `start` on that fits.
    private func next(from start: CivilTime) -> CivilTime? {
        let up = CivilTime(seconds: (start.seconds + 59).dividedDown(by: 60) * 60)
        var minute = up.minuteOfDay
        for day in up.days...up.days + Self.longestWaitDays {
            if isOn(day), let found = time(from: minute) {
                return CivilTime(seconds: day * CivilTime.day + Int64(found) * 60)
            }
            minute = 0
        }
        return nil
    }

    private func isOn(_ days: Int64) -> Bool {
        let date = CivilTime.date(ofDay: days)
        guard months.contains(date.month) else { return false }
        let (byDay, byWeekday) = (self.days.contains(date.day), weekdays.contains(CivilTime.weekday(ofDay: days)))
        return self.days.isStar || weekdays.isStar ? byDay && byWeekday : byDay || byWeekday
    }

    /// The first fitting minute of a day from `minute` on.
    private func time(from minute: Int) -> Int? {
        guard let first = minutes.first(from: 0), let hour = hours.first(from: minute / 60) else { return nil }
        if hour > minute / 60 { return hour * 60 + first }
        if let same = minutes.first(from: minute % 60) { return hour * 60 + same }
        return hours.first(from: hour + 1).map { $0 * 60 + first }
    }
}
