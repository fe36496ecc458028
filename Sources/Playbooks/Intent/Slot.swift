package import CupelCore

/// A value that the ask gives for one option of a module.
package struct Slot: Sendable, Hashable {
    /// The option's canonical name.
    package let option: String
    /// The values that the model may pick from; never empty.
    package let candidates: [JSON]
    /// Why, for the record.
    package let reason: String
}

/// What a clause gives for one module: enough for a task, or there would be none.
struct ModuleReading: Sendable {
    /// The values, in the order in which a task shows them.
    private(set) var slots: [Slot] = []
    /// What the task would be called.
    var title: String
    /// Lint rules that the ask itself overrides.
    var lintExceptions: [String] = []
    /// Whether no value would run a template on the machine that Ansible runs on.
    private(set) var isSafe = true
    /// Further values for which the task is done again.
    private(set) var more: Slot?
    /// Keywords beside the module.
    var keywords: [(String, JSON)] = []

    init(title: String) { self.title = title }

    /// Gives an option its one value.
    mutating func set(_ option: String, _ value: JSON, _ reason: String) { offer(option, [value], reason) }

    /// Gives an option its one text; nothing when there is none.
    mutating func set(_ option: String, text: String?, _ reason: String) {
        if let text { set(option, .string(text), reason) }
    }

    /// Gives an option several values to pick from; one with a template that runs code makes the reading unsafe.
    mutating func offer(_ option: String, _ values: [JSON], _ reason: String) {
        guard !values.isEmpty, !slots.contains(where: { $0.option == option }) else { return }
        isSafe = isSafe && values.allSatisfy(Self.isSafe)
        slots.append(Slot(option: option, candidates: values, reason: reason))
    }

    /// Gives an option a template of our own making.
    mutating func setTemplate(_ option: String, _ template: String, _ reason: String) {
        slots.append(Slot(option: option, candidates: [.string(template)], reason: reason))
    }

    /// Says that the task is done again for each of some further values.
    mutating func again(_ option: String, for values: [String]) {
        guard !values.isEmpty, values.allSatisfy(Self.isSafe), values.count <= Clause.maximumCount else { return }
        more = Slot(option: option, candidates: values.map(JSON.string), reason: "the ask names several")
    }

    /// The only value of an option.
    func value(_ option: String) -> JSON? { slots.first { $0.option == option }?.candidates.first }

    /// A plain `{{ name }}` is a variable; anything with a call in it runs code where Ansible runs.
    private static func isSafe(_ value: JSON) -> Bool {
        switch value {
        case .string(let text): return isSafe(text)
        case .array(let elements): return elements.allSatisfy(isSafe)
        case .object(let members): return members.allSatisfy { isSafe($0.key) && isSafe($0.value) }
        default: return true
        }
    }

    private static func isSafe(_ text: String) -> Bool {
        guard text.contains("{{") || text.contains("{%") || text.contains("{#") else { return true }
        guard !text.contains("{%"), !text.contains("{#") else { return false }
        for part in text.split(separator: "{{", omittingEmptySubsequences: false).dropFirst() {
            let inside = part.split(separator: "}}", maxSplits: 1, omittingEmptySubsequences: false)
            guard inside.count == 2,
                inside[0].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == " " })
            else { return false }
        }
        return true
    }
}
