import CupelCore
import OrderedCollections

extension Play {
    /// Repairs what ansible-lint would find in a larger model's playbook and what has one plain remedy.
    mutating func makeLintClean() {
        name = TaskName.normalised(name)
        for index in tasks.indices { tasks[index].makeLintClean() }
        for index in handlers.indices { handlers[index].makeLintClean() }
    }
}

extension PlaybookTask {
    private static let commands: Set<String> = ["command", "shell", "raw", "script"]
    private static let needMode: Set<String> = ["copy", "template", "get_url", "assemble"]

    mutating func makeLintClean() {
        name = TaskName.normalised(name)
        quoteMode()
        if Self.commands.contains(shortModule), keywords["changed_when"] == nil, !guardsItself {
            keywords["changed_when"] = true
        }
        if case .object(var members) = arguments {
            for (key, value) in members { members[key] = value.spacingTemplates() }
            arguments = .object(members)
        }
    }

    /// Whether `creates` or `removes` says when a command has nothing to do.
    private var guardsItself: Bool { arguments["creates"] != nil || arguments["removes"] != nil }

    /// A mode is a text with its leading nought, and one is given where a file would get whatever the umask says.
    private mutating func quoteMode() {
        guard case .object(var members) = arguments else { return }
        if let mode = members["mode"] {
            let text = mode.scalarText
            if text.count == 3, text.allSatisfy({ ("0"..."7").contains($0) }) { members["mode"] = .string("0" + text) }
            if text.count == 4, mode.intValue != nil { members["mode"] = .string(text) }
        } else if let mode = missingMode(members) {
            members["mode"] = .string(mode)
        }
        arguments = .object(members)
    }

    private func missingMode(_ members: OrderedDictionary<String, JSON>) -> String? {
        if Self.needMode.contains(shortModule) { return "0644" }
        guard shortModule == "file", members["recurse"] == nil else { return nil }
        switch members["state"]?.stringValue {
        case "directory": return "0755"
        case "touch", "hard": return "0644"
        default: return nil
        }
    }
}

extension JSON {
    /// The value with one space inside the braces of every template.
    func spacingTemplates() -> JSON {
        switch self {
        case .string(let text) where text.contains("{{"):
            var parts = text.split(separator: "{{", omittingEmptySubsequences: false).map(String.init)
            for index in parts.indices.dropFirst() {
                let inner = parts[index].split(separator: "}}", maxSplits: 1, omittingEmptySubsequences: false)
                guard inner.count == 2 else { return self }
                parts[index] = " " + inner[0].trimmingSpace() + " }}" + inner[1]
            }
            return .string(parts.joined(separator: "{{"))
        case .array(let elements): return .array(elements.map { $0.spacingTemplates() })
        case .object(let members): return .object(members.mapValues { $0.spacingTemplates() })
        default: return self
        }
    }
}
