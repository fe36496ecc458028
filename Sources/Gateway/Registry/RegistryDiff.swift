package import CupelCore

/// What is different between two registries.
package struct RegistryDiff: Sendable, Hashable {
    /// One member of a card that is different.
    package struct Change: Sendable, Hashable {
        /// The member's path, as `prices.input`.
        package var field: String
        /// What it was, as JSON; `nil` when it was not there.
        package var old: String?
        /// What it is, as JSON; `nil` when it is gone.
        package var new: String?
    }

    /// Models that only the other registry has.
    package var added: [String] = []
    /// Models that the other registry lacks.
    package var removed: [String] = []
    /// Models that both have, with what is different.
    package var changed: [(id: String, changes: [Change])] = []

    /// Whether nothing is different.
    package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

    package static func == (left: RegistryDiff, right: RegistryDiff) -> Bool { left.json == right.json }

    package func hash(into hasher: inout Hasher) { hasher.combine(json) }

    /// The difference as JSON, for scripts.
    package var json: JSON {
        [
            "added": .array(added.map { .string($0) }), "removed": .array(removed.map { .string($0) }),
            "changed": .array(
                changed.map { id, changes in
                    [
                        "id": .string(id),
                        "changes": .array(
                            changes.map { change in
                                [
                                    "field": .string(change.field),
                                    "old": change.old.map { .string($0) } ?? .null,
                                    "new": change.new.map { .string($0) } ?? .null,
                                ]
                            }
                        ),
                    ]
                }
            ),
        ]
    }

    /// The difference for a person, a line each.
    package var lines: [String] {
        added.map { "+ \($0)" } + removed.map { "- \($0)" }
            + changed.flatMap { id, changes in
                changes.map { "~ \(id) \($0.field): \($0.old ?? "-") -> \($0.new ?? "-")" }
            }
    }
}

extension ModelRegistry {
    /// What is different in another registry, models in its order.
    package func diff(_ other: ModelRegistry) -> RegistryDiff {
        let own = Dictionary(uniqueKeysWithValues: models.map { ($0.id, $0) })
        let theirs = Set(other.models.map(\.id))
        var diff = RegistryDiff()
        diff.removed = models.map(\.id).filter { !theirs.contains($0) }
        for card in other.models {
            guard let mine = own[card.id] else {
                diff.added.append(card.id)
                continue
            }
            guard mine != card else { continue }
            let changes = Self.changes(mine.json, card.json)
            if !changes.isEmpty { diff.changed.append((card.id, changes)) }
        }
        return diff
    }

    private static func changes(_ old: JSON, _ new: JSON) -> [RegistryDiff.Change] {
        let before = flat(old)
        let after = flat(new)
        return Set(before.keys).union(after.keys).sorted().compactMap { field in
            before[field] == after[field]
                ? nil : RegistryDiff.Change(field: field, old: before[field], new: after[field])
        }
    }

    /// Every scalar of a card by its path; offers go by their provider and name, so that a new one shifts no other.
    private static func flat(_ json: JSON, at path: String = "") -> [String: String] {
        switch json {
        case .object(let members):
            members.reduce(into: [:]) { all, member in
                let inner = path.isEmpty ? member.key : path + "." + member.key
                all.merge(flat(member.value, at: inner)) { $1 }
            }
        case .array(let elements):
            elements.enumerated().reduce(into: [:]) { all, element in
                let provider = element.element["provider"]?.stringValue
                let name = element.element["name"]?.stringValue ?? ""
                let key = provider.map { "\($0) \(name)" } ?? String(element.offset)
                all.merge(flat(element.element, at: "\(path)[\(key)]")) { $1 }
            }
        default: [path: json.text()]
        }
    }
}
