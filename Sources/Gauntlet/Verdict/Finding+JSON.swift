package import CupelCore

extension Finding {
    /// The finding as it is stored and sent.
    package var json: JSON {
        [
            "rule": .string(rule), "layer": .string(layer.rawValue), "severity": .string(severity.rawValue),
            "path": .string(path), "line": .integer(Int64(line)), "column": .integer(Int64(column)),
            "excerpt": [
                "text": .string(excerpt.text), "start": .integer(Int64(excerpt.start)),
                "length": .integer(Int64(excerpt.length)),
            ],
            "fingerprint": .string(fingerprint), "message": .string(message),
        ]
    }

    /// Reads what ``json`` wrote.
    /// - Throws: `validation_error` naming the member that is missing or wrong.
    package init(json: JSON) throws {
        let excerpt = try json.member("excerpt")
        self.init(
            rule: try json.text("rule"),
            layer: try json.choice("layer"),
            severity: try json.choice("severity"),
            path: try json.text("path"),
            line: try json.whole("line"),
            column: try json.whole("column"),
            excerpt: Excerpt(
                text: try excerpt.text("text"),
                start: try excerpt.whole("start"),
                length: try excerpt.whole("length")
            ),
            fingerprint: try json.text("fingerprint"),
            message: try json.text("message")
        )
    }
}

extension Allowance {
    /// The allowance as it is stored and sent.
    package var json: JSON {
        [
            "rule": .string(rule), "path": .string(path), "line": .integer(Int64(line)), "reason": .string(reason),
        ]
    }

    /// Reads what ``json`` wrote.
    /// - Throws: `validation_error` naming the member that is missing or wrong.
    package init(json: JSON) throws {
        self.init(
            rule: try json.text("rule"),
            path: try json.text("path"),
            line: try json.whole("line"),
            reason: try json.text("reason")
        )
    }
}

extension JSON {
    func member(_ name: String) throws -> JSON {
        guard let value = self[name] else { throw Self.wrong(name, "is missing") }
        return value
    }

    func text(_ name: String) throws -> String {
        guard let value = try member(name).stringValue else { throw Self.wrong(name, "must be a string") }
        return value
    }

    func whole(_ name: String) throws -> Int {
        guard let value = try member(name).intValue, value >= 0 else {
            throw Self.wrong(name, "must be a whole number from 0")
        }
        return value
    }

    func number(_ name: String) throws -> Double {
        guard let value = try member(name).doubleValue else { throw Self.wrong(name, "must be a number") }
        return value
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String) throws -> Choice
    where Choice.RawValue == String {
        let text = try text(name)
        guard let value = Choice(rawValue: text) else {
            let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Self.wrong(name, "must be one of \(allowed)")
        }
        return value
    }

    func list(_ name: String) throws -> [JSON] {
        guard let value = try member(name).arrayValue else { throw Self.wrong(name, "must be an array") }
        return value
    }

    static func wrong(_ field: String, _ problem: String) -> CupelError {
        CupelError(.validationError, "A stored assay cannot be read", fields: [FieldProblem(field, problem)])
    }
}
