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
    private var trees: [String: SettingsTree] = [:]
    /// Sections that were written down without a key in them, with their lines.
    private var bare: [String: Int] = [:]

    /// Top-level keys whose value is read whole: what stands in it are names that people choose, dots included.
    package static let treeKeys: Set<String> = ["models"]

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
        if let file { try read(file.text, path: file.path) }
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

    /// The names that stand directly under a key, in the file's order, then those of the command line: of `providers`
    /// the name of each provider that was written down, if only with `name:` and nothing in it.
    package func names(under key: String) -> [String] {
        let prefix = key + "."
        func name(_ path: String) -> String? {
            guard path.hasPrefix(prefix) else { return nil }
            return path.dropFirst(prefix.count).split(separator: ".").first.map(String.init)
        }
        var lines: [String: Int] = [:]
        for (path, value) in file {
            guard let name = name(path), case .file(_, let line) = value.origin else { continue }
            lines[name] = min(lines[name] ?? .max, line)
        }
        for (path, line) in bare { if let name = name(path) { lines[name] = min(lines[name] ?? .max, line) } }
        let written = lines.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
        let options = Set(commandLine.keys.compactMap(name)).subtracting(written)
        return written + options.sorted()
    }

    /// The value of one of ``treeKeys`` with the place it was written at.
    package func tree(of key: String) -> SettingsTree? { trees[key] }

    /// Whether a variable of the environment is there and not empty.
    package func hasVariable(_ name: String) -> Bool { environment[name]?.isEmpty == false }

    /// Whether a variable of this name's keys is in the environment: for `providers.openai` any of
    /// `CUPEL_PROVIDERS_OPENAI_...`.
    package func hasVariables(under key: String) -> Bool {
        let prefix = SettingEntry.environmentName(of: key) + "_"
        return environment.contains { $0.key.hasPrefix(prefix) && !$0.value.isEmpty }
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

    private mutating func read(_ text: String, path: String) throws {
        guard text.utf8.count <= 1 << 20 else {
            throw CupelError(.configurationInvalid, "\(path) is over 1 MiB; a configuration is a few lines.")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw CupelError(.configurationInvalid, "\(path) is not valid YAML: \(error)")
        }
        guard let root else { return }
        try flatten(root, under: "", path: path)
    }

    private mutating func flatten(_ node: Node, under prefix: String, path: String) throws {
        let line = node.mark?.line ?? 0
        if Self.treeKeys.contains(prefix) {
            trees[prefix] = try SettingsTree(node, path: path)
            file[prefix] = Value(text: "", origin: .file(path: path, line: line))
            return
        }
        switch node {
        case .mapping(let mapping):
            if mapping.isEmpty { bare[prefix] = line }
            for (key, child) in mapping {
                guard let name = key.string else { continue }
                try flatten(child, under: prefix.isEmpty ? name : prefix + "." + name, path: path)
            }
        case .sequence(let sequence):
            let items = sequence.compactMap(\.string).joined(separator: ",")
            file[prefix] = Value(text: items, origin: .file(path: path, line: line))
        case .scalar(let scalar):
            guard !prefix.isEmpty else {
                throw CupelError(
                    .configurationInvalid,
                    "\(path):\(line): sections with keys are expected, as `server:` with `port:`."
                )
            }
            // A section whose keys are all commented out.
            if scalar.string.isEmpty, scalar.style == .plain {
                bare[prefix] = line
                return
            }
            file[prefix] = Value(text: scalar.string, origin: .file(path: path, line: line))
        case .alias:
            throw CupelError(.configurationInvalid, "\(path):\(line): YAML aliases are not supported here.")
        }
    }
}
