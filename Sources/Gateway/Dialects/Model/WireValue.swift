import CupelCore

/// A value of a request's body with the path that an error names.
struct WireValue {
    let json: JSON
    let path: String

    init(_ json: JSON, _ path: String = "") {
        self.json = json
        self.path = path
    }

    /// A member; `nil` when it is missing or `null`.
    func member(_ name: String) -> WireValue? {
        guard let value = json[name], value != .null else { return nil }
        return WireValue(value, path.isEmpty ? name : "\(path).\(name)")
    }

    /// A member that must be there.
    func required(_ name: String) throws(CupelError) -> WireValue {
        guard let value = member(name) else {
            throw WireValue(.null, path.isEmpty ? name : "\(path).\(name)").wrong("is required")
        }
        return value
    }

    /// The text.
    func string() throws(CupelError) -> String {
        guard case .string(let text) = json else { throw wrong("must be a string, not \(json.kind)") }
        return text
    }

    /// The truth value.
    func bool() throws(CupelError) -> Bool {
        guard case .bool(let value) = json else { throw wrong("must be true or false, not \(json.kind)") }
        return value
    }

    /// The whole number, at least `least`.
    func int(least: Int = 0) throws(CupelError) -> Int {
        guard let value = json.intValue, value >= least, value <= 1 << 40 else {
            throw wrong("must be a whole number, at least \(least)")
        }
        return value
    }

    /// The number.
    func double() throws(CupelError) -> Double {
        guard let value = json.doubleValue else { throw wrong("must be a number, not \(json.kind)") }
        return value
    }

    /// The elements.
    func array() throws(CupelError) -> [WireValue] {
        guard case .array(let elements) = json else { throw wrong("must be an array, not \(json.kind)") }
        var values: [WireValue] = []
        values.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() { values.append(WireValue(element, "\(path)[\(index)]")) }
        return values
    }

    /// This, when it is an object.
    func object() throws(CupelError) -> WireValue {
        guard case .object = json else { throw wrong("must be an object, not \(json.kind)") }
        return self
    }

    /// An optional member's text.
    func string(_ name: String) throws(CupelError) -> String? {
        guard let value = member(name) else { return nil }
        return try value.string()
    }

    /// An optional member's truth value.
    func bool(_ name: String) throws(CupelError) -> Bool? {
        guard let value = member(name) else { return nil }
        return try value.bool()
    }

    /// An optional member's whole number.
    func int(_ name: String, least: Int = 0) throws(CupelError) -> Int? {
        guard let value = member(name) else { return nil }
        return try value.int(least: least)
    }

    /// An optional member's number.
    func double(_ name: String) throws(CupelError) -> Double? {
        guard let value = member(name) else { return nil }
        return try value.double()
    }

    /// An optional member's elements, none when it is missing.
    func array(_ name: String) throws(CupelError) -> [WireValue] {
        guard let value = member(name) else { return [] }
        return try value.array()
    }

    /// An optional member's texts: one text or an array of them.
    func strings(_ name: String) throws(CupelError) -> [String] {
        guard let value = member(name) else { return [] }
        if case .string(let text) = value.json { return [text] }
        var texts: [String] = []
        for element in try value.array() { texts.append(try element.string()) }
        return texts
    }

    /// The error for a wrong value here.
    func wrong(_ message: String) -> CupelError {
        let name = path.isEmpty ? "the body" : path
        return CupelError(.validationError, "\(name): \(message).", fields: [FieldProblem(name, message)])
    }

    /// The error for what no provider of another dialect could do.
    func untranslatable(_ what: String) -> CupelError {
        wrong(
            "\(what) cannot be translated to another provider; leave it out, or name a model that speaks this dialect"
        )
    }
}
