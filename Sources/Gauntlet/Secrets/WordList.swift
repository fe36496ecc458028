/// Words that are looked for in short texts all at once; the standard library's search takes a microsecond a word.
struct WordList: Sendable {
    private let byFirstByte: [[[UInt8]]]

    /// A list of words, none of them empty.
    init(_ words: [String]) {
        var table = [[[UInt8]]](repeating: [], count: 256)
        for word in words.map({ Array($0.utf8) }) {
            if let first = word.first { table[Int(first)].append(word) }
        }
        byFirstByte = table
    }

    /// Whether any of the words stands in the bytes.
    func isFound(in bytes: [UInt8]) -> Bool {
        for at in bytes.indices {
            for word in byFirstByte[Int(bytes[at])]
            where at + word.count <= bytes.count && bytes[at..<at + word.count].elementsEqual(word) {
                return true
            }
        }
        return false
    }

    /// Whether the bytes end with any of the words.
    func isEnd(of bytes: [UInt8]) -> Bool {
        bytes.indices.contains { at in
            byFirstByte[Int(bytes[at])].contains { at + $0.count == bytes.count && bytes[at...].elementsEqual($0) }
        }
    }

    /// Whether any of the words stands in a text.
    func isFound(in text: String) -> Bool { isFound(in: Array(text.utf8)) }

    /// Whether any of the words stands in a text, whose ASCII letters are taken as lower case.
    func isFound(inLowered text: String) -> Bool { isFound(in: text.utf8.map { Self.lowered($0) }) }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
