import ArgumentParser
import CupelCore
import CupelServer
import Foundation
import Logging
import Telemetry

/// What every command takes.
struct CommonOptions: ParsableArguments {
    @Option(name: .customLong("data-dir"), help: "Directory of database, token, tools and caches.")
    var dataDirectory: String?

    @Option(help: "postgres://… instead of SQLite in the data directory; DATABASE_URL keeps it out of process lists.")
    var database: String?

    @Option(help: "Configuration file. Default: cupel.yaml in this directory, when there is one.")
    var config: String?

    @Option(name: .customLong("env-file"), help: "File with NAME=value lines, weaker than the environment.")
    var environmentFile: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("A setting, as server.port=8081.", valueName: "key=value")
    )
    var assignments: [String] = []

    @Flag(help: "One JSON object on standard output instead of text.")
    var json = false

    /// All settings, from options, environment and file.
    func settings(_ extra: [String: String] = [:]) throws -> CupelSettings {
        try CupelSettings(sources: sources(extra), home: NSHomeDirectory())
    }

    /// The environment with the named file beneath it.
    func environment() throws -> [String: String] {
        let environment = ProcessInfo.processInfo.environment
        guard let environmentFile else { return environment }
        return try EnvironmentFile.read(environmentFile).merging(environment) { $1 }
    }

    /// A logger for what is not the result: a wait for the database, for one; the command itself says what failed.
    func quietLogger(_ level: Logger.Level = .error) -> Logger {
        Logger(label: "cupel") { CupelLogHandler(label: $0, format: .text, level: level) }
    }

    private func sources(_ extra: [String: String]) throws -> SettingsSources {
        var values = extra
        if let dataDirectory { values["data.dir"] = Self.absolute(dataDirectory) }
        if let database { values["database.url"] = database }
        for assignment in assignments {
            let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw CupelError(.configurationInvalid, "--set takes key=value, not '\(assignment)'.")
            }
            values[String(parts[0])] = String(parts[1])
        }
        let path = config ?? "cupel.yaml"
        let isThere = config != nil || FileManager.default.fileExists(atPath: path)
        let file = isThere ? (path: path, text: try BoundedFile.text(at: path, limit: 1 << 20)) : nil
        return try SettingsSources(commandLine: values, environment: try environment(), file: file)
    }

    /// A path as the server would see it from anywhere.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}
