import ArgumentParser
import CupelCore
import CupelServer
import Foundation

struct SchedulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedules",
        abstract: "Submit jobs again and again.",
        subcommands: [
            SchedulesList.self, SchedulesSet.self, SchedulesRemove.self, SchedulesRun.self, SchedulesPause.self,
            SchedulesResume.self,
        ]
    )

    /// The API's path of a schedule.
    static func path(_ name: String, _ verb: String = "") -> String {
        let safe = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")
        return "/api/v1/schedules/\(name.addingPercentEncoding(withAllowedCharacters: safe) ?? "")\(verb)"
    }

    /// Prints schedules as a table, with their next firings.
    static func show(_ items: [JSON]) {
        let rows = items.map { item in
            let next = item["next"]?.arrayValue?.compactMap(\.stringValue).map { String($0.prefix(16)) + "Z" } ?? []
            let when = item["paused"]?.boolValue == true ? "paused" : next.joined(separator: " ")
            return [
                item["name"]?.stringValue ?? "", item["cron"]?.stringValue ?? "",
                item["time_zone"]?.stringValue ?? "", item["kind"]?.stringValue ?? "",
                [when, item["note"]?.stringValue ?? ""].filter { !$0.isEmpty }.joined(separator: "; "),
            ]
        }
        Terminal.standard.print(Terminal.standard.table([["NAME", "CRON", "TIME ZONE", "KIND", "NEXT"]] + rows))
    }
}

struct SchedulesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List schedules with their next three firings."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let page = try await Session.run(options) { try await $0.get("/api/v1/schedules") }
        if options.json { return Terminal.standard.print(page.text(.pretty)) }
        let items = page["items"]?.arrayValue ?? []
        guard !items.isEmpty else { return Terminal.standard.say("No schedules.") }
        SchedulesCommand.show(items)
    }
}

struct SchedulesSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Make or change a schedule.",
        discussion: "Example: cupel schedules set nightly '30 2 * * MON-FRI' cupel.probe --time-zone Europe/Berlin"
    )

    @Argument(help: "Its name.") var name: String
    @Argument(help: "When: minute hour day-of-month month day-of-week, or @hourly, @daily, @weekly.") var cron: String
    @Argument(help: "The kind of job it submits.") var kind: String
    @Option(help: "The job's input as JSON.") var payload = "{}"
    @Option(name: .customLong("time-zone"), help: "An IANA time zone.") var zone = "UTC"
    @Option(help: "Firings missed while nobody was there: skip, once or all.") var missed = "once"
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let input: JSON
        do {
            input = try JSON(parsing: payload)
        } catch {
            throw CupelError(.validationError, "--payload is not JSON: \(error).")
        }
        let body: JSON = [
            "cron": .string(cron), "kind": .string(kind), "payload": input, "time_zone": .string(zone),
            "missed": .string(missed),
        ]
        let path = SchedulesCommand.path(name)
        let schedule = try await Session.run(options) { try await $0.put(path, body) }
        if options.json { return Terminal.standard.print(schedule.text(.pretty)) }
        SchedulesCommand.show([schedule])
    }
}

struct SchedulesRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a schedule; its jobs stay."
    )

    @Argument(help: "Its name.") var name: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let path = SchedulesCommand.path(name)
        let answer = try await Session.run(options) { try await $0.delete(path) }
        if options.json { return Terminal.standard.print(answer.text(.pretty)) }
        Terminal.standard.say("removed \(name)")
    }
}

struct SchedulesRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Submit a schedule's job now.")

    @Argument(help: "Its name.") var name: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let path = SchedulesCommand.path(name, "/run")
        let job = try await Session.run(options) { try await $0.post(path) }
        Terminal.standard.print(options.json ? job.text(.pretty) : job["id"]?.stringValue ?? "")
    }
}

extension SchedulesCommand {
    /// Stops or starts a schedule and shows it.
    fileprivate static func turn(_ name: String, _ verb: String, _ options: CommonOptions) async throws {
        let path = path(name, verb)
        let schedule = try await Session.run(options) { try await $0.post(path) }
        if options.json { return Terminal.standard.print(schedule.text(.pretty)) }
        show([schedule])
    }
}

struct SchedulesPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pause", abstract: "Stop firing.")

    @Argument(help: "Its name.") var name: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        try await SchedulesCommand.turn(name, "/pause", options)
    }
}

struct SchedulesResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Fire again, from now on.")

    @Argument(help: "Its name.") var name: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        try await SchedulesCommand.turn(name, "/resume", options)
    }
}
