/// A simple pattern of names: `*` stands for any run of bytes, everything else for itself; case counts.
///
/// Matching takes time in proportion to the text alone (Knuth, Morris and Pratt, "Fast pattern matching in strings",
/// 1977), so that a long name from outside costs no more than its reading.
package struct Glob: Sendable, Hashable, CustomStringConvertible {
    /// A run of bytes between stars, with the table that says where to go on after a mismatch.
    private struct Piece: Sendable, Hashable {
        let bytes: [UInt8]
        let fallback: [Int]

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            var table = [Int](repeating: 0, count: bytes.count)
            var length = 0
            for index in bytes.indices.dropFirst() {
                while length > 0, bytes[index] != bytes[length] { length = table[length - 1] }
                if bytes[index] == bytes[length] { length += 1 }
                table[index] = length
            }
            fallback = table
        }

        /// The place after the first occurrence at or after `start`.
        func end(in text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int? {
            var length = 0
            var place = start
            while place < end {
                while length > 0, text[place] != bytes[length] { length = fallback[length - 1] }
                if text[place] == bytes[length] { length += 1 }
                place += 1
                if length == bytes.count { return place }
            }
            return nil
        }
    }

    /// The pattern as it was written.
    package let text: String
    private let first: [UInt8]
    /// What must follow the last star; `nil` when there is none and the pattern is a plain name.
    private let last: [UInt8]?
    private let middle: [Piece]

    /// The longest pattern, in bytes.
    package static let maximumBytes = 200

    /// Reads a pattern; every text of 1 to ``maximumBytes`` bytes is one, `nil` for any other.
    package init?(_ text: String) {
        guard (1...Self.maximumBytes).contains(text.utf8.count) else { return nil }
        self.text = text
        let star = UInt8(ascii: "*")
        let parts = Array(text.utf8).split(separator: star, omittingEmptySubsequences: false).map(Array.init)
        first = parts.first ?? []
        last = parts.count > 1 ? parts.last : nil
        middle = parts.dropFirst().dropLast().filter { !$0.isEmpty }.map(Piece.init)
    }

    /// Whether the pattern has no star and means one name.
    package var isPlain: Bool { last == nil }

    /// Whether a text is what the pattern says, from its first byte to its last.
    package func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches($0) }
    }

    /// Whether some bytes are what the pattern says.
    package func matches(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let last else { return bytes.count == first.count && bytes.elementsEqual(first) }
        guard bytes.count >= first.count + last.count, bytes.starts(with: first),
            bytes[(bytes.count - last.count)...].elementsEqual(last)
        else { return false }
        var place = first.count
        for piece in middle {
            guard let next = piece.end(in: bytes, from: place, to: bytes.count - last.count) else { return false }
            place = next
        }
        return true
    }

    package var description: String { text }

    package static func == (left: Glob, right: Glob) -> Bool { left.text == right.text }

    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension [Glob] {
    /// Whether any of the patterns matches.
    package func matches(_ text: String) -> Bool { contains { $0.matches(text) } }
}
