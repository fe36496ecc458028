import CupelCore

/// A set of signals by their numbers.
struct SignalSet: Sendable, Hashable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// Signals of one pack, at most.
    static let capacity = 128

    var isEmpty: Bool { low == 0 && high == 0 }

    mutating func insert(_ signal: UInt8) {
        if signal < 64 { low |= 1 << UInt64(signal) } else { high |= 1 << UInt64(signal & 63) }
    }

    func contains(_ signal: UInt8) -> Bool {
        signal < 64 ? low >> UInt64(signal) & 1 == 1 : high >> UInt64(signal & 63) & 1 == 1
    }

    func intersects(_ other: SignalSet) -> Bool { low & other.low != 0 || high & other.high != 0 }

    mutating func formUnion(_ other: SignalSet) {
        low |= other.low
        high |= other.high
    }
}

/// The signals and combinations of a pack with their numbers.
struct SignalTable: Sendable {
    /// A combination by the numbers of its signals.
    struct Entry: Sendable {
        var combination: Combination
        var parts: [SignalSet]
        var without: SignalSet
    }

    /// What a rule gives: a signal, or a finding.
    struct RuleSignal: Sendable {
        /// The number of its signal; `nil` where it gives a finding.
        var signal: UInt8?
        /// How often it must match before its signal counts.
        var minimum: Int
        /// Whether the pass alone decides.
        var isDecidedByPass: Bool
        /// The languages it applies to, a bit each; all when zero.
        var languages: UInt64
    }

    /// The names by number.
    let names: [String]
    /// What each signal means, as the end of the sentence "it …".
    let meanings: [String]
    /// The combinations, in the order of their packs.
    let entries: [Entry]
    /// What each rule gives, small enough to be looked up for every candidate.
    let rules: [RuleSignal]
    /// The parts of each combination in one file, for a first look that copies nothing.
    let fileParts: [[SignalSet]]
    /// All signals of combinations over a package.
    let packageSignals: SignalSet
    /// Signals of code that makes text of character codes.
    let joiningSet: SignalSet
    private let numbers: [String: UInt8]

    /// Numbers the signals of a pack.
    /// - Throws: `validation_error` when there are too many or a combination names one that no rule gives.
    init(_ pack: RulePack) throws {
        var names: [String] = []
        var meanings: [String] = []
        var numbers: [String: UInt8] = [:]
        func add(_ name: String, _ meaning: String) throws {
            guard numbers[name] == nil else { return }
            guard names.count < SignalSet.capacity else {
                throw CupelError(.validationError, "There are over \(SignalSet.capacity) signals; remove some")
            }
            numbers[name] = UInt8(names.count)
            names.append(name)
            meanings.append(meaning)
        }
        for measure in MeasuredSignal.allCases { try add(measure.rawValue, measure.meaning) }
        for rule in pack.rules { if let signal = rule.signal { try add(signal, rule.description) } }
        self.names = names
        self.meanings = meanings
        self.numbers = numbers
        var joining = SignalSet()
        if let number = numbers["character-codes"] { joining.insert(number) }
        joiningSet = joining
        rules = pack.rules.map { rule in
            RuleSignal(
                signal: rule.signal.flatMap { numbers[$0] },
                minimum: rule.minimumCount,
                isDecidedByPass: rule.isDecidedByPass,
                languages: rule.languages.reduce(0) { $0 | $1.bit }
            )
        }
        let entries = try pack.combinations.map { combination in
            func set(_ names: [String]) throws -> SignalSet {
                try names.reduce(into: SignalSet()) { set, name in
                    guard let number = numbers[name] else {
                        throw CupelError(.validationError, "\(combination.id): no rule gives the signal '\(name)'")
                    }
                    set.insert(number)
                }
            }
            return Entry(
                combination: combination,
                parts: try combination.parts.map(set),
                without: try set(combination.without)
            )
        }
        self.entries = entries
        fileParts = entries.filter { $0.combination.scope == .file }.map(\.parts)
        packageSignals = entries.filter { $0.combination.scope == .package }.flatMap(\.parts)
            .reduce(into: SignalSet()) { $0.formUnion($1) }
    }

    /// Whether any combination in one file has all its parts among some signals.
    func isFileCombinationPossible(_ set: SignalSet) -> Bool {
        for parts in fileParts where parts.allSatisfy({ set.intersects($0) }) { return true }
        return false
    }

    /// The number of a signal that is measured.
    func number(_ signal: MeasuredSignal) -> UInt8 { numbers[signal.rawValue] ?? 0 }
}

/// Signals that come from a measure or from the path and not from a pattern.
enum MeasuredSignal: String, CaseIterable {
    case installer = "is-installer"
    case entry = "is-entry"
    case example = "is-example"
    case hiddenCode = "hidden-code"
    case hiddenSpaces = "hidden-spaces"
    case payload = "opaque-payload"
    case mangledShell = "mangled-shell"
    case lookalike = "lookalike-name"

    var meaning: String {
        switch self {
        case .installer: "runs when the package is installed"
        case .entry: "runs when the package is imported"
        case .example: "is a test or an example"
        case .hiddenCode: "hides code in encoded text"
        case .hiddenSpaces: "pushes code out of sight with a long run of spaces"
        case .payload: "carries a long text that means nothing until it is decoded"
        case .mangledShell: "breaks its commands apart so that they cannot be read"
        case .lookalike: "has a name that differs by a letter or two from a well-known package's"
        }
    }
}
