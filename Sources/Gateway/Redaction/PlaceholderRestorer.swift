/// Brings secrets back into an answer as it streams by: it holds back what may be the beginning of a placeholder, never
/// more than one, and passes everything else on at once.
package struct PlaceholderRestorer: Sendable {
    private let placeholders: Placeholders
    private let escapes: Int
    private var held: [UInt8] = []

    /// A restorer for one stream of text.
    /// - Parameter escapes: how many JSON strings the text stands in: 0 for plain text, 1 for the arguments of a tool
    ///   or any other text that is JSON itself, 2 for such JSON inside a JSON string as it goes over the wire.
    package init(_ placeholders: Placeholders, escapes: Int = 0) {
        self.placeholders = placeholders
        self.escapes = max(0, min(escapes, 3))
    }

    /// Bytes that wait for what follows them.
    package var heldBytes: Int { held.count }

    /// Takes a piece of the text and gives what can go on. A piece that holds no placeholder comes back as it is,
    /// without a copy.
    package mutating func feed(_ piece: [UInt8]) -> [UInt8] {
        guard !placeholders.isEmpty else { return piece }
        let isFresh = held.isEmpty
        let input = isFresh ? piece : held + piece
        held = []
        let first = placeholders.prefix[0]
        let result = input.withUnsafeBytes { bytes -> (output: [UInt8], rest: Int)? in
            var output: [UInt8] = []
            var copied = 0
            var at = 0
            while let start = ByteSearch.index(of: first, in: bytes, from: at) {
                switch look(bytes, at: start) {
                case .none: at = start + 1
                case .partial:
                    output += bytes[copied..<start]
                    return (output, start)
                case .secret(let secret):
                    output += bytes[copied..<start]
                    output += secret
                    at = start + Placeholders.length
                    copied = at
                }
            }
            if copied == 0 { return nil }
            output += bytes[copied...]
            return (output, bytes.count)
        }
        guard let result else { return input }
        held = Array(input[result.rest...])
        return result.output
    }

    /// What was held back when the text ends: no placeholder after all.
    package mutating func flush() -> [UInt8] {
        defer { held = [] }
        return held
    }

    /// A whole text at once.
    package static func restore(_ text: [UInt8], _ placeholders: Placeholders, escapes: Int = 0) -> [UInt8] {
        var restorer = PlaceholderRestorer(placeholders, escapes: escapes)
        let output = restorer.feed(text)
        let rest = restorer.flush()
        return rest.isEmpty ? output : output + rest
    }

    private enum Look {
        case none
        case partial
        case secret([UInt8])
    }

    /// Whether a placeholder stands, or begins, at a place.
    private func look(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Look {
        let prefix = placeholders.prefix
        let present = min(bytes.count - start, Placeholders.length)
        for offset in 0..<min(present, prefix.count) where bytes[start + offset] != prefix[offset] { return .none }
        guard present > prefix.count else { return .partial }
        let digits = bytes[(start + prefix.count)..<(start + present)]
        guard let number = Placeholders.number(digits) else { return .none }
        if present < Placeholders.length { return .partial }
        return placeholders.secret(number, escaped: escapes).map { .secret($0) } ?? .none
    }
}
