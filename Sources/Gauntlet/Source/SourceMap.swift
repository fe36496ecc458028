/// Tells code, comments and strings of a text apart, after one linear scan.
///
/// It knows families of languages rather than grammars: strings on one line end with it, so that what it takes wrong
/// it takes wrong for a line.
package struct SourceMap: Sendable {
    /// What a byte belongs to.
    package enum Part: UInt8, Sendable {
        case code
        case string
        case comment
    }

    private var starts: [UInt32] = [0]
    private var parts: [Part] = [.code]

    /// Maps a text as its language writes it.
    package init(_ content: [UInt8], language: Language) {
        self = content.withUnsafeBytes { SourceMap($0, syntax: language.syntax) }
    }

    init(_ text: UnsafeRawBufferPointer, syntax: SourceSyntax) {
        guard syntax != .plain else { return }
        var scanner = SourceScanner(text: text, syntax: syntax)
        scanner.run { start, part in
            guard parts[parts.count - 1] != part else { return }
            starts.append(UInt32(truncatingIfNeeded: start))
            parts.append(part)
        }
    }

    /// What the byte at an offset belongs to.
    package func part(at offset: Int) -> Part {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if Int(starts[middle]) <= offset { low = middle } else { high = middle }
        }
        return parts[low]
    }
}

/// Walks a text once and tells where comments and strings begin and end.
private struct SourceScanner {
    let text: UnsafeRawBufferPointer
    let syntax: SourceSyntax
    /// Open round and square brackets: a string inside them is no documentation.
    private var depth = 0
    /// The last byte of code that is no space, for what a slash or a string means.
    private var last: UInt8 = 0x0A
    /// Whether only spaces stand before on the line.
    private var isLineStart = true

    init(text: UnsafeRawBufferPointer, syntax: SourceSyntax) {
        self.text = text
        self.syntax = syntax
    }

    mutating func run(_ mark: (Int, SourceMap.Part) -> Void) {
        var at = 0
        while at < text.count {
            if let end = commentEnd(at) {
                mark(at, .comment)
                mark(end, .code)
                at = max(end, at + 1)
                continue
            }
            if let (end, isDocumentation) = stringEnd(at) {
                mark(at, isDocumentation ? .comment : .string)
                mark(end, .code)
                last = UInt8(ascii: "\"")
                isLineStart = false
                at = max(end, at + 1)
                continue
            }
            step(text[at])
            at += 1
        }
    }

    private mutating func step(_ byte: UInt8) {
        switch byte {
        case 0x0A:
            isLineStart = true
            if syntax != .python { last = byte }
        case 0x20, 0x09, 0x0D: break
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
            depth += 1
            last = byte
            isLineStart = false
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
            depth = max(0, depth - 1)
            last = byte
            isLineStart = false
        default:
            last = byte
            isLineStart = false
        }
    }

    private func commentEnd(_ at: Int) -> Int? {
        let byte = text[at]
        switch syntax {
        case .python: return byte == UInt8(ascii: "#") ? lineEnd(at) : nil
        case .hash: return isHashComment(at) ? lineEnd(at) : nil
        case .powershell:
            if starts("<#", at) { return find("#>", from: at + 2) }
            return isHashComment(at) ? lineEnd(at) : nil
        case .script, .braces, .php:
            if syntax == .php, byte == UInt8(ascii: "#"), isLineStart { return lineEnd(at) }
            guard byte == UInt8(ascii: "/") else { return nil }
            if starts("//", at) { return lineEnd(at) }
            return starts("/*", at) ? find("*/", from: at + 2) : nil
        case .dashes:
            if starts("--[[", at) { return find("]]", from: at + 4) }
            if starts("--", at) { return lineEnd(at) }
            return starts("/*", at) ? find("*/", from: at + 2) : nil
        case .markup: return starts("<!--", at) ? find("-->", from: at + 4) : nil
        case .batch: return isLineStart && (starts("::", at) || startsRemark(at)) ? lineEnd(at) : nil
        case .basic:
            if byte == UInt8(ascii: "'") { return lineEnd(at) }
            return isLineStart && startsRemark(at) ? lineEnd(at) : nil
        case .plain: return nil
        }
    }

