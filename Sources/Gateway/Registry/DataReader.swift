import CupelCore

/// Collects what is wrong with a data file, each place by its path, as `models[3].prices.input`.
struct DataReader {
    /// What was wrong so far.
    private(set) var problems: [FieldProblem] = []

    /// Problems beyond this are not listed: a file of another kind would list thousands.
    static let mostProblems = 50

    /// Reads one object; `nil` when anything in it is wrong.
    mutating func object<Value>(
        _ json: JSON,
        at path: String,
        _ read: (inout JSONFields, inout DataReader) -> Value?
    ) -> Value? {
        do {
            var fields = try JSONFields(json)
            let value = read(&fields, &self)
            try fields.finish()
            return value
        } catch let error as CupelError {
            if error.fields.isEmpty { problem(path, error.message) }
            for field in error.fields { problem(path + "." + field.field, field.message) }
        } catch {
            problem(path, "\(error)")
        }
        return nil
    }

    /// Reads every element of a list; an absent list is empty.
    mutating func list<Value>(
        _ json: JSON?,
        at path: String,
        most: Int,
        _ read: (JSON, String, inout DataReader) -> Value?
    ) -> [Value] {
        guard let json else { return [] }
        guard case .array(let elements) = json else {
            problem(path, "must be a list, not \(json.kind)")
            return []
        }
        guard elements.count <= most else {
            problem(path, "must have at most \(most) elements, not \(elements.count)")
            return []
        }
        return elements.enumerated().compactMap { read($1, "\(path)[\($0)]", &self) }
    }

    /// Names a problem.
    mutating func problem(_ path: String, _ message: String) {
        if problems.count < Self.mostProblems { problems.append(FieldProblem(path, message)) }
    }
}

extension JSONFields {
    /// A list of texts of 1 to `limit` bytes each; an absent list is empty.
    mutating func texts(_ name: String, limit: Int, most: Int) -> [String] {
        guard let json = value(name) else { return [] }
        guard let texts = json.arrayValue?.map(\.stringValue), texts.count <= most,
            texts.allSatisfy({ ($0.map { 1...limit ~= $0.utf8.count }) ?? false })
        else {
            problem(name, "must be a list of at most \(most) strings of 1 to \(limit) bytes")
            return []
        }
        return texts.compactMap { $0 }
    }

    /// A truth value, or the default when it is missing.
    mutating func flag(_ name: String, default standard: Bool) -> Bool {
        guard let json = value(name), !json.isNull else { return standard }
        guard let flag = json.boolValue else {
            problem(name, "must be true or false, not \(json.kind)")
            return standard
        }
        return flag
    }

    /// A whole number in a range that may be missing or `null`.
    mutating func optionalInteger(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let json = value(name), !json.isNull else { return nil }
        return integer(name, default: range.lowerBound, in: range)
    }

    /// A day or a month that may be missing or `null`.
    mutating func date(_ name: String) -> ModelDate? {
        guard let text = optionalText(name, limit: 10) else { return nil }
        guard let date = ModelDate(text) else {
            problem(name, "must be a month as 2026-11 or a day as 2026-11-21, not '\(text)'")
            return nil
        }
        return date
    }

    /// A price that may be missing: dollars a million tokens as a string, exact to six places.
    mutating func price(_ name: String) -> TokenPrice? {
        guard let text = optionalText(name, limit: 20) else { return nil }
        guard let price = TokenPrice(dollarsPerMillion: text), price.picodollars <= ModelCard.highestPrice else {
            problem(name, "must be dollars a million tokens as \"2.50\", at most 10000, not '\(text)'")
            return nil
        }
        return price
    }
}
