import Glibc

/// Judges a value by the name it was given to, its own shape and where it stands.
enum AssignmentJudge {
    /// How sure it is that a value is a secret that someone uses.
    enum Verdict: Equatable {
        case none
        /// It may be one: a weak password, a value of a vague name.
        case likely
        /// It looks like nothing else.
        case sure
    }

    /// What a value given to a name is.
    static func verdict(name text: String, value: String, form: AssignedValue.Form, context: FileContext) -> Verdict {
        guard !context.isGenerated, (4...600).contains(value.utf8.count), let name = SecretName(text) else {
            return .none
        }
        guard PasswordShape.isValue(value, isQuoted: form != .bare), value.lowercased() != text.lowercased() else {
            return .none
        }
        let shape = ValueShape(value)
        guard shape.foreign * 5 <= shape.length else { return .none }
        if context.isRehearsal { return rehearsed(name, value, shape, form) }
        switch name.kind {
        case .password: return password(name, value, shape, form, context)
        case .key: return key(name, value, shape, form, context.kind)
        case .vague: return vague(name, value, shape, form)
        case .salt: return shape.isRandom(atLeast: 12) && form != .beside && !value.contains(" ") ? .likely : .none
        }
    }

    /// In tests and documentation most values are made up: only what a generator must have made counts.
    private static func rehearsed(
        _ name: SecretName,
        _ value: String,
        _ shape: ValueShape,
        _ form: AssignedValue.Form
    ) -> Verdict {
        guard name.isPlain, !value.contains(" "), form != .bare, form != .beside else { return .none }
        switch name.kind {
        case .password:
            switch PasswordShape.strength(value, shape) {
            case .strong: return .likely
            case .fair: return shape.digits > 0 && shape.wordLikeness < 0.6 && !shape.isWordy ? .likely : .none
            case .weak: return form == .quoted && shape.digits > 1 && !shape.isWordy ? .likely : .none
            case .none: return .none
            }
        case .key: return shape.isRandom(atLeast: shape.isUUID ? 36 : 20) ? .likely : .none
        case .vague, .salt: return .none
        }
    }

    /// Whether bytes are plainly a word or words: most of what is given to a name, and told before any text is made.
    static func isPlain(_ value: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        guard value.count >= 4 else { return true }
        var joiners = 0
        var blanks = 0
        for byte in text[value] {
            switch byte {
            case 0x61...0x7A: continue
            case 0x20:
                blanks += 1
                // Three words and more are prose, whatever they are made of.
                if blanks > 2 { return true }
                joiners += 1
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"):
                joiners += 1
            default:
                if blanks == 0 && value.count > 3 { return hasReference(text, value) }
                return blanks > 1
            }
        }
        return joiners > 0 || value.count < 7
    }

    /// `{{`, `${`, `<`: what is filled in elsewhere begins with these.
    private static func hasReference(_ text: UnsafeRawBufferPointer, _ value: Range<Int>) -> Bool {
        let first = text[value.lowerBound]
        let second = text[value.lowerBound + 1]
        return first == UInt8(ascii: "{") && second == first
            || first == UInt8(ascii: "$") && second == UInt8(ascii: "{")
    }

    private static let schemes = WordSet(["bearer", "basic", "token", "apikey", "ssws", "bot", "key"])

    /// A value without the scheme of an Authorization header, `Bearer …`.
    static func withoutScheme(_ value: Range<Int>, in text: UnsafeRawBufferPointer) -> Range<Int> {
        var end = value.lowerBound
        while end < value.upperBound, end - value.lowerBound < 8, ByteClass.isWord(text[end]) { end += 1 }
        guard end > value.lowerBound, end + 1 < value.upperBound, text[end] == 0x20,
            schemes.contains(text, value.lowerBound..<end)
        else { return value }
        return end + 1..<value.upperBound
    }

    private static func password(
        _ name: SecretName,
        _ value: String,
        _ shape: ValueShape,
        _ form: AssignedValue.Form,
        _ context: FileContext
    ) -> Verdict {
        guard shape.length <= 128 else { return shape.isRandom(atLeast: 32) ? .likely : .none }
        let strength = PasswordShape.strength(value, shape)
        switch strength {
        case .none: return .none
        case .weak:
            // What only might be one needs a name that leaves no doubt, and a place where values are real.
            let isLoose = form == .beside || form == .commandLine
            let isDoubtful = isLoose && shape.digits < 2 || context.kind == .text
            return name.isPlain && !isDoubtful ? .likely : .none
        case .fair:
            if form == .beside && context.kind == .text { return .none }
            return name.isPlain ? .sure : .likely
        case .strong: return name.isPlain ? .sure : .likely
        }
    }

