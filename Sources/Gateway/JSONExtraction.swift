package import CupelCore

/// Picks a JSON object out of what a model says around it.
package enum JSONExtraction {
    /// Bytes of text that are looked at.
    package static let textLimit = 1 << 20
    /// Places where an object may begin that are tried.
    package static let attemptLimit = 32

    /// The first object in the text that parses: alone, in a code fence, or between words. `nil` when there is none.
    package static func object(in text: String) -> JSON? {
        let bytes = Array(text.utf8)
        guard bytes.count <= textLimit else { return nil }
        let limits = JSONLimits(bytes: textLimit, depth: 64)
        var from = 0
        for _ in 0..<attemptLimit {
            guard let start = bytes[from...].firstIndex(of: UInt8(ascii: "{")) else { return nil }
            if let end = end(of: bytes[start...]), let object = try? JSON(parsing: bytes[start...end], limits: limits) {
                return object
            }
            from = start + 1
        }
        return nil
    }

    /// The index of the brace that closes the one that `bytes` begin with.
    private static func end(of bytes: ArraySlice<UInt8>) -> Int? {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for index in bytes.indices {
            let byte = bytes[index]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return index }
            default: break
            }
        }
        return nil
    }
}
