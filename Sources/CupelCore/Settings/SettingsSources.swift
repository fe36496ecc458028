import Yams

/// The texts that settings are read from, strongest first: command line, environment, `cupel.yaml`.
public struct SettingsSources: Sendable {
    /// A value with the place it was written at.
    package struct Value: Sendable {
        package var text: String
        package var origin: SettingsOrigin
    }

    private var commandLine: [String: Value] = [:]
    private var environment: [String: String]
    private var file: [String: Value] = [:]

    /// Reads a configuration file's text, when there is one.
    /// - Parameters:
    ///   - commandLine: values by key, given as options.
    ///   - environment: the process's environment.
    ///   - file: the path, for messages, and the text of `cupel.yaml`.
    /// - Throws: ``CupelError`` `configuration_invalid` with line and column when the file is not a mapping of
    ///   sections to keys.
    public init(
        commandLine: [String: String] = [:],
        environment: [String: String] = [:],
        file: (path: String, text: String)? = nil
    ) throws {
        self.environment = environment
        for (key, text) in commandLine {
            self.commandLine[key] = Value(text: text, origin: .commandLine(option: "--" + key))
        }
        if let file { self.file = try Self.flatten(file.text, path: file.path) }
    }

    /// The strongest value of a key: option, variable, the usual variable of another tool, file.
    package func value(of key: String, alias: String?) -> Value? {
        if let value = commandLine[key] { return value }
        let variables = [SettingEntry.environmentName(of: key)] + (alias.map { [$0] } ?? [])
        for variable in variables {
            if let text = environment[variable], !text.isEmpty {
                return Value(text: text, origin: .environment(variable: variable))
            }
        }
        return file[key]
    }

    /// Whether a key was given on the command line, which nothing beats.
    package func isOnCommandLine(_ key: String) -> Bool { commandLine[key] != nil }

    /// The `_FILE` twin of a secret's variable: the path of a file that holds it.
    package func secretFile(of key: String) -> Value? {
        let variable = SettingEntry.environmentName(of: key) + "_FILE"
        return environment[variable].map { Value(text: $0, origin: .environment(variable: variable)) }
    }

    /// Every key and `CUPEL_` variable that was given, with its place.
    package func given() -> [(name: String, isVariable: Bool, origin: SettingsOrigin)] {
        commandLine.map { ($0.key, false, $0.value.origin) } + file.map { ($0.key, false, $0.value.origin) }
            + environment.keys.filter { $0.hasPrefix("CUPEL_") }.map { ($0, true, .environment(variable: $0)) }
    }

    private static func flatten(_ text: String, path: String) throws -> [String: Value] {
        guard text.utf8.count <= 1 << 20 else {
            throw CupelError(.configurationInvalid, "\(path) is over 1 MiB; a configuration is a few lines.")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw CupelError(.configurationInvalid, "\(path) is not valid YAML: \(error)")
        }
        guard let root else { return [:] }
        var values: [String: Value] = [:]
        try flatten(root, under: "", path: path, into: &values)
        return values
    }

    private static func flatten(
        _ node: Node,
        under prefix: String,
        path: String,
        into values: inout [String: Value]
    ) throws {
        let line = node.mark?.line ?? 0
        switch node {
        case .mapping(let mapping):
            for (key, child) in mapping {
                guard let name = key.string else { continue }
                try flatten(child, under: prefix.isEmpty ? name : prefix + "." + name, path: path, into: &values)
            }
        case .sequence(let sequence):
            let items = sequence.compactMap(\.string).joined(separator: ",")
            values[prefix] = Value(text: items, origin: .file(path: path, line: line))
        case .scalar(let scalar):
            guard !prefix.isEmpty else {
                throw CupelError(
                    .configurationInvalid,
                    "\(path):\(line): sections with keys are expected, as `server:` with `port:`."
                )
            }
            // A section whose keys are all commented out.
            if scalar.string.isEmpty, scalar.style == .plain { return }
            values[prefix] = Value(text: scalar.string, origin: .file(path: path, line: line))
        case .alias:
            throw CupelError(.configurationInvalid, "\(path):\(line): YAML aliases are not supported here.")
        }
    }
}
