/// A value that stands beside a name: `name = "value"`, `"name": "value"`, `<name>value</name>`, `name("value")`,
/// `--name value`, `Name=value;` in a connection string and their like in two dozen languages.
struct AssignedValue: Equatable {
    /// How the value was given.
    enum Form: Equatable {
        /// Behind an operator and between quotes.
        case quoted
        /// Behind an operator, unquoted, up to the end of its line or its word.
        case bare
        /// As an argument of a call whose function has the name.
        case argument
        /// Beside the name without an operator: SQL, C macros, PowerShell, netrc.
        case beside
        /// In a query or a connection string.
        case part
        /// In an element or an attribute.
        case element
        /// On a command line.
        case commandLine
    }

    /// The whole name.
    var name: Range<Int>
    /// The value, without its quotes.
    var value: Range<Int>
    /// How it was given.
    var form: Form
}

/// Reads what a name is given, by hand and on bytes: a name of interest stands in every other line of a program, and
/// nearly always this says `nil` after a few bytes.
struct AssignmentReader {
    /// Bytes of a name, at most.
    static let maximumName = 80
    /// Bytes of a value, at most.
    static let maximumValue = 600
    /// Blanks that may stand between two parts, as programs align them.
    static let maximumBlanks = 48

    let text: UnsafeRawBufferPointer
    let kind: FileKind

    /// Whether anything that could give a value follows a keyword that ends at an offset; allocates nothing, so that
    /// it may be asked inside the pass.
    static func isPlausible(_ text: UnsafeRawBufferPointer, after end: Int) -> Bool {
        var at = end
        let limit = min(text.count, end + maximumName)
        while at < limit, ByteClass.isName(text[at]) { at += 1 }
        let blanks = min(text.count, at + maximumBlanks)
        while at < blanks {
            switch text[at] {
            case 0x20, 0x09, 0x5C, 0x5D, 0x22, 0x27, 0x60: at += 1  // blank \ ] " ' `
            case 0x3D, 0x3A, 0x2C, 0x28, 0x3C, 0x3E, 0x21, 0x7C, 0x3F, 0x2E, 0x5B, 0x26, 0x7D, 0x0A, 0x0D, 0x2B:
                return at > end || text[at] != 0x2E
            default:
                // A word directly behind a quote or a blank: a value beside the name, or a type between.
                return at > end && ByteClass.isGraphic(text[at])
            }
        }
        return false
    }

