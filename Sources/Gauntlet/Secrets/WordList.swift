/// Words that are looked for in short texts all at once; the standard library's search takes a microsecond a word.
struct WordList: Sendable {
    /// Bytes that no word begins with are passed over by this table alone.
    private let begins: [Bool]
    private let byFirstByte: [[[UInt8]]]

    /// A list of words, none of them empty.
    init(_ words: [String]) {
        var table = [[[UInt8]]](repeating: [], count: 256)
        for word in words.map({ Array($0.utf8) }) {
            if let first = word.first { table[Int(first)].append(word) }
        }
        byFirstByte = table
        begins = table.map { !$0.isEmpty }
    }

    /// Whether any of the words stands in the bytes.
    func isFound(in bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { text in text.indices.contains { !words(at: $0, in: text).isEmpty } }
    }

    /// Whether the bytes end with any of the words.
    func isEnd(of bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { text in
            text.indices.contains { at in words(at: at, in: text).contains { at + $0.count == text.count } }
        }
    }

    /// Whether any of the words stands in a text.
    func isFound(in text: String) -> Bool { isFound(in: Array(text.utf8)) }

    /// Whether any of the words stands in a text, whose ASCII letters are taken as lower case.
    func isFound(inLowered text: String) -> Bool { isFound(in: text.utf8.map(ByteClass.lowered)) }

    /// The words that stand at an offset.
    @inline(__always)
    private func words(at offset: Int, in text: UnsafeRawBufferPointer) -> [[UInt8]] {
        let first = Int(text[offset])
        guard begins[first] else { return [] }
        return byFirstByte[first].filter { word in
            offset + word.count <= text.count && text[offset..<offset + word.count].elementsEqual(word)
        }
    }
}
