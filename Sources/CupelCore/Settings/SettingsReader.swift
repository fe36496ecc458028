import Synchronization

/// Reads declared settings, remembers each with its origin, and collects every problem before it complains.
///
/// Each target has a `Settings` struct with an `init(reader:)` that declares its keys; after all were made,
/// ``finish()`` throws what is wrong with any of them, or with keys that nobody declared.
public final class SettingsReader: Sendable {
    private struct State {
        var entries: [SettingEntry] = []
        var problems: [FieldProblem] = []
    }

    private let sources: SettingsSources
    private let state = Mutex(State())

    /// A reader over some sources.
    public init(_ sources: SettingsSources) { self.sources = sources }

    /// A text; `isAllowed` refuses values with the sentence in `allowed`.
    public func text(
        _ key: String,
        default standard: String,
        alias: String? = nil,
        allowed: String = "text",
        purpose: String,
        where isAllowed: (String) -> Bool = { _ in true }
    ) -> String {
        read(key, standard, alias, allowed, purpose, shown: { $0 }) { isAllowed($0) ? $0 : nil }
    }

    /// A whole number within a range.
    public func integer(
        _ key: String,
        default standard: Int,
        in range: ClosedRange<Int>,
        purpose: String
    ) -> Int {
        read(key, standard, nil, "\(range.lowerBound) to \(range.upperBound)", purpose, shown: { String($0) }) {
            Int($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A truth value: true or false.
    public func flag(_ key: String, default standard: Bool, purpose: String) -> Bool {
        read(key, standard, nil, "true or false", purpose, shown: { String($0) }) { Bool($0.lowercased()) }
    }

    /// One of an enumeration's raw values.
    public func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String,
        default standard: Choice,
        purpose: String
    ) -> Choice {
        let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return read(key, standard, nil, allowed, purpose, shown: { $0.rawValue }) { Choice(rawValue: $0) }
    }

    /// A list of texts, separated by commas or written as a YAML sequence.
    public func list(_ key: String, default standard: [String], allowed: String = "a list", purpose: String) -> [String]
    {
        read(key, standard, nil, allowed, purpose, shown: { $0.joined(separator: ",") }) { text in
            text.split(separator: ",").map { String($0.drop { $0 == " " }) }
        }
    }

    /// A secret: given directly, or as a path in the variable's `_FILE` twin, whose last newline is dropped.
    public func secret(_ key: String, alias: String? = nil, purpose: String) -> Secret? {
        if let twin = sources.secretFile(of: key), !sources.isOnCommandLine(key) {
            guard let text = try? BoundedFile.text(at: twin.text, limit: 64 << 10) else {
                record(key, "[redacted]", "", "a secret", purpose, twin.origin)
                problem(key, "the file \(twin.text) that \(twin.origin) names cannot be read")
                return nil
            }
            record(key, "[redacted]", "", "a secret", purpose, twin.origin)
            return Secret(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        }
        // An empty secret is none: a template's `url: ""` stays harmless.
        let value = sources.value(of: key, alias: alias).flatMap { $0.text.isEmpty ? nil : $0 }
        record(key, value == nil ? "" : "[redacted]", "", "a secret", purpose, value?.origin ?? .standard)
        return value.map { Secret($0.text) }
    }

    /// The names that stand directly under a key, as ``SettingsSources/names(under:)`` has them.
    package func names(under key: String) -> [String] { sources.names(under: key) }

    /// Whether a variable of the environment is there and not empty, as the usual variable of another tool.
    package func hasVariable(_ name: String) -> Bool { sources.hasVariable(name) }

    /// Whether the environment sets any key under this one.
    package func hasVariables(under key: String) -> Bool { sources.hasVariables(under: key) }

    /// One of ``SettingsSources/treeKeys``, read whole, with the file and line for messages about its parts.
    package func tree(_ key: String, allowed: String, purpose: String) -> (tree: SettingsTree, path: String)? {
        guard let tree = sources.tree(of: key), let place = sources.value(of: key, alias: nil),
            case .file(let path, _) = place.origin
        else {
            record(key, "", "", allowed, purpose, .standard)
            return nil
        }
        let names: [String] =
            if case .map(let members, _) = tree { members.map(\.key) } else { [] }
        record(key, names.joined(separator: ","), "", allowed, purpose, place.origin)
        return (tree, path)
    }

    /// Adds a problem that only several settings together show.
    public func problem(_ key: String, _ message: String) {
        state.withLock { $0.problems.append(FieldProblem(key, message)) }
    }

    /// Every setting that was declared, sorted by key.
    public var entries: [SettingEntry] { state.withLock { $0.entries }.sorted { $0.key < $1.key } }

    /// Refuses wrong values and unknown keys, all at once.
    /// - Throws: ``CupelError`` `configuration_invalid` naming each key, where it came from and what is allowed.
    public func finish() throws {
        let entries = entries
        let keys = Set(entries.map(\.key))
        let variables = Set(entries.flatMap { [$0.environmentName, $0.environmentName + "_FILE"] })
        for given in sources.given() where !(given.isVariable ? variables : keys).contains(given.name) {
            let nearest = given.name.nearest(among: given.isVariable ? variables : keys)
            problem(given.name, "\(given.origin): unknown" + (nearest.map { "; did you mean \($0)?" } ?? ""))
        }
        let problems = state.withLock { $0.problems }.sorted { $0.field < $1.field }
        guard problems.isEmpty else {
            throw CupelError(.configurationInvalid, "The configuration is wrong.", fields: problems)
        }
    }

    private func read<Value>(
        _ key: String,
        _ standard: Value,
        _ alias: String?,
        _ allowed: String,
        _ purpose: String,
        shown: (Value) -> String,
        parse: (String) -> Value?
    ) -> Value {
        guard let found = sources.value(of: key, alias: alias) else {
            record(key, shown(standard), shown(standard), allowed, purpose, .standard)
            return standard
        }
        let parsed = parse(found.text)
        record(key, parsed.map(shown) ?? found.text, shown(standard), allowed, purpose, found.origin)
        if parsed == nil {
            problem(key, "\(found.origin): '\(found.text)' is not allowed; allowed is \(allowed)")
        }
        return parsed ?? standard
    }

    private func record(
        _ key: String,
        _ value: String,
        _ standard: String,
        _ allowed: String,
        _ purpose: String,
        _ origin: SettingsOrigin
    ) {
        let entry = SettingEntry(
            key: key,
            value: Redactor.shared.redact(value),
            standard: standard,
            allowed: allowed,
            purpose: purpose,
            origin: origin
        )
        state.withLock { $0.entries.append(entry) }
    }
}
