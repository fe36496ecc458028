extension AssignmentReader {
    private static let members = WordSet(["value", "val", "content", "default", "defaultvalue", "data", "text"])

    /// The value of a name that is itself a value: `- name: DB_PASSWORD` with `value: "x"` on the next line,
    /// `<add key="ApiKey" value="x"/>`, `{"name": "PASSWORD", "value": "x"}`.
    func companion(_ name: Range<Int>, _ start: Cursor) -> AssignedValue? {
        var cursor = start
        var left = 3
        while left > 0, let byte = cursor.peek() {
            switch byte {
            case 0x20, 0x09: cursor.skipBlanks()
            case 0x0A, 0x0D:
                cursor.at += 1
                left -= byte == 0x0A ? 1 : 0
            case UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): cursor.at += 1
            default: left = 0
            }
            if cursor.at - start.at > 120 { return nil }
        }
        let word = cursor.takeWord()
        guard !word.isEmpty, Self.members.contains(text, word) else { return nil }
        _ = cursor.skipClosers()
        cursor.skipBlanks()
        guard let mark = cursor.takeOperator(), mark == .plain || mark == .typed else { return nil }
        cursor.skipBlanks()
        if let found = cursor.quoted() { return AssignedValue(name: name, value: found, form: .element) }
        guard kind == .config, let found = cursor.word() else { return nil }
        return AssignedValue(name: name, value: found, form: .element)
    }

    /// Whether `name:` stands before, as in a container's environment.
    func followsNameMember(_ name: Range<Int>) -> Bool {
        var at = name.lowerBound
        while at > 0, ByteClass.isBlank(text[at - 1]) { at -= 1 }
        guard at >= 4, text[at - 1] == UInt8(ascii: ":") else { return false }
        let last = text[at - 2] | 0x20
        return last == UInt8(ascii: "e") && text[at - 3] | 0x20 == UInt8(ascii: "m")
            || last == UInt8(ascii: "y") && text[at - 3] | 0x20 == UInt8(ascii: "e")
    }
}
