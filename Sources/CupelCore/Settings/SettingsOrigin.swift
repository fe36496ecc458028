/// Where the value of a setting came from.
public enum SettingsOrigin: Sendable, Hashable, CustomStringConvertible {
    case commandLine(option: String)
    case environment(variable: String)
    case file(path: String, line: Int)
    case standard

    public var description: String {
        switch self {
        case .commandLine(let option): "command line \(option)"
        case .environment(let variable): "environment \(variable)"
        case .file(let path, let line): "\(path):\(line)"
        case .standard: "default"
        }
    }
}

/// One setting as it was declared and read: a row of `cupel config show --origin` and of `docs/DEFAULTS.md`.
public struct SettingEntry: Sendable, Hashable {
    /// The key, as `server.port`.
    public let key: String
    /// The value in force as text; secrets are masked.
    public let value: String
    /// The default as text.
    public let standard: String
    /// What is allowed, in words.
    public let allowed: String
    /// What it is for, in a sentence.
    public let purpose: String
    /// Where the value came from.
    public let origin: SettingsOrigin

    /// The environment variable of a key: `server.port` is `CUPEL_SERVER_PORT`; a hyphen becomes an underscore.
    public static func environmentName(of key: String) -> String {
        "CUPEL_" + key.uppercased().split { $0 == "." || $0 == "-" }.joined(separator: "_")
    }

    /// The environment variable of this key.
    public var environmentName: String { Self.environmentName(of: key) }
}
