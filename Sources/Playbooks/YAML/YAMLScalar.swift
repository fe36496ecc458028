/// How a text stands in YAML 1.1 as PyYAML and libyaml read it, so that it comes back as the same text.
enum YAMLScalar {
    /// Lines are broken before this column.
    static let width = 140

    /// Words that YAML 1.1 reads as something else than text.
    private static let reserved: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

    /// The text on one line: plain where that is safe, else in double quotes.
    static func inline(_ text: String) -> String {
        isPlain(text) ? text : "\"" + text.unicodeScalars.map(escaped).joined() + "\""
    }

    /// The text as the value of a key that ends at `column`, its further lines indented by `indent` spaces.
    static func value(_ text: String, column: Int, indent: Int) -> String {
        if let block = literal(text, indent: indent) { return block }
        let line = inline(text)
        return column + line.count <= width ? line : wrapped(text, column: column, indent: indent)
    }

    /// Whether the text may stand without quotes: it begins with a letter or `/` and holds nothing special.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last,
            isLetter(first) || first == "/" || first == "_", last != " ", last != ":",
            !reserved.contains(text.lowercased())
        else { return false }
        var previous: UnicodeScalar = " "
        for scalar in text.unicodeScalars {
            guard isLetter(scalar) || ("0"..."9").contains(scalar) || " _-./@+=:,~%()".unicodeScalars.contains(scalar)
            else { return false }
            if scalar == " ", previous == ":" { return false }
            previous = scalar
        }
        return true
    }

    private static func isLetter(_ scalar: UnicodeScalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }

    /// A literal block, where the text has lines that one can hold unchanged.
    private static func literal(_ text: String, indent: Int) -> String? {
        guard text.unicodeScalars.contains("\n"), !text.unicodeScalars.contains(where: needsEscape) else { return nil }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let endsWithBreak = lines.last == ""
        if endsWithBreak { lines.removeLast() }
        guard let first = lines.first, !first.isEmpty, first.first != " ", lines.last?.isEmpty == false,
            lines.allSatisfy({ $0.last != " " && $0.count + indent <= width })
        else { return nil }
        let space = String(repeating: " ", count: indent)
        return (endsWithBreak ? "|" : "|-") + lines.map { $0.isEmpty ? "\n" : "\n" + space + $0 }.joined()
    }

    /// Double quotes over several lines, each but the last ended by a backslash, which joins them without a space.
    private static func wrapped(_ text: String, column: Int, indent: Int) -> String {
        let space = String(repeating: " ", count: indent)
        var output = "\""
        var used = column + 1
        var isAtStart = false
        for scalar in text.unicodeScalars {
            if used >= width - 10 {
                output += "\\\n" + space
                used = indent
                isAtStart = true
            }
            let piece = isAtStart && scalar == " " ? "\\ " : escaped(scalar)
            isAtStart = false
            output += piece
            used += piece.count
        }
        return output + "\""
    }

    /// Whether a scalar cannot stand as itself in a block or between double quotes.
    private static func needsEscape(_ scalar: UnicodeScalar) -> Bool {
        switch scalar {
        case "\n": false
        case "\u{0}"..<" ", "\u{7F}"..."\u{A0}", "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}": true
        default: false
        }
    }

    private static func escaped(_ scalar: UnicodeScalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\t": return "\\t"
        case "\r": return "\\r"
        default:
            guard needsEscape(scalar) else { return String(Character(scalar)) }
            let hex = String(scalar.value, radix: 16, uppercase: true)
            return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }
    }
}
