/// Judges a value that was given to a name like `password`, `token` or `key`: is it one, or code, prose, a reference?
enum PasswordShape {
    /// How much of a password a value is.
    enum Strength {
        case none
        case weak
        case fair
        case strong
    }

    /// Whether a value given to a password's name is a password that someone uses.
    static func isPassword(_ value: String, isQuoted: Bool) -> Bool {
        guard isValue(value, isQuoted: isQuoted) else { return false }
        let strength = strength(value, ValueShape(value))
        return strength == .fair || strength == .strong
    }

    /// Whether a value given to a key's or a token's name is drawn at random.
    static func isRandomKey(_ value: String, isQuoted: Bool) -> Bool {
        isValue(value, isQuoted: isQuoted) && ValueShape(value).isRandom(atLeast: 16)
    }

    /// Judges a value that is no placeholder and no reference by what it is made of.
    static func strength(_ value: String, _ shape: ValueShape) -> Strength {
        guard !isCode(value), !isVersionLike(value), shape.length >= 5 else { return .none }
        if shape.digits == 0 && shape.others == 0 { return letters(shape) }
        if shape.letters == 0 { return figures(value, shape) }
        if shape.digits == 0 { return isAddress(value) ? .none : signs(value, shape) }
        if value.contains(" ") { return shape.wordLikeness < 0.5 && shape.changes >= 4 ? .weak : .none }
        if shape.isUUID { return .fair }
        if isAddress(value) { return .none }
        if shape.others == 0 {
            // A word with figures behind it, or a mixture.
            if shape.changes <= 1 && shape.wordLikeness > 0.5 { return shape.length >= 7 ? .weak : .none }
            return shape.length >= 8 ? .strong : shape.length >= 6 ? .fair : .weak
        }
        if shape.isWordy, value.utf8.allSatisfy({ ByteClass.isName($0) || "/:+".utf8.contains($0) }) {
            return shape.length >= 10 && !aboutSecrets.isFound(inLowered: value) ? .weak : .none
        }
        let isJoined = value.utf8.allSatisfy { ByteClass.isName($0) || $0 == UInt8(ascii: "/") }
        if isJoined {
            // `web-01_backup`: words and figures joined, as hosts and identifiers are.
            if shape.wordLikeness > 0.55 {
                if shape.changes >= 6 && shape.length >= 12 { return .fair }
                return shape.digits >= 3 ? .weak : .none
            }
            return shape.length >= 8 ? .fair : .weak
        }
        return shape.length >= 8 ? .strong : .fair
    }

    /// `someone@host.tld`.
    private static func isAddress(_ value: String) -> Bool {
        guard let at = value.firstIndex(of: "@"), at != value.startIndex else { return false }
        let host = value[value.index(after: at)...]
        return host.contains(".") && host.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" }
            && WordLikeness.share(value) > 0.4
    }

    /// Letters alone: only what no one could read aloud.
    private static func letters(_ shape: ValueShape) -> Strength {
        if shape.length >= 8, shape.changes * 3 >= shape.length, shape.upper >= 2, shape.lower >= 2,
            shape.wordLikeness < 0.5
        {
            return .strong
        }
        guard shape.entropy > 2.4, shape.length <= 40 else { return .none }
        if shape.length >= 10 && shape.wordLikeness < 0.35 { return .fair }
        return shape.length >= 7 && shape.wordLikeness < 0.34 ? .weak : .none
    }

    /// Figures alone are ports, times and sizes more often than passwords.
    private static func figures(_ value: String, _ shape: ValueShape) -> Strength {
        guard !value.contains(where: { ":/.-,+ %".contains($0) }) else { return .none }
        if shape.others > 0 { return shape.digits >= 4 ? .fair : .none }
        return (6...12).contains(shape.digits) && Set(value).count >= 4 ? .weak : .none
    }

    /// Words joined by `-`, `_`, `.` or `/` are names of things; other signs make a password of them.
    private static func signs(_ value: String, _ shape: ValueShape) -> Strength {
        let joiners = "-_./: ,'\"<>()[]{};=\\|&?"
        let signs = value.filter { !$0.isLetter && !joiners.contains($0) }.count
        guard !value.contains(" ") else { return .none }
        if signs == 0 {
            let isOdd = shape.wordLikeness < 0.3 && shape.length >= 10 && shape.letters >= 6 && shape.others <= 3
            return isOdd ? .weak : .none
        }
        guard shape.letters >= 3, shape.length >= 6 else { return .none }
        return shape.length >= 8 && (shape.upper > 0 && shape.lower > 0 || signs >= 2) ? .fair : .weak
    }

    /// Not a placeholder, not prose, not a path, not a reference to something else.
    static func isValue(_ value: String, isQuoted: Bool) -> Bool {
        guard value.utf8.count >= 5, value.utf8.count <= 512, !Placeholder.isOne(value) else { return false }
        if value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return false }
        let words = value.split(separator: " ")
        if words.count > 2 || (words.count == 2 && !isQuoted) { return false }
        if urlMark.isFound(in: value) || value.hasPrefix("./") || value.hasPrefix("~/") { return false }
        if let first = value.first, first == "/" || first == "-" {
            // A path or an option, unless it is drawn from an alphabet that has these signs.
            guard value.utf8.count >= 24, WordLikeness.share(value) < 0.5 else { return false }
        }
        if value.hasSuffix(":") || value.hasSuffix("=") && value.utf8.count < 12 {
            return false
        }
        return true
    }

    private static let aboutSecrets = WordList([
        "pass", "pwd", "secret", "user", "test", "key", "token", "field", "input", "login", "name", "auth", "admin",
    ])
    private static let urlMark = WordList(["://"])
    private static let formats = WordList(["%s", "%d", "%v", "%@"])
    private static let expressions = WordList([
        "()", "](", "->", "::", "a-z", "A-Z", "0-9", "[^", "(?:", "\\d", "\\w", "\\s", "\\n", "\\t", "==", "!=", ", ",
        "\\0", "\\r",
    ])

    /// Calls, members, indexes, formats: what an expression looks like.
    static func isCode(_ value: String) -> Bool {
        if expressions.isFound(in: value) { return true }
        if formats.isFound(in: value), value.utf8.count < 8 || CharacterClasses(value).digits == 0 { return true }
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
