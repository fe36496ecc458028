/// Judges a value that was given to a name like `password`, `token` or `key`: is it one, or code, prose, a reference?
enum PasswordShape {
    /// Whether a value given to a password's name is a password that someone uses.
    static func isPassword(_ value: String, kind: FileKind, isQuoted: Bool) -> Bool {
        guard isValue(value, isQuoted: isQuoted) else { return false }
        let classes = CharacterClasses(value)
        if classes.digits == 0 && classes.others == 0 {
            // Letters alone: only what no one could read aloud.
            return value.utf8.count >= 10 && WordLikeness.share(value) < 0.35 && Entropy.bits(value.utf8) > 2.8
        }
        if classes.digits == 0 {
            // Words joined by `-`, `_`, `.` or `/` are names of things; other signs make a password of them.
            let signs = value.filter { !$0.isLetter && !"-_./: ,".contains($0) }.count
            return signs >= 1 && value.utf8.count >= 7 && !isCode(value) && classes.letters >= 3
        }
        if classes.letters == 0 {
            // Figures alone are ports, times and sizes more often than passwords.
            return classes.others > 0 && classes.digits >= 5 && isQuoted && !value.contains(":")
                && !value.contains("/") && !value.contains(".")
        }
        return value.utf8.count >= 6 && !isCode(value) && !isVersionLike(value)
    }

    /// Whether a value given to a key's or a token's name is drawn at random.
    static func isRandomKey(_ value: String, isQuoted: Bool) -> Bool {
        guard (16...512).contains(value.utf8.count), isValue(value, isQuoted: isQuoted) else { return false }
        guard !value.contains(" "), !isCode(value), !isVersionLike(value) else { return false }
        let classes = CharacterClasses(value)
        guard classes.digits >= 2, classes.letters >= 2 else { return false }
        let entropy = Entropy.bits(value.utf8)
        let isHex = value.utf8.allSatisfy { CharacterClasses.isHex($0) || $0 == UInt8(ascii: "-") }
        if isHex { return entropy >= 3.0 && value.utf8.count >= 24 }
        return entropy >= 3.5 && WordLikeness.share(value) < 0.55 && classes.digits * 20 >= value.utf8.count
    }

    /// Not a placeholder, not prose, not a path, not a reference to something else.
    private static func isValue(_ value: String, isQuoted: Bool) -> Bool {
        guard value.utf8.count >= 5, value.utf8.count <= 512, !Placeholder.isOne(value) else { return false }
        if value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return false }
        let words = value.split(separator: " ")
        if words.count > 2 || (words.count == 2 && !isQuoted) { return false }
        if urlMark.isFound(in: value) || value.hasPrefix("/") || value.hasPrefix("./") || value.hasPrefix("~/") {
            return false
        }
        if value.hasPrefix("-") || value.hasSuffix(":") || value.hasSuffix("=") && value.utf8.count < 12 {
            return false
        }
        return true
    }

    private static let urlMark = WordList(["://"])
    private static let expressions = WordList(["()", "](", "->", "::", "%s", "%d", "\\n", "\\t", "==", "!=", ", "])

    /// Calls, members, indexes, formats: what an expression looks like.
    static func isCode(_ value: String) -> Bool {
        if expressions.isFound(in: value) { return true }
        if let open = value.firstIndex(of: "("), value.last == ")", open != value.startIndex {
            return true
        }
        if value.last == "," || value.last == ";" || value.last == "(" || value.last == "{" { return true }
        // a.b.c and a_b_c of words and a figure or two: a member or an identifier.
        let pieces = value.split { "._-/[]:".contains($0) }
        guard pieces.count >= 2, value.allSatisfy({ $0.isLetter || $0.isNumber || "._-/[]:".contains($0) }) else {
            return false
        }
        return pieces.allSatisfy { isWordOrFigure(String($0)) }
    }

    /// `kind1`, `utf8`, `v2`, `300`: a word with a figure behind it, or a figure.
    private static func isWordOrFigure(_ piece: String) -> Bool {
        let letters = piece.prefix { $0.isLetter }
        let rest = piece.dropFirst(letters.count)
        guard rest.allSatisfy(\.isNumber) else { return false }
        if letters.isEmpty { return rest.count <= 4 }
        return rest.isEmpty ? true : rest.count <= 3 && letters.count <= 3
    }

    /// `2.3.1`, `1.0-beta2`, `2024-01-01`, `sha256:…`: versions, dates and digests.
    private static func isVersionLike(_ value: String) -> Bool {
        if value.hasPrefix("sha") && (value.contains(":") || value.contains("-")) { return true }
        let figures = value.filter { $0.isNumber || ".-:_+".contains($0) }.count
        return figures * 4 >= value.count * 3 && value.contains { ".-:".contains($0) }
            && CharacterClasses(value).letters <= 5
    }
}

/// How many letters, digits and other characters a text holds, by its bytes.
struct CharacterClasses {
    var letters = 0
    var digits = 0
    var others = 0

    init(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: digits += 1
            case 0x41...0x5A, 0x61...0x7A, 0x80...: letters += 1
            default: others += 1
            }
        }
    }

    static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
