/// Reads what stands behind `-----BEGIN … PRIVATE KEY-----`: on lines of its own, in one line with `\n` written out,
/// in pieces of text that a program joins, whole or cut off.
struct KeyBlockReader {
    /// Bytes behind the header that are looked at.
    static let maximumBytes = 8192
    /// Base64 characters that make a key of a block; the shortest, Ed25519's in PKCS 8, has 64.
    static let minimumContent = 40
    /// A shorter run of characters is a word, or the end of the last line.
    private static let shortestRun = 16

    let text: UnsafeRawBufferPointer

    /// The place of a key's content behind its header; `nil` for a mention, a drawing or a template.
    func read(after header: Int) -> Range<Int>? {
        let limit = min(text.count, header + Self.maximumBytes)
        var at = header
        var content: [UInt8] = []
        var first: Int?
        var last = header
        var short = 0
        while at < limit, short < 2 {
            let byte = text[at]
            if isBase64(byte) {
                let start = at
                while at < limit, isBase64(text[at]) { at += 1 }
                if at < limit, text[at] == UInt8(ascii: ":") {
                    // `Proc-Type: 4,ENCRYPTED`: a header inside.
                    at = endOfLine(at, limit)
                    short = 0
                } else if at - start >= Self.shortestRun {
                    first = first ?? start
                    last = at
                    short = 0
                    if content.count < 4096 { content += text[start..<at] }
                } else if text[start..<at].contains(where: { $0 != UInt8(ascii: "+") }) {
                    short += 1
                }
                continue
            }
            guard let next = separator(at, limit) else { break }
            at = next
        }
        guard let first, content.count >= Self.minimumContent, isKey(content) else { return nil }
        return first..<last
    }

    private func isKey(_ content: [UInt8]) -> Bool {
        guard Set(content).count >= 18, Entropy.bits(content) >= 3.9, !Placeholder.isPattern(content) else {
            return false
        }
        return WordLikeness.share(String(decoding: content.prefix(200), as: UTF8.self)) < 0.6
    }

    /// Skips one thing that may stand between two lines of a key.
    private func separator(_ at: Int, _ limit: Int) -> Int? {
        let byte = text[at]
        switch byte {
        case 0x09, 0x0A, 0x0D, 0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: ","),
            UInt8(ascii: ";"), UInt8(ascii: ">"), UInt8(ascii: "#"), UInt8(ascii: "*"), UInt8(ascii: "|"),
            UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "&"), UInt8(ascii: "%"), UInt8(ascii: "_"):
            return at + 1
        case UInt8(ascii: "\\"): return min(at + 2, limit)
        case UInt8(ascii: "-"):
            // `Proc-Type`, `DEK-Info`, and a diff's removed line; two of them end the block.
            return at + 1 < limit && text[at + 1] == byte ? nil : at + 1
        case UInt8(ascii: ":"): return endOfLine(at, limit)
        default: return nil
        }
    }

    private func endOfLine(_ start: Int, _ limit: Int) -> Int {
        var at = start
        while at < limit, text[at] != 0x0A, text[at] != UInt8(ascii: "\\") { at += 1 }
        return at
    }

    private func isBase64(_ byte: UInt8) -> Bool {
        ByteClass.isWord(byte) && byte != UInt8(ascii: "_") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
            || byte == UInt8(ascii: "=")
    }
}
