import ArgumentParser
import CupelCore
import CupelServer
import Foundation

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "See, check and start the configuration.",
        subcommands: [ConfigShow.self, ConfigValidate.self, ConfigInit.self]
    )
}

struct ConfigShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print every setting in force; secrets are masked."
    )

    @Flag(help: "Also say where each value comes from.") var origin = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let entries = try options.settings().entries
        if options.json {
            let items = entries.map { entry -> JSON in
                [
                    "key": .string(entry.key), "value": .string(entry.value),
                    "origin": .string(entry.origin.description),
                    "default": .string(entry.standard), "allowed": .string(entry.allowed),
                    "environment": .string(entry.environmentName), "purpose": .string(entry.purpose),
                ]
            }
            return Terminal.standard.print(JSON.array(items).text(.pretty))
        }
        let rows = entries.map {
            [$0.key, $0.value.isEmpty ? "-" : $0.value] + (origin ? [$0.origin.description] : [])
        }
        Terminal.standard.print(Terminal.standard.table([["KEY", "VALUE"] + (origin ? ["ORIGIN"] : [])] + rows))
    }
}

struct ConfigValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check the configuration; exit 2 naming every wrong key."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let count = try options.settings().entries.count
        Terminal.standard.say("The configuration is valid: \(count) settings.")
    }
}

struct ConfigInit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a cupel.yaml with every setting, its default and what it is for."
    )

    @Argument(help: "The file to write; it must not be there yet.") var path = "cupel.yaml"

    func run() async throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw CupelError(.conflict, "\(path) is there already; name another file.")
        }
        let settings = try CupelSettings(sources: try SettingsSources(), home: NSHomeDirectory())
        try BoundedFile.replace(path, with: Array(SettingsDocument.yaml(settings.entries).utf8), mode: 0o600)
        Terminal.standard.say("wrote \(path)")
    }
}
