/// A value that must never be shown: printing, logging, interpolating or encoding it gives `[redacted]`.
///
/// Making one registers its text with ``Redactor/shared``, so that it is masked wherever it later turns up.
public struct Secret: Sendable, Hashable {
    private let text: String

    /// Wraps a secret and registers it for redaction.
    public init(_ text: String) {
        self.text = text
        Redactor.shared.register(text)
    }

    /// The text itself, for the one place that sends it out.
    public func expose() -> String { text }

    /// Whether there is nothing in it.
    public var isEmpty: Bool { text.isEmpty }

    /// The number of UTF-8 bytes in it.
    public var byteCount: Int { text.utf8.count }

    /// Compares in time that depends on the lengths alone.
    public func matches(_ other: String) -> Bool {
        let mine = Array(text.utf8)
        let theirs = Array(other.utf8)
        var difference = mine.count ^ theirs.count
        for index in 0..<mine.count {
            difference |= Int(mine[index] ^ (index < theirs.count ? theirs[index] : ~mine[index]))
        }
        return difference == 0
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "[redacted]" }
    public var debugDescription: String { "[redacted]" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