    private func isHashComment(_ at: Int) -> Bool {
        guard text[at] == UInt8(ascii: "#") else { return false }
        // `#!` on the first line names the interpreter: that is code.
        if at == 0 { return text.count < 2 || text[1] != UInt8(ascii: "!") }
        switch text[at - 1] {
        case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ";"): return true
        default: return false
        }
    }

    private func startsRemark(_ at: Int) -> Bool {
        guard at + 4 <= text.count, text[at] | 0x20 == UInt8(ascii: "r"), text[at + 1] | 0x20 == UInt8(ascii: "e"),
            text[at + 2] | 0x20 == UInt8(ascii: "m")
        else { return false }
        return text[at + 3] == 0x20 || text[at + 3] == 0x09 || text[at + 3] == 0x0A
    }

    private func stringEnd(_ at: Int) -> (Int, Bool)? {
        let quote = text[at]
        switch syntax {
        case .batch, .markup, .plain: return nil
        case .basic, .dashes, .braces:
            guard quote == UInt8(ascii: "\"") || (quote == UInt8(ascii: "'") && syntax == .dashes) else { return nil }
            return (closing(quote, from: at + 1, acrossLines: false), false)
        case .script:
            if quote == UInt8(ascii: "/"), startsExpression(last) {
                return ExpressionLiteral.end(in: text, from: at, to: text.count).map { ($0, false) }
            }
            guard isQuote(quote) else { return nil }
            return (closing(quote, from: at + 1, acrossLines: quote == UInt8(ascii: "`")), false)
        case .python:
            guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
            guard at + 2 < text.count, text[at + 1] == quote, text[at + 2] == quote else {
                return (closing(quote, from: at + 1, acrossLines: false), false)
            }
            return (closingThree(quote, from: at + 3), isLineStart && depth == 0)
        case .php, .hash, .powershell:
            guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
            return (closing(quote, from: at + 1, acrossLines: false), false)
        }
    }

    private func isQuote(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`")
    }

    /// Whether a slash behind this byte begins a regular expression.
    private func startsExpression(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "["),
            UInt8(ascii: "!"), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "?"), UInt8(ascii: "{"),
            UInt8(ascii: "}"), UInt8(ascii: ";"), 0x0A:
            true
        default: false
        }
    }

    /// The offset behind the closing quote, or of the end of the line.
    private func closing(_ quote: UInt8, from start: Int, acrossLines: Bool) -> Int {
        var index = start
        // A backslash does not escape in batch-like shells and in Basic, and there the line ends a string all the same.
        while index < text.count {
            let byte = text[index]
            if byte == quote { return index + 1 }
            if byte == 0x0A && !acrossLines { return index }
            index += byte == UInt8(ascii: "\\") && syntax != .basic ? 2 : 1
        }
        return text.count
    }

    private func closingThree(_ quote: UInt8, from start: Int) -> Int {
        var index = start
        while index + 2 < text.count {
            if text[index] == quote, text[index + 1] == quote, text[index + 2] == quote { return index + 3 }
            index += text[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return text.count
    }

    private func starts(_ mark: StaticString, _ at: Int) -> Bool {
        guard at + mark.utf8CodeUnitCount <= text.count else { return false }
        for index in 0..<mark.utf8CodeUnitCount where text[at + index] != mark.utf8Start[index] { return false }
        return true
    }

    private func find(_ mark: StaticString, from start: Int) -> Int {
        var index = start
        while index < text.count {
            if starts(mark, index) { return index + mark.utf8CodeUnitCount }
            index += 1
        }
        return text.count
    }

    private func lineEnd(_ at: Int) -> Int {
        var index = at
        while index < text.count, text[index] != 0x0A { index += 1 }
        return index
    }
}

/// A regular expression between slashes, as JavaScript, Ruby and Perl write it.
enum ExpressionLiteral {
    /// The offset behind one that begins at a slash; `nil` when its line ends before.
    static func end(in text: UnsafeRawBufferPointer, from slash: Int, to end: Int) -> Int? {
        var index = slash + 1
        var isInClass = false
        while index < end, text[index] != 0x0A {
            switch text[index] {
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "["): isInClass = true
            case UInt8(ascii: "]"): isInClass = false
            case UInt8(ascii: "/") where !isInClass: return index + 1
            default: break
            }
            index += 1
        }
        return nil
    }
}