    private static func key(
        _ name: SecretName,
        _ value: String,
        _ shape: ValueShape,
        _ form: AssignedValue.Form,
        _ kind: FileKind
    ) -> Verdict {
        guard !value.contains(" ") else { return .none }
        if shape.isUUID && form == .bare && (kind == .code || kind == .text) { return .none }
        if shape.isRandom(atLeast: 16) { return name.isPlain ? .sure : .likely }
        guard name.isPlain, form == .quoted || form == .bare || form == .element || form == .part else { return .none }
        if shape.isUUID { return .likely }
        guard (7...40).contains(shape.length) else { return .none }
        guard !shape.isWordy, shape.wordLikeness < 0.55 else { return .none }
        return PasswordShape.strength(value, shape) == .strong ? .likely : .none
    }

    private static func vague(
        _ name: SecretName,
        _ value: String,
        _ shape: ValueShape,
        _ form: AssignedValue.Form
    ) -> Verdict {
        guard name.isPlain, form == .quoted || form == .bare || form == .part, !value.contains(" ") else {
            return .none
        }
        return shape.isRandom(atLeast: 24) ? .likely : .none
    }
}

/// What a value is made of.
struct ValueShape {
    var length = 0
    var upper = 0
    var lower = 0
    var digits = 0
    var others = 0
    /// Bytes of other alphabets.
    var foreign = 0
    /// Whether it reads as words that are run together or joined, as identifiers are.
    var isWordy = false
    /// How often the class of characters changes from one to the next.
    var changes = 0
    /// Whether all are hexadecimal digits.
    var isHex = true
    /// The share of its letter pairs that are common in words.
    var wordLikeness: Double
    /// Shannon entropy in bits a character.
    var entropy: Double
    /// Eight, four, four, four and twelve hexadecimal digits.
    var isUUID: Bool
    /// Whether it holds only what Base64, base64url or hexadecimal digits do.
    var isTokenLike = true

    init(_ value: String) {
        var last = 0
        var hyphens: [Int] = []
        for byte in value.utf8 {
            let group: Int
            switch byte {
            case 0x30...0x39:
                digits += 1
                group = 1
            case 0x41...0x5A:
                upper += 1
                group = 2
                if byte > 0x46 { isHex = false }
            case 0x61...0x7A:
                lower += 1
                group = 3
                if byte > 0x66 { isHex = false }
            default:
                others += 1
                group = 4
                if byte >= 0x80 { foreign += 1 }
                if byte != UInt8(ascii: "-") { isHex = false }
                if byte == UInt8(ascii: "-") { hyphens.append(length) }
                if !"+/=_-.~".utf8.contains(byte) { isTokenLike = false }
            }
            // A capital that opens a word is no change.
            if length > 0, group != last, !(last == 2 && group == 3) { changes += 1 }
            last = group
            length += 1
        }
        isUUID = length == 36 && isHex && hyphens == [8, 13, 18, 23]
        wordLikeness = WordLikeness.share(value)
        entropy = Entropy.bits(value.utf8)
        isWordy = Self.isWordy(value)
    }

    /// `kube-system-token-v2`, `V3OAuth2ClientCredential`, `azure.db.mssql.cpu`: most pieces are words or short figures.
    private static func isWordy(_ value: String) -> Bool {
        let pieces = SecretName.words(of: value)
        guard pieces.count >= 2 else { return false }
        let total = pieces.reduce(0) { $0 + $1.utf8.count }
        let words = pieces.filter {
            $0.utf8.count >= 3 && !$0.utf8.contains { $0 < 0x61 } && WordLikeness.share($0) >= 0.5
        }
        return words.reduce(0) { $0 + $1.utf8.count } * 2 > total
    }

    /// Letters of both cases.
    var letters: Int { upper + lower }

    /// Whether it was drawn at random, as keys and tokens are.
    func isRandom(atLeast minimum: Int) -> Bool {
        guard length >= minimum, isTokenLike, letters >= 2 || isHex && digits >= 24 else { return false }
        if isUUID { return entropy > 3 }
        if isHex {
            return digits >= 2 && entropy >= (length >= 24 ? 2.9 : 2.6) && changes * 4 >= length
        }
        if isWordy && length < 64 { return false }
        let needed = min(3.7, 0.8 * log2(Double(length)) + 0.05)
        guard entropy >= needed else { return false }
        if digits == 0 {
            // Letters alone, of both cases or unreadable.
            return length >= 20 && (changes * 3 >= length && wordLikeness < 0.5 || wordLikeness < 0.3)
        }
        if others * 5 > length { return false }
        if digits == 1 { return length >= 24 && changes * 4 >= length && wordLikeness < 0.5 }
        return changes * 5 >= length && wordLikeness < 0.62
    }
}
