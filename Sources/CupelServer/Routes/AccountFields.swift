import CupelCore
import Identity
import OrderedCollections

/// The fields that requests about accounts have in common.
extension JSONFields {
    /// A truth value that may be missing.
    mutating func optionalFlag(_ name: String) -> Bool? {
        guard let value = value(name), !value.isNull else { return nil }
        guard let flag = value.boolValue else {
            problem(name, "must be true or false")
            return nil
        }
        return flag
    }

    /// An identifier: `nil` when it is missing, `.some(nil)` when it is null.
    mutating func optionalIdentifier<Kind>(_ name: String, of kind: Kind.Type = Kind.self) -> Identifier<Kind>?? {
        guard let value = value(name) else { return nil }
        if value.isNull { return .some(nil) }
        guard let id = value.stringValue.flatMap({ Identifier<Kind>($0) }) else {
            problem(name, "must be an identifier or null")
            return nil
        }
        return .some(id)
    }

    /// A moment: `nil` when it is missing, `.some(nil)` when it is null.
    mutating func optionalMoment(_ name: String) -> Timestamp?? {
        guard let value = value(name) else { return nil }
        if value.isNull { return .some(nil) }
        guard let moment = value.stringValue.flatMap({ Timestamp(rfc3339: $0) }) else {
            problem(name, "must be an RFC 3339 moment, as 2026-03-01T09:30:00Z, or null")
            return nil
        }
        return .some(moment)
    }

    /// Limits of calls; `nil` when they are missing.
    mutating func optionalLimits() -> CallLimits? {
        guard let value = value("limits"), !value.isNull else { return nil }
        guard case .object(let members) = value else {
            problem("limits", "must be an object")
            return nil
        }
        let known = ["requests_per_minute", "tokens_per_minute", "parallel_calls"]
        for key in members.keys where !known.contains(key) {
            problem("limits.\(key)", "is unknown; there are \(known.joined(separator: ", "))")
        }
        func number(_ key: String) -> Int? {
            guard let given = members[key], !given.isNull else { return nil }
            // What is no number is made one that the check of limits refuses by name.
            return given.intValue ?? 0
        }
        return CallLimits(
            requestsPerMinute: number(known[0]),
            tokensPerMinute: number(known[1]),
            parallelCalls: number(known[2])
        )
    }

    /// Scopes of a key; `nil` when they are missing.
    mutating func optionalScopes() -> Set<KeyScope>? {
        guard let value = value("scopes"), !value.isNull else { return nil }
        let words = KeyScope.allCases.map(\.rawValue)
        guard let list = value.arrayValue, list.count <= words.count else {
            problem("scopes", "must be a list of \(words.joined(separator: ", "))")
            return nil
        }
        var scopes: Set<KeyScope> = []
        for (index, item) in list.enumerated() {
            if let scope = item.stringValue.flatMap({ KeyScope(rawValue: $0) }) {
                scopes.insert(scope)
            } else {
                problem("scopes[\(index)]", "must be one of \(words.joined(separator: ", "))")
            }
        }
        return scopes
    }

    /// Patterns of models; `nil` when they are missing.
    mutating func optionalModels() -> [Glob]? {
        guard let value = value("models"), !value.isNull else { return nil }
        guard let list = value.arrayValue, list.count <= APIKey.maximumModels else {
            problem("models", "must be a list of at most \(APIKey.maximumModels) patterns")
            return nil
        }
        return list.enumerated().compactMap { index, item in
            let glob = item.stringValue.flatMap { Glob($0) }
            if glob == nil { problem("models[\(index)]", "must be a pattern of 1 to \(Glob.maximumBytes) bytes") }
            return glob
        }
    }

    /// Dollars as a text, so that they are exact.
    mutating func money(_ name: String) -> Money {
        let text = text(name, limit: 32)
        guard let money = Money(dollars: text) else {
            if !text.isEmpty { problem(name, "must be dollars with at most six places in a string, as \"12.50\"") }
            return .zero
        }
        return money
    }
}
