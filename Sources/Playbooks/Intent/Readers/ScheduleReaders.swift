import CupelCore

/// What an ask gives for the module that plans jobs.
enum ScheduleReaders {
    static let all: [String: @Sendable (Reading) -> ModuleReading?] = ["cron": { reading in cron(reading) }]

    private static let weekdays = [
        "sunday": "0", "monday": "1", "tuesday": "2", "wednesday": "3", "thursday": "4", "friday": "5", "saturday": "6",
    ]

    private static func cron(_ reading: Reading) -> ModuleReading? {
        let saysCron = reading.has("cron", "cronjob", "crontab", "schedule") || reading.wants(.schedule)
        if saysCron, reading.wants(.remove) { return removal(reading) }
        let times = times(reading)
        let uses = reading.path(after: ["with", "using", "via"]) != nil
        guard reading.wants(.run, .schedule, .create, .add, .set, .install) || uses, saysCron || !times.isEmpty,
            !times.isEmpty,
            let job = job(reading)
        else { return nil }
        let program = job.split(separator: " ").first?.split(separator: "/").last.map(String.init) ?? job
        let named =
            reading.words.contains { $0.lower == "called" || $0.lower == "named" }
            ? reading.names(of: ["job", "cronjob", "entry", "task"]).first : nil
        var result = ModuleReading(title: "Schedule \(program)")
        result.offer(
            "name",
            [.string(named ?? "Run \(program)")],
            named == nil ? "a cron job needs a name" : "the ask names the job"
        )
        result.set("job", text: job, "the ask says what runs")
        for (option, value) in times { result.set(option, text: value, "the ask says when") }
        result.set("user", text: user(reading), "the ask names the user")
        return result
    }

    private static func user(_ reading: Reading) -> String? {
        reading.names(of: ["user"]).first ?? reading.word(after: ["as"], within: 1, where: Reading.isName)?.text
    }

    private static func removal(_ reading: Reading) -> ModuleReading? {
        var words: [String] = []
        if let index = reading.words.firstIndex(where: { ["called", "named", "name"].contains($0.lower) }) {
            words = reading.words[(index + 1)...].prefix {
                $0.kind != .mark && !["for", "from", "of", "in"].contains($0.lower)
            }.map(\.text)
        } else if let quoted = reading.quotedText {
            words = [quoted]
        } else {
            words = reading.names(of: ["job", "cronjob", "entry", "cron"])
        }
        guard !words.isEmpty else { return nil }
        let name = words.joined(separator: " ")
        var result = ModuleReading(title: "Remove cron job \(name)")
        result.set("name", text: name, "the ask names the job")
        result.set("state", "absent", "the ask removes it")
        result.set("user", text: user(reading), "the ask names the user")
        return result
    }

    /// The command: quoted, or a path with what follows it up to a word of time.
    private static func job(_ reading: Reading) -> String? {
        if let quoted = reading.quoted.first { return quoted }
        if reading.wants(.schedule), reading.has("reboot") { return "/sbin/shutdown -r now" }
        guard let start = reading.words.firstIndex(where: { $0.kind == .path || $0.kind == .file }) else {
            return nil
        }
        let stops: Set<String> = [
            "every", "at", "on", "daily", "hourly", "weekly", "monthly", "as", "each", "once", "in", "for", "via",
            "with", "nightly", "yearly", "after", "by", "using", "from", "when",
        ]
        let words = reading.words[start...].prefix { !stops.contains($0.lower) && $0.kind != .mark }
        return words.map(\.text).joined(separator: " ")
    }

    /// Minute, hour and the like, in the order in which cron writes them.
    private static func times(_ reading: Reading) -> [(String, String)] {
        let starts = [
            "every reboot", "each reboot", "at reboot", "on reboot", "every boot", "at boot", "on boot", "at startup",
        ]
        if reading.has("@reboot") || starts.contains(where: { reading.has(phrase: $0) }) {
            return [("special_time", "reboot")]
        }
        if let steps = steps(reading) { return steps }
        let clock =
            reading.words.lazy.compactMap { $0.kind == .time ? ClockTime($0.lower) : nil }.first
            ?? bareHour(reading) ?? namedHour(reading)
        let weekday =
            reading.words.lazy.compactMap { weekdays[$0.stem] ?? weekdays[$0.lower] }.first
            ?? (reading.has("weekday", "weekdays") ? "1-5" : reading.has("weekend", "weekends") ? "6,0" : nil)
        let day =
            reading.word(after: ["day"], within: 2) { $0.kind == .number }?.text
            ?? reading.words.first { ["1st", "first"].contains($0.lower) }.map { _ in "1" }
        let monthly = reading.has("month", "monthly")
        if let clock {
            var found = [("minute", String(clock.minute)), ("hour", String(clock.hour))]
            if monthly { found.append(("day", day ?? "1")) }
            if let weekday {
                found.append(("weekday", weekday))
            } else if reading.has("weekly") {
                found.append(("weekday", "0"))
            }
            return found
        }
        if let weekday { return [("minute", "0"), ("hour", "0"), ("weekday", weekday)] }
        let special = [
            ("hour", "hourly"), ("day", "daily"), ("night", "daily"), ("week", "weekly"), ("month", "monthly"),
            ("year", "yearly"),
        ]
        for (unit, name) in special
        where reading.has(name) || reading.has(phrase: "every \(unit)") || reading.has(phrase: "each \(unit)")
            || reading.has(phrase: "once a \(unit)")
        {
            return [("special_time", name)]
        }
        return reading.has("nightly") ? [("special_time", "daily")] : []
    }

    /// "every 15 minutes", "every 2 hours", "every minute".
    private static func steps(_ reading: Reading) -> [(String, String)]? {
        guard let index = reading.words.firstIndex(where: { $0.lower == "every" }), index + 1 < reading.words.count
        else { return nil }
        let next = reading.words[index + 1]
        if next.stem == "minute" { return [("minute", "*")] }
        guard
            let step = ["other": 2, "two": 2, "five": 5, "ten": 10, "fifteen": 15, "thirty": 30][next.lower]
                ?? Int(next.text), step > 0, index + 2 < reading.words.count
        else { return nil }
        switch reading.words[index + 2].stem {
        case "minute", "min": return [("minute", "*/\(step)")]
        case "hour": return [("minute", "0"), ("hour", "*/\(step)")]
        case "day": return [("minute", "0"), ("hour", "0"), ("day", "*/\(step)")]
        default: return nil
        }
    }

    /// "at 5": an hour without am or pm.
    private static func bareHour(_ reading: Reading) -> ClockTime? {
        reading.word(after: ["at"], within: 1) { $0.kind == .number }.flatMap { ClockTime($0.text + ":00") }
    }

    private static func namedHour(_ reading: Reading) -> ClockTime? {
        reading.has("midnight") ? ClockTime("0:00") : reading.has("noon") ? ClockTime("12:00") : nil
    }
}
