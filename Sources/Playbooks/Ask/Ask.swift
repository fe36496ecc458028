package import CupelCore

/// What a person wants, in plain words, checked and bounded.
package struct Ask: Sendable, Hashable {
    /// Bytes of an ask.
    package static let maximumBytes = 8 * 1024

    /// The text, without space around it.
    package let text: String

    /// Checks an ask from outside.
    /// - Throws: ``CupelError`` `validation_error` when it is empty, too long, or not text.
    package init(_ text: String) throws(CupelError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw Self.refusal("the ask has \(text.utf8.count) bytes; at most \(Self.maximumBytes) are read")
        }
        let scalars = text.unicodeScalars
        guard !scalars.contains(where: Self.isForbidden) else {
            throw Self.refusal("the ask holds control characters; send plain text")
        }
        let trimmed = text.trimmingSpace()
        guard trimmed.contains(where: \.isLetter) else {
            throw Self.refusal("the ask has no words; say what should change on the hosts, as 'install nginx'")
        }
        self.text = trimmed
    }

    private static func refusal(_ problem: String) -> CupelError {
        CupelError(.validationError, "The ask cannot be read: \(problem).", fields: [FieldProblem("ask", problem)])
    }

    /// Control characters, what decoding garbage leaves behind, and marks that change how text is read.
    private static func isForbidden(_ scalar: UnicodeScalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\t": false
        case "\u{0}"..<" ", "\u{7F}"..."\u{9F}", "\u{FFFD}", "\u{FEFF}", "\u{2028}"..."\u{202E}",
            "\u{2066}"..."\u{2069}":
            true
        default: false
        }
    }
}

extension StringProtocol {
    /// The text without white space at both ends.
    func trimmingSpace() -> String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
