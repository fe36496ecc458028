import CupelCore
import Yams

extension RulePack {
    /// Reads a YAML file of rules: `release`, `layer`, `category` as defaults, and `rules`, a list of mappings.
    /// - Throws: `validation_error` with the file, the line and what is wrong there.
    package init(parsing bytes: [UInt8], origin: String) throws {
        guard bytes.count <= Self.maximumBytes else {
            throw CupelError(.validationError, "\(origin) is over \(Self.maximumBytes) bytes; split it")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CupelError(.validationError, "\(origin) is not UTF-8")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw CupelError(.validationError, "\(origin) is not YAML: \(error)")
        }
        guard let root, let list = (root["rules"] ?? root["combinations"])?.sequence else {
            throw CupelError(.validationError, "\(origin) needs a list `rules`")
        }
        self.init(release: root["release"]?.string ?? "0", rules: [])
        for node in root["rules"] == nil ? [] : Array(list) {
            rules.append(try RuleReader(node: node, defaults: root, origin: origin).rule())
        }
        for node in root["combinations"]?.sequence.map(Array.init) ?? [] {
            combinations.append(try CombinationReader(node: node, origin: origin).combination())
        }
        try checkIdentifiers()
    }
}

/// Reads one rule's mapping.
private struct RuleReader: PackReader {
    let node: Node
    let defaults: Node?
    let origin: String

    private static let known: Set<String> = [
        "id", "layer", "category", "severity", "description", "pattern", "trigger", "tail", "reader", "assigned",
        "keywords",
        "group",
        "name", "kinds", "confirm", "references", "match", "miss", "languages", "signal", "count", "where",
    ]

    func rule() throws -> Rule {
        guard let mapping = node.mapping else { throw failure("a rule is a mapping") }
        for key in mapping.keys where !Self.known.contains(key.string ?? "") {
            throw failure("'\(key.string ?? "?")' is not a member of a rule")
        }
        let assigned = try node.member("assigned").map { try assignedPattern($0) }
        guard let pattern = assigned ?? node.member("pattern")?.string else { throw failure("`pattern` is missing") }
        guard pattern.utf8.count <= RulePack.maximumPatternBytes else {
            throw failure("`pattern` is over \(RulePack.maximumPatternBytes) bytes")
        }
        return Rule(
            id: try identifier(),
            layer: try choice("layer"),
            category: try required("category"),
            severity: try choice("severity"),
            description: try required("description"),
            pattern: pattern,
            trigger: node.member("trigger")?.string,
            reader: try node.member("reader").map { node in
                guard let reader = MatchReader(rawValue: node.string ?? "") else {
                    throw failure("no reader is called '\(node.string ?? "?")'")
                }
                return reader
            },
            tail: min(node.member("tail")?.int ?? 512, CompiledRule.openWindow),
            keywords: strings("keywords").map { $0.lowercased() },
            groups: try groups(),
            nameGroup: node.member("name")?.int,
            kinds: Set(
                try strings("kinds").map { text in
                    guard let kind = FileKind(rawValue: text) else { throw failure("no kind of file is '\(text)'") }
                    return kind
                }
            ),
            confirmations: try confirmations(),
            references: strings("references"),
            examples: RuleExamples(match: strings("match"), miss: strings("miss")),
            languages: Set(try strings("languages").map { try Language.named($0) { failure($0) } }),
            signal: node.member("signal")?.string,
            minimumCount: max(1, min(node.member("count")?.int ?? 1, SignalHits.maximumPlaces)),
            place: (node.member("where") ?? defaults?.member("where")) == nil ? .live : try choice("where")
        )
    }

    /// `assigned: {names: …, value: …}`: a value of a known shape that is assigned to a name of a known kind.
    private func assignedPattern(_ node: Node) throws -> String {
        guard let names = node.member("names")?.string, let value = node.member("value")?.string else {
            throw failure("`assigned` needs `names` and `value`")
        }
        return #"(?i:\#(names))[\w.-]{0,24}["'\]]{0,2}[ \t]{0,8}(?:=>|:=|[:=,])[ \t]{0,8}["'`]?(\#(value))(?:[^\w-]|$)"#
    }

    private func identifier() throws -> String {
        let text = try required("id")
        let isPlain = text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
        guard isPlain, text.utf8.count <= 64 else {
            throw failure("`id` is lower-case letters, digits and hyphens, 64 at most")
        }
        return text
    }

    private func groups() throws -> [Int] {
        guard let group = node.member("group") else { return node.member("assigned") == nil ? [0] : [1] }
        let numbers = group.sequence.map { $0.compactMap(\.int) } ?? [group.int].compactMap { $0 }
        guard !numbers.isEmpty, numbers.allSatisfy({ (0..<16).contains($0) }) else {
            throw failure("`group` is a number of a capture group, or a list of them")
        }
        return numbers
    }

    private func confirmations() throws -> [Confirmation] {
        guard let steps = node.member("confirm") else { return [] }
        guard let list = steps.sequence else { throw failure("`confirm` is a list") }
        return try list.map { step in
            guard let made = Self.plain[step.string ?? ""] ?? Self.withValue(step) else {
                throw failure("a step of `confirm` is not known")
            }
            return made
        }
    }

    private static let plain: [String: Confirmation] = [
        "not-placeholder": .notPlaceholder, "jwt": .jwt, "private-key": .privateKey,
        "basic-credentials": .basicCredentials, "url-password": .urlPassword, "password": .password,
        "random-key": .randomKey,
    ]

    private static func withValue(_ step: Node) -> Confirmation? {
        if let bits = step["entropy"]?.float { return .entropy(bits) }
        if let count = step["digits"]?.int { return .digits(count) }
        if let name = step["checksum"]?.string { return TokenChecksum(rawValue: name).map { .checksum($0) } }
        if let bounds = step["length"]?.sequence?.compactMap(\.int), bounds.count == 2, bounds[0] <= bounds[1] {
            return .length(bounds[0]...bounds[1])
        }
        return nil
    }
}
