/// Reads a unified diff line by line: which files it changes, and which of their lines are new.
///
/// The format is that of GNU diff's manual, "Detailed Description of Unified Format", with git's headers.
struct UnifiedDiff {
    /// One changed file.
    struct File: Hashable {
        /// Its path in the new tree.
        var path: [UInt8] = []
        /// Its new content's name in the repository, where git says it.
        var blob: String?
        /// The lines that are new, from 1, in order.
        var added: [ClosedRange<Int>] = []
        /// Whether git shows no lines, because it takes it for binary.
        var isBinary = false
        /// Whether it is gone, or no file: a link or another repository.
        var isNoFile = false
        /// The new text as far as the diff shows it; a line without a number stands between two parts.
        var text: [UInt8] = []
        /// The number of each line of ``text``; 0 for what is between.
        var numbers: [Int] = []

        /// Whether a line is new.
        func isNew(_ line: Int) -> Bool {
            var (low, high) = (0, added.count)
            while low < high {
                let middle = (low + high) / 2
                if added[middle].upperBound < line { low = middle + 1 } else { high = middle }
            }
            return low < added.count && added[low].contains(line)
        }
    }

    private let keepsText: Bool
    private var file: File?
    private var line = 0
    private var oldLeft = 0
    private var newLeft = 0
    private var isGit = false

    /// A reader that keeps the text of files, or only the numbers of lines.
    init(keepsText: Bool) { self.keepsText = keepsText }

    /// Takes the next line, without its newline; gives the file that ends with it.
    mutating func take(_ text: [UInt8]) -> File? {
        if oldLeft > 0 || newLeft > 0 {
            body(text)
            return nil
        }
        if text.starts(with: Self.gitHeader) {
            defer {
                isGit = true
                file = File(path: Self.pathOfHeader(Array(text.dropFirst(Self.gitHeader.count))))
            }
            return file
        }
        if text.starts(with: Self.old), !isGit || file == nil {
            defer { file = File() }
            return file
        }
        header(text)
        return nil
    }

    /// The last file, once there are no more lines.
    mutating func finish() -> File? {
        defer { file = nil }
        return file
    }

    private static let gitHeader = Array("diff --git ".utf8)
    private static let old = Array("--- ".utf8)

    private mutating func body(_ text: [UInt8]) {
        switch text.first {
        case UInt8(ascii: "+"):
            if let last = file?.added.last, last.upperBound == line - 1 {
                file?.added.removeLast()
                file?.added.append(last.lowerBound...line)
            } else {
                file?.added.append(line...line)
            }
            keep(text.dropFirst())
            newLeft -= 1
        case UInt8(ascii: "-"): oldLeft -= 1
        case UInt8(ascii: "\\"): break
        default:
            // Some editors take the blank from an empty line of context.
            keep(text.dropFirst())
            oldLeft -= 1
            newLeft -= 1
        }
    }

    private mutating func keep(_ text: ArraySlice<UInt8>) {
        if keepsText {
            file?.text += text + [0x0A]
            file?.numbers.append(line)
        }
        line += 1
    }

    private mutating func header(_ text: [UInt8]) {
        let words = text.split(separator: 0x20, maxSplits: 4).map { String(decoding: $0.prefix(200), as: UTF8.self) }
        switch words.first {
        case "@@": hunk(words)
        case "+++":
            let path = Self.path(Array(text.dropFirst(4)), stripping: UInt8(ascii: "b"))
            if let path { file?.path = path } else { file?.isNoFile = true }
        case "rename", "copy":
            if words.count > 2, words[1] == "to" {
                file?.path = Self.path(Array(text.dropFirst(words[0].utf8.count + 4)), stripping: nil) ?? []
            }
        case "index":
            file?.blob = words.dropFirst().first?.split(separator: ".").last.map(String.init)
            if words.count > 2, !words[2].hasPrefix("100") { file?.isNoFile = true }
        case "deleted": file?.isNoFile = true
        case "new" where words.count > 3 && !words[3].hasPrefix("100"): file?.isNoFile = true
        case "Binary", "GIT": file?.isBinary = true
        default: break
        }
    }

    /// `@@ -1,2 +3,4 @@`; a count that is left out is 1.
    private mutating func hunk(_ words: [String]) {
        guard words.count >= 3, let old = Self.range(words[1], "-"), let new = Self.range(words[2], "+") else { return }
        (oldLeft, newLeft, line) = (old.count, new.count, new.start)
        guard keepsText, file?.numbers.isEmpty == false else { return }
        file?.text.append(0x0A)
        file?.numbers.append(0)
    }

    private static func range(_ word: String, _ sign: Character) -> (start: Int, count: Int)? {
        guard word.first == sign else { return nil }
        let parts = word.dropFirst().split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        let (start, count) = (parts.first ?? nil, parts.count > 1 ? parts[1] : 1)
        guard let start, let count, parts.count < 3 else { return nil }
        // More lines than this has no file that is looked at.
        guard (0...1 << 30).contains(start), (0...1 << 30).contains(count) else { return nil }
        return (start, count)
    }

    /// A path as it stands in a header; `nil` for `/dev/null`.
    private static func path(_ text: [UInt8], stripping side: UInt8?) -> [UInt8]? {
        var path = text.first == UInt8(ascii: "\"") ? unquoted(text) : Array(text.prefix { $0 != 0x09 && $0 != 0x0D })
        if path == Array("/dev/null".utf8) { return nil }
        if let side, path.starts(with: [side, UInt8(ascii: "/")]) { path.removeFirst(2) }
        return path
    }

    /// The path of `a/x b/x`, where both are the same, as they are when no other header names it.
    private static func pathOfHeader(_ text: [UInt8]) -> [UInt8] {
        if text.first == UInt8(ascii: "\"") { return path(text, stripping: UInt8(ascii: "a")) ?? [] }
        return Array(text.suffix(max(0, (text.count - 5) / 2)))
    }

    /// A path in git's quotes: C's escapes, bytes in octal.
    private static func unquoted(_ text: [UInt8]) -> [UInt8] {
        let names: [UInt8: UInt8] = [0x61: 7, 0x62: 8, 0x74: 9, 0x6E: 10, 0x76: 11, 0x66: 12, 0x72: 13]
        var result: [UInt8] = []
        var at = 1
        while at < text.count, text[at] != UInt8(ascii: "\"") {
            guard text[at] == UInt8(ascii: "\\"), at + 1 < text.count else {
                result.append(text[at])
                at += 1
                continue
            }
            let digits = text[(at + 1)...].prefix(3).prefix { (0x30...0x37).contains($0) }
            if digits.count == 3 {
                result.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }))
                at += 4
            } else {
                result.append(names[text[at + 1]] ?? text[at + 1])
                at += 2
            }
        }
        return result
    }
}
