/// Splits an ask into words: quotes stay together, punctuation stands alone, paths and addresses are recognised.
struct Tokenizer {
    /// Words of an ask; what is beyond is not read.
    static let maximumWords = 600

    private let text: [Character]
    private var at = 0
    private var words: [Word] = []

    private static let closing: [Character: Character] = [
        "\"": "\"", "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»", "„": "“",
    ]
    private static let marks: Set<Character> = [",", ";", ":", ".", "!", "?", ")", "]"]

    static func words(of text: String) -> [Word] {
        var tokenizer = Tokenizer(text: Array(text))
        tokenizer.run()
        return tokenizer.words
    }

    private init(text: [Character]) { self.text = text }

    private mutating func run() {
        while at < text.count, words.count < Self.maximumWords {
            let character = text[at]
            if character.isNewline {
                words.append(Word(";", .mark))
                at += 1
            } else if character.isWhitespace || character == "(" || character == "[" {
                at += 1
            } else if let close = Self.closing[character], quoted(until: close) {
                continue
            } else {
                bare()
            }
        }
    }

    /// Takes a quoted text whose closing quote is followed by no letter or digit.
    private mutating func quoted(until close: Character) -> Bool {
        var end = at + 1
        while end < text.count {
            if text[end] == close, end + 1 == text.count || !(text[end + 1].isLetter || text[end + 1].isNumber) {
                break
            }
            end += 1
        }
        guard end < text.count, end > at + 1 else { return false }
        words.append(Word(String(text[at + 1..<end]), .quoted))
        at = end + 1
        return true
    }

    private mutating func bare() {
        let start = at
        while at < text.count, !text[at].isWhitespace { at += 1 }
        var end = at
        var trailing: [Word] = []
        while end > start + 1, Self.marks.contains(text[end - 1]) {
            end -= 1
            trailing.insert(Word(String(text[end]), .mark), at: 0)
        }
        let piece = String(text[start..<end])
        // "nginx,curl" without a space is a list too, unless it is a path or an address.
        let isMark = piece.count == 1 && piece.first.map(Self.marks.contains) == true
        let kind = isMark ? .mark : Shape.kind(of: piece)
        if kind == .plain, piece.contains(","), !piece.contains("=") {
            for (index, part) in piece.split(separator: ",").enumerated() {
                if index > 0 { words.append(Word(",", .mark)) }
                words.append(Word(String(part), Shape.kind(of: String(part))))
            }
        } else {
            words.append(Word(piece, kind))
        }
        words += trailing
    }
}

/// What a word looks like, by its characters alone.
enum Shape {
    /// Endings by which a bare name is known as a file.
    private static let fileEndings: Set<String> = [
        "conf", "cfg", "cnf", "ini", "yml", "yaml", "json", "toml", "xml", "sh", "bash", "py", "pl", "rb", "js", "php",
        "txt", "md", "html", "css", "j2", "tar", "gz", "tgz", "zip", "bz2", "xz", "zst", "deb", "rpm", "pem", "key",
        "crt", "cert", "env", "sql", "log", "repo", "list", "rules", "asc", "gpg", "jar", "war", "bin", "csv",
        "sudoers",
        "properties", "service", "timer", "socket", "mount", "iso", "img", "pub", "htpasswd",
    ]
    private static let unitEndings: Set<String> = ["service", "timer", "socket", "mount"]
    private static let archiveEndings = [".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar", ".zip", ".gz"]

    static func kind(of piece: String) -> Word.Kind {
        let lower = piece.lowercased()
        if lower.contains("://") || lower.hasPrefix("git@") || lower.hasPrefix("ppa:") { return .url }
        if isTime(lower) { return .time }
        if isAddress(piece) { return .address }
        if piece.allSatisfy(\.isNumber) { return .number }
        for prefix in ["/", "~/", "./", "../"] where piece.hasPrefix(prefix) { return .path }
        if piece.count > 1, piece == "/" { return .path }
        let ending = fileEnding(of: lower)
        if piece.contains("/"), ending != nil || lower.hasPrefix("files/") || lower.hasPrefix("templates/") {
            return .path
        }
        if let ending, !unitEndings.contains(ending), !piece.contains("=") { return .file }
        return .plain
    }

    static func isArchive(_ text: String) -> Bool { archiveEndings.contains { text.lowercased().hasSuffix($0) } }

    private static func fileEnding(of lower: String) -> String? {
        guard let dot = lower.lastIndex(of: "."), dot != lower.startIndex else { return nil }
        let ending = String(lower[lower.index(after: dot)...])
        return fileEndings.contains(ending) ? ending : nil
    }

    /// `2:30`, `02:30am`, `6am`.
    private static func isTime(_ lower: String) -> Bool { ClockTime(lower) != nil }

    /// An IPv4 address or network, or an IPv6 one with at least two colons.
    private static func isAddress(_ piece: String) -> Bool {
        let host = piece.split(separator: "/", maxSplits: 1)[0...].first ?? ""
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) { return true }
        let colons = host.filter { $0 == ":" }.count
        return colons >= 2 && host.allSatisfy { $0.isHexDigit || $0 == ":" }
    }
}

/// A time of day as people write it.
struct ClockTime: Equatable {
    let hour: Int
    let minute: Int

    /// Reads `2:30`, `14:05`, `6am`, `2:30pm`; a bare number is none.
    init?(_ text: String) {
        var digits = Substring(text)
        var shift: Int?
        for (ending, hours) in [("am", 0), ("pm", 12)] where digits.hasSuffix(ending) {
            digits = digits.dropLast(2)
            shift = hours
        }
        let parts = digits.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || (parts.count == 1 && shift != nil), let first = parts.first, first.count <= 2,
            var hour = Int(first), (0..<24).contains(hour), first.allSatisfy(\.isNumber)
        else { return nil }
        var minute = 0
        if parts.count == 2 {
            guard parts[1].count == 2, let value = Int(parts[1]), (0..<60).contains(value) else { return nil }
            minute = value
        }
        if let shift {
            guard (1...12).contains(hour) else { return nil }
            hour = hour % 12 + shift
        }
        self.hour = hour
        self.minute = minute
    }
}
