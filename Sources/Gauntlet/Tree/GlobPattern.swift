/// One line of an ignore file, as gitignore(5) describes it.
struct GlobPattern: Sendable, Hashable {
    /// Bytes of one pattern, at most; longer lines are passed over.
    static let maximumBytes = 1024

    /// Whether a match is taken back in, by `!`.
    let isNegated: Bool
    /// Whether only directories match, by a final `/`.
    let isDirectoryOnly: Bool
    /// The pattern's parts between slashes; `**` stands for any number of parts.
    private let parts: [[UInt8]]

    /// Reads a line; `nil` for a comment, an empty line, or one over the limit.
    init?(line: some StringProtocol) {
        var text = Array(line.utf8)
        guard text.count <= Self.maximumBytes else { return nil }
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        while text.last == UInt8(ascii: " "), text.dropLast().last != UInt8(ascii: "\\") { text.removeLast() }
        guard let first = text.first, first != UInt8(ascii: "#") else { return nil }
        isNegated = first == UInt8(ascii: "!")
        if isNegated { text.removeFirst() }
        isDirectoryOnly = text.last == UInt8(ascii: "/")
        if isDirectoryOnly { text.removeLast() }
        guard !text.isEmpty else { return nil }
        // A slash anywhere but at the end ties the pattern to the directory of its file.
        let isAnchored = text.contains(UInt8(ascii: "/"))
        if text.first == UInt8(ascii: "/") { text.removeFirst() }
        let pieces = text.split(separator: UInt8(ascii: "/")).map(Array.init)
        guard !pieces.isEmpty else { return nil }
        parts = isAnchored ? pieces : [Self.anyParts] + pieces
    }

    /// Whether a path, relative to the directory of the ignore file, matches.
    func matches(_ path: [[UInt8]], isDirectory: Bool) -> Bool {
        if isDirectoryOnly && !isDirectory { return false }
        return Self.match(parts[...], path[...])
    }

    private static let anyParts = Array("**".utf8)

    /// Parts against parts; two pointers and the last `**` to come back to, so the time is at most their product.
    private static func match(_ pattern: ArraySlice<[UInt8]>, _ path: ArraySlice<[UInt8]>) -> Bool {
        var (at, part) = (pattern.startIndex, path.startIndex)
        var retry: (at: Int, part: Int)?
        while part < path.endIndex {
            if at < pattern.endIndex, pattern[at] == anyParts {
                // A final `**` matches what is inside, so at least one part.
                retry = (at + 1, part)
                at += 1
                if at == pattern.endIndex { return true }
            } else if at < pattern.endIndex, match(part: pattern[at], path[part]) {
                at += 1
                part += 1
            } else if let last = retry {
                at = last.at
                part = last.part + 1
                retry = (last.at, part)
            } else {
                return false
            }
        }
        return at == pattern.endIndex
    }

    /// `*`, `?`, `[a-z]`, `[!a]` and `\` within one part.
    static func match(part pattern: [UInt8], _ name: [UInt8]) -> Bool {
        var (at, byte) = (0, 0)
        var retry: (at: Int, byte: Int)?
        while byte < name.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                retry = (at + 1, byte)
                at += 1
            } else if at < pattern.count, let next = one(pattern, at, name[byte]) {
                at = next
                byte += 1
            } else if let last = retry {
                at = last.at
                byte = last.byte + 1
                retry = (last.at, byte)
            } else {
                return false
            }
        }
        while at < pattern.count, pattern[at] == UInt8(ascii: "*") { at += 1 }
        return at == pattern.count
    }

    /// Matches one byte against what stands at an index; the index behind it, or `nil`.
    private static func one(_ pattern: [UInt8], _ at: Int, _ byte: UInt8) -> Int? {
        switch pattern[at] {
        case UInt8(ascii: "?"): return at + 1
        case UInt8(ascii: "["): return classMatch(pattern, at, byte)
        case UInt8(ascii: "\\") where at + 1 < pattern.count: return pattern[at + 1] == byte ? at + 2 : nil
        default: return pattern[at] == byte ? at + 1 : nil
        }
    }

    private static func classMatch(_ pattern: [UInt8], _ open: Int, _ byte: UInt8) -> Int? {
        var at = open + 1
        let isInverted = at < pattern.count && (pattern[at] == UInt8(ascii: "!") || pattern[at] == UInt8(ascii: "^"))
        if isInverted { at += 1 }
        let first = at
        var isMember = false
        while at < pattern.count, pattern[at] != UInt8(ascii: "]") || at == first {
            if pattern[at] == UInt8(ascii: "\\"), at + 1 < pattern.count { at += 1 }
            let low = pattern[at]
            var high = low
            if at + 2 < pattern.count, pattern[at + 1] == UInt8(ascii: "-"), pattern[at + 2] != UInt8(ascii: "]") {
                high = pattern[at + 2]
                at += 2
            }
            if low <= byte && byte <= high { isMember = true }
            at += 1
        }
        // A bracket that never closes stands for itself.
        guard at < pattern.count else { return byte == UInt8(ascii: "[") ? open + 1 : nil }
        return isMember != isInverted ? at + 1 : nil
    }
}
