/// Words that speak for a language, all looked for in one walk over the first bytes of a text.
struct LanguageMarks: Sendable {
    /// Words of which one is enough, and what it counts.
    struct Mark {
        let weight: Int
        let words: [String]

        init(_ weight: Int, _ words: [String]) {
            self.weight = weight
            self.words = words
        }
    }

    private struct Word: Sendable {
        let bytes: [UInt8]
        /// The mark it belongs to, as a bit.
        let mark: UInt64
    }

    private let languages: [(language: Language, marks: [(bit: UInt64, weight: Int)])]
    private let byFirstByte: [[Word]]
    /// A bit for each pair of bytes that a word begins with, which is all that most places are asked.
    private let pairs: [UInt64]

    /// At most 64 marks of words of two bytes or more.
    init(_ table: [(Language, [Mark])]) {
        var bit: UInt64 = 1
        var words = [[Word]](repeating: [], count: 256)
        var pairs = [UInt64](repeating: 0, count: 1024)
        languages = table.map { language, marks in
            let weights = marks.map { mark in
                defer { bit <<= 1 }
                for bytes in mark.words.map({ Array($0.utf8) }) where bytes.count >= 2 {
                    words[Int(bytes[0])].append(Word(bytes: bytes, mark: bit))
                    pairs[Int(bytes[0]) << 2 | Int(bytes[1] >> 6)] |= 1 << UInt64(bytes[1] & 63)
                }
                return (bit, mark.weight)
            }
            return (language, weights)
        }
        byFirstByte = words
        self.pairs = pairs
    }

    /// The language whose marks weigh most, the first of equals; `nil` when none weighs as much as the least.
    func heaviest(in head: [UInt8], least: Int) -> Language? {
        let found = marks(in: head)
        var best: (language: Language, weight: Int)?
        for (language, marks) in languages {
            let weight = marks.reduce(0) { $0 + (found & $1.bit != 0 ? $1.weight : 0) }
            if weight >= least, weight > best?.weight ?? 0 { best = (language, weight) }
        }
        return best?.language
    }

    private func marks(in head: [UInt8]) -> UInt64 {
        var found: UInt64 = 0
        head.withUnsafeBufferPointer { head in
            pairs.withUnsafeBufferPointer { pairs in
                for at in 0..<max(0, head.count - 1) {
                    let next = head[at + 1]
                    guard pairs[Int(head[at]) << 2 | Int(next >> 6)] & 1 << UInt64(next & 63) != 0 else { continue }
                    for word in byFirstByte[Int(head[at])] where found & word.mark == 0 {
                        let end = at + word.bytes.count
                        if end <= head.count, head[at..<end].elementsEqual(word.bytes) { found |= word.mark }
                    }
                }
            }
        }
        return found
    }
}
