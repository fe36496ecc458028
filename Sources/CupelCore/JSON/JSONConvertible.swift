/// Something that is kept or sent as JSON.
public protocol JSONConvertible {
    /// Reads the value back.
    /// - Throws: ``CupelError`` `validation_error` naming the fields that are wrong.
    init(json: JSON) throws
    /// The value as JSON.
    var json: JSON { get }
}

/// Reads the members of an object from outside, collecting every wrong field before it complains.
public struct JSONFields {
    private let members: [String: JSON]
    private var known: Set<String> = []
    private var problems: [FieldProblem] = []

    /// Fields of a request or a record.
    /// - Throws: ``CupelError`` `validation_error` when this is no object.
    public init(_ json: JSON) throws {
        guard case .object(let members) = json else {
            throw CupelError(.validationError, "An object is expected, not \(json.kind).")
        }
        self.members = Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value) })
    }

    /// A required text of 1 to `limit` UTF-8 bytes.
    public mutating func text(_ name: String, limit: Int) -> String {
        guard let value = member(name) else {
            problems.append(FieldProblem(name, "is required"))
            return ""
        }
        guard let text = value.stringValue else {
            problems.append(FieldProblem(name, "must be a string, not \(value.kind)"))
            return ""
        }
        if text.isEmpty { problems.append(FieldProblem(name, "must not be empty")) }
        if text.utf8.count > limit { problems.append(FieldProblem(name, "must be at most \(limit) bytes")) }
        return text
    }

    /// A text that may be missing.
    public mutating func optionalText(_ name: String, limit: Int) -> String? {
        guard let value = member(name), !value.isNull else { return nil }
        guard let text = value.stringValue else {
            problems.append(FieldProblem(name, "must be a string, not \(value.kind)"))
            return nil
        }
        if text.utf8.count > limit { problems.append(FieldProblem(name, "must be at most \(limit) bytes")) }
        return text
    }

    /// A whole number within a range, or the default when it is missing.
    public mutating func integer(_ name: String, default standard: Int, in range: ClosedRange<Int>) -> Int {
        guard let value = member(name), !value.isNull else { return standard }
        guard let number = value.intValue, range.contains(number) else {
            problems.append(
                FieldProblem(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            )
            return standard
        }
        return number
    }

    /// Any value, or `nil` when it is missing.
    public mutating func value(_ name: String) -> JSON? { member(name) }

    /// Adds a problem that the caller found.
    public mutating func problem(_ name: String, _ message: String) {
        problems.append(FieldProblem(name, message))
    }

    /// Refuses wrong fields, and fields that nobody asked for.
    /// - Throws: ``CupelError`` `validation_error` with a problem for each.
    public func finish() throws {
        let unknown = members.keys.filter { !known.contains($0) }.sorted().map { name in
            FieldProblem(name, "is unknown" + (name.nearest(among: known).map { "; did you mean \($0)?" } ?? ""))
        }
        guard problems.isEmpty, unknown.isEmpty else {
            throw CupelError(.validationError, "The request has wrong fields.", fields: problems + unknown)
        }
    }

    private mutating func member(_ name: String) -> JSON? {
        known.insert(name)
        return members[name]
    }
}