    /// What the name around a keyword is given; `nil` when nothing is.
    /// - Parameter end: Where the keyword ends.
    func read(around end: Int) -> AssignedValue? {
        guard let name = name(around: end) else { return nil }
        var cursor = Cursor(text: text, at: name.upperBound)
        let isQuotedName = cursor.skipClosers()
        // `"AWS::IAM::AccessKey"` names a type.
        let first = name.lowerBound
        if isQuotedName, first > 1, text[first - 1] == UInt8(ascii: ":"), text[first - 2] == UInt8(ascii: ":") {
            return nil
        }
        cursor.skipBlanks()
        guard let byte = cursor.peek() else { return nil }
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "!"), UInt8(ascii: "|"), UInt8(ascii: "?"),
            UInt8(ascii: "+"), UInt8(ascii: "<"), UInt8(ascii: "-"):
            return afterOperator(name, cursor, isQuotedName)
        case UInt8(ascii: ","):
            guard isQuotedName else { return nil }
            cursor.at += 1
            return pair(name, cursor) ?? companion(name, cursor)
        case UInt8(ascii: "("): return call(name, cursor)
        case UInt8(ascii: "."): return method(name, cursor)
        case UInt8(ascii: ">"):
            return element(name, cursor, isQuotedName, isDirect: cursor.at - name.upperBound <= 1)
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return beside(name, cursor)
        case 0x0A, 0x0D: return isQuotedName || followsNameMember(name) ? companion(name, cursor) : nil
        default: return afterWord(name, cursor, isQuotedName)
        }
    }

    /// The name that a keyword is part of.
    private func name(around end: Int) -> Range<Int>? {
        var upper = end
        let last = min(text.count, end + Self.maximumName)
        while upper < last {
            let byte = text[upper]
            if ByteClass.isWord(byte) {
                upper += 1
            } else if byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") && kind == .config,
                upper + 1 < text.count, ByteClass.isWord(text[upper + 1])
            {
                upper += 1
            } else {
                break
            }
        }
        var lower = end
        let first = max(0, end - Self.maximumName)
        while lower > first, ByteClass.isName(text[lower - 1]) { lower -= 1 }
        while lower < end, !ByteClass.isWord(text[lower]) { lower += 1 }
        return upper - lower <= Self.maximumName && lower < upper ? lower..<upper : nil
    }

    private func afterOperator(_ name: Range<Int>, _ start: Cursor, _ isQuotedName: Bool) -> AssignedValue? {
        var cursor = start
        guard let mark = cursor.takeOperator() else { return nil }
        if mark == .arrow && !isQuotedName { return nil }
        if mark == .typed {
            // `name: String = "value"`: a type stands before the operator.
            var behind = cursor
            if behind.skipType(), behind.takeOperator() == .plain {
                return value(name, behind, isBareAllowed: false)
            }
        }
        let isComparison = mark == .comparison || mark == .fallback
        return value(name, cursor, isBareAllowed: !isComparison && mark != .arrow)
    }

    private func value(_ name: Range<Int>, _ start: Cursor, isBareAllowed: Bool) -> AssignedValue? {
        var cursor = start
        cursor.skipBlanks()
        if cursor.skipNewline() {
            guard let found = cursor.quoted() else { return nil }
            return AssignedValue(name: name, value: found, form: .quoted)
        }
        if let found = cursor.quoted() ?? cursor.wrapped() {
            return AssignedValue(name: name, value: found, form: .quoted)
        }
        guard isBareAllowed else { return nil }
        if let found = cursor.partOfString(name) { return AssignedValue(name: name, value: found, form: .part) }
        guard let found = cursor.bare(name, kind: kind) else { return nil }
        return AssignedValue(name: name, value: found, form: .bare)
    }

    /// `name("value")`, where the function is no question for the value.
    private func call(_ name: Range<Int>, _ start: Cursor) -> AssignedValue? {
        var cursor = start
        cursor.at += 1
        return argument(name, cursor, form: .argument)
    }

    private func argument(_ name: Range<Int>, _ start: Cursor, form: AssignedValue.Form) -> AssignedValue? {
        var cursor = start
        cursor.skipBlanks()
        _ = cursor.skipNewline()
        guard let found = cursor.quoted() ?? cursor.wrapped() else { return nil }
        return AssignedValue(name: name, value: found, form: form)
    }

    /// `get("name", "value")`, `{"name", "value"}`: the first of two, and not of a list.
    private func pair(_ name: Range<Int>, _ start: Cursor) -> AssignedValue? {
        var before = name.lowerBound
        while before > 0, name.lowerBound - before < 4, ByteClass.isQuote(text[before - 1]) || text[before - 1] == 0x5C
        {
            before -= 1
        }
        while before > 0, ByteClass.isBlank(text[before - 1]) { before -= 1 }
        guard before > 0, text[before - 1] == UInt8(ascii: "(") || text[before - 1] == UInt8(ascii: "{") else {
            return nil
        }
        var cursor = start
        cursor.skipBlanks()
        guard let found = cursor.quoted() ?? cursor.wrapped() else { return nil }
        var behind = Cursor(text: text, at: found.upperBound)
        while let byte = behind.peek(), ByteClass.isQuote(byte) || byte == UInt8(ascii: "\\") { behind.at += 1 }
        behind.skipBlanks()
        guard let byte = behind.peek(), byte == UInt8(ascii: ")") || byte == UInt8(ascii: "}") else { return nil }
        return AssignedValue(name: name, value: found, form: .quoted)
    }

    private static let methods = WordSet([
        "equals", "equalsignorecase", "eql", "eq", "settext", "set", "setvalue", "sendkeys", "send_keys", "fill",
        "type",
        "compareto", "is", "contentequals", "assign", "setstring", "isequalto", "isequaltostring", "write", "append",
        "strcpy", "tobe", "toequal",
    ])

    /// `name.equals("value")`, `name.send_keys("value")`.
    private func method(_ name: Range<Int>, _ start: Cursor) -> AssignedValue? {
        var cursor = start
        cursor.at += 1
        let word = cursor.takeWord()
        guard !word.isEmpty, Self.methods.contains(text, word), cursor.take(UInt8(ascii: "(")) else { return nil }
        return argument(name, cursor, form: .argument)
    }

    /// `<name>value</name>`, `<entry key="name">value</entry>`.
    private func element(
        _ name: Range<Int>,
        _ start: Cursor,
        _ isQuotedName: Bool,
        isDirect: Bool
    ) -> AssignedValue? {
        guard isDirect, isQuotedName || name.lowerBound > 0 && isOpening(before: name.lowerBound) else { return nil }
        var cursor = start
        cursor.at += 1
        guard let found = cursor.untilElementEnd() else { return nil }
        return AssignedValue(name: name, value: found, form: .element)
    }

    /// Where the tag ends that an offset stands in.
    private func tagEnd(_ start: Int) -> Int? {
        let limit = min(text.count, start + 160)
        guard start < limit, let end = text[start..<limit].firstIndex(of: UInt8(ascii: ">")) else { return nil }
        let isWhole = !text[start..<end].contains { $0 == UInt8(ascii: "<") || $0 == 0x0A }
        return isWhole && text[end - 1] != UInt8(ascii: "/") ? end : nil
    }

    private func isOpening(before offset: Int) -> Bool {
        var at = offset - 1
        // A namespace, `<ns:name>`.
        if text[at] == UInt8(ascii: ":") {
            at -= 1
            while at >= 0, offset - at < 24, ByteClass.isName(text[at]) { at -= 1 }
        }
        return at >= 0 && text[at] == UInt8(ascii: "<")
    }

    /// `PASSWORD 'value'`, `#define NAME "value"`: a quoted value with only blanks between.
    private func beside(_ name: Range<Int>, _ cursor: Cursor) -> AssignedValue? {
        guard cursor.at > name.upperBound, ByteClass.isBlank(text[cursor.at - 1]) else { return nil }
        var cursor = cursor
        // In prose and in comments a backquote begins a name: "pass `x`".
        guard text[cursor.at] != UInt8(ascii: "`"), let found = cursor.quoted() else { return nil }
        return AssignedValue(name: name, value: found, form: isOption(name) ? .commandLine : .beside)
    }

    private func isOption(_ name: Range<Int>) -> Bool {
        name.lowerBound >= 1 && text[name.lowerBound - 1] == UInt8(ascii: "-")
    }

    /// `name or "value"`, `name string = "value"`, `key="name" value="x"`, `--name value`.
    private func afterWord(_ name: Range<Int>, _ start: Cursor, _ isQuotedName: Bool) -> AssignedValue? {
        if isQuotedName, let found = companion(name, start) { return found }
        guard start.at > name.upperBound else { return nil }
        if name.lowerBound > 0, isOpening(before: name.lowerBound) {
            return tagEnd(start.at).flatMap { element(name, Cursor(text: text, at: $0), true, isDirect: true) }
        }
        if isOption(name) || followsLogin(name) || isDirective(name) {
            var cursor = start
            guard let found = cursor.word() else { return nil }
            return AssignedValue(name: name, value: found, form: .commandLine)
        }
        var cursor = start
        let word = cursor.takeWord()
        guard !word.isEmpty, word.count <= 24 else { return nil }
        cursor.skipBlanks()
        if word.count == 2, text[word.lowerBound] == UInt8(ascii: "o"), text[word.lowerBound + 1] == UInt8(ascii: "r") {
            guard let found = cursor.quoted() else { return nil }
            return AssignedValue(name: name, value: found, form: .quoted)
        }
        guard cursor.takeOperator() == .plain else {
            // `IDENTIFIED BY 'value'` comes with the keyword before; `PASSWORD IS 'value'` with one between.
            return nil
        }
        return value(name, cursor, isBareAllowed: false)
    }

    /// `requirepass value`, `ENV NAME value`: the first word of its line, or the second after `ENV`.
    private func isDirective(_ name: Range<Int>) -> Bool {
        guard kind == .config || kind == .unknown || kind == .shell else { return false }
        var at = name.lowerBound
        while at > 0, ByteClass.isBlank(text[at - 1]) { at -= 1 }
        if at == 0 || text[at - 1] == 0x0A { return true }
        return at >= 3 && at < name.lowerBound && text[at - 3] == UInt8(ascii: "E") && text[at - 2] == UInt8(ascii: "N")
            && text[at - 1] == UInt8(ascii: "V")
    }

    /// `login NAME password value`, as `.netrc` has it.
    private func followsLogin(_ name: Range<Int>) -> Bool {
        var at = name.lowerBound
        for _ in 0..<2 {
            while at > 0, ByteClass.isBlank(text[at - 1]) { at -= 1 }
            let end = at
            while at > 0, name.lowerBound - at < 80, ByteClass.isGraphic(text[at - 1]) { at -= 1 }
            if end - at == 5, text[at] == UInt8(ascii: "l"), text[at + 1] == UInt8(ascii: "o"),
                text[at + 2] == UInt8(ascii: "g")
            {
                return true
            }
        }
        return false
    }
}
