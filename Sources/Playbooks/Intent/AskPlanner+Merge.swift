import CupelCore

extension AskPlanner {
    /// Modules of which two tasks about the same thing are one, with the option that says what the thing is.
    private static let identities: [String: String] = [
        "user": "name", "service": "name", "systemd_service": "name", "file": "path", "apt": "name", "group": "name",
    ]

    /// Adds a draft, or folds it into an earlier one of the same module about the same thing.
    static func append(_ draft: TaskDraft, to drafts: inout [TaskDraft]) {
        guard let last = drafts.last, let merged = merged(last, draft) else { return drafts.append(draft) }
        drafts[drafts.count - 1] = merged
    }

    /// "create a deploy user and add it to the sudo group" is one task: same module, same name, nothing contradictory.
    private static func merged(_ first: TaskDraft, _ second: TaskDraft) -> TaskDraft? {
        guard let left = first.offers.first, let right = second.offers.first, left.module == right.module,
            let identity = identities[left.module], isSame(first.value(identity), second.value(identity), left.module)
        else { return nil }
        var slots = left.slots
        for slot in right.slots {
            if let known = slots.first(where: { $0.option == slot.option }) {
                // Two sayings about one option stay two tasks.
                guard known.candidates == slot.candidates else { return nil }
            } else {
                slots.append(slot)
            }
        }
        let given = Set(slots.map(\.option))
        // apt's options name, deb and upgrade exclude each other.
        guard !(left.module == "apt" && given.contains("name") && given.contains("upgrade")) else { return nil }
        var merged = first
        var offer = left
        offer.slots = slots
        offer.lintExceptions += right.lintExceptions.filter { !left.lintExceptions.contains($0) }
        offer.title = TaskName.joined(left.title, right.title, subject: first.value(identity)?.stringValue)
        merged.offers = [offer]
        merged.titles = [TaskName.normalised(offer.title)]
        merged.clause += ", " + second.clause
        return merged
    }

    /// apt's upkeep of its lists and its packages go together; other tasks are about the same thing or apart.
    private static func isSame(_ first: JSON?, _ second: JSON?, _ module: String) -> Bool {
        first == second || module == "apt" && (first == nil || second == nil)
    }
}

/// Names of plays and tasks, as ansible-lint wants them.
enum TaskName {
    /// Characters of a name.
    static let maximumLength = 100

    /// One line that begins with a capital and holds nothing that YAML, Jinja or lint would trip over.
    static func normalised(_ text: String) -> String {
        let clean = text.map { $0.isNewline || $0 == "\t" ? " " : $0 }.filter { !"{}%#\\\"".contains($0) }
        let trimmed = String(clean).trimmingSpace().prefix(maximumLength).trimmingSpace()
        guard let first = trimmed.first else { return "Run a task" }
        return first.isLowercase
            ? first.uppercased() + trimmed.dropFirst() : first.isLetter ? trimmed : "Task " + trimmed
    }

    /// One name of two, "Start service x" and "Enable service x" giving "Start and enable service x".
    static func joined(_ first: String, _ second: String, subject: String?) -> String {
        if first == second { return first }
        let (left, right) = (first.split(separator: " "), second.split(separator: " "))
        if left.count == right.count, left.dropFirst() == right.dropFirst(), let verb = right.first {
            return "\(left[0]) and \(verb.lowercased()) " + left.dropFirst().joined(separator: " ")
        }
        if let subject, second.hasPrefix("Create"), first.contains(subject) { return first }
        return first + " and " + second.prefix(1).lowercased() + second.dropFirst()
    }
}
