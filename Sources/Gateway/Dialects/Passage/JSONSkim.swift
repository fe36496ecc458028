import Glibc

/// Finds members in JSON without reading the rest: it trusts the structure and checks only its own bounds. What is no
/// JSON gives nothing, or something that the reader of the part then refuses.
struct JSONSkim {
    let bytes: UnsafeRawBufferPointer

    /// The index after the value that begins at or after `start`; `nil` when it does not end.
    func end(ofValueAt start: Int) -> Int? {
        let start = skipSpace(start)
        guard start < bytes.count else { return nil }
        switch bytes[start] {
        case UInt8(ascii: "\""): return end(ofStringAt: start)
        case UInt8(ascii: "{"), UInt8(ascii: "["): return end(ofContainerAt: start)
        default:
            var at = start
            while at < bytes.count, !Self.endsScalar(bytes[at]) { at += 1 }
            return at > start ? at : nil
        }
    }

    /// Calls `body` with each member of the object at `start` until it says false. Keys are given as they stand,
    /// without their quotes. Whether the object was read to its end or to a false.
    @discardableResult
    @inline(__always)
    func forEachMember(at start: Int, _ body: (_ key: Range<Int>, _ value: Int) -> Bool) -> Bool {
        var at = skipSpace(start)
        guard at < bytes.count, bytes[at] == UInt8(ascii: "{") else { return false }
        at = skipSpace(at + 1)
        while at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
            guard let keyEnd = end(ofStringAt: at) else { return false }
            let key = at + 1..<keyEnd - 1
            at = skipSpace(keyEnd)
            guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { return false }
            at = skipSpace(at + 1)
            guard body(key, at) else { return true }
            guard let valueEnd = end(ofValueAt: at) else { return false }
            at = skipSpace(valueEnd)
            guard at < bytes.count else { return false }
            if bytes[at] == UInt8(ascii: ",") { at = skipSpace(at + 1) }
        }
        return at < bytes.count && bytes[at] == UInt8(ascii: "}")
    }

    /// Calls `body` with each member of the object at `start`; it gives the index after the value when it has read it,
    /// so that nothing is read twice. The index after the object; `nil` when it does not end.
    @inline(__always)
    func walk(at start: Int, _ body: (_ key: Range<Int>, _ value: Int) -> Int?) -> Int? {
        var at = skipSpace(start)
        guard at < bytes.count, bytes[at] == UInt8(ascii: "{") else { return nil }
        at = skipSpace(at + 1)
        while at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
            guard let keyEnd = end(ofStringAt: at) else { return nil }
            let key = at + 1..<keyEnd - 1
            at = skipSpace(keyEnd)
            guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { return nil }
            at = skipSpace(at + 1)
            guard let valueEnd = body(key, at) ?? end(ofValueAt: at) else { return nil }
            at = skipSpace(valueEnd)
            guard at < bytes.count else { return nil }
            if bytes[at] == UInt8(ascii: ",") { at = skipSpace(at + 1) }
        }
        return at < bytes.count && bytes[at] == UInt8(ascii: "}") ? at + 1 : nil
    }

    /// Where the member `name` of the object at `start` has its value.
    func value(of name: StaticString, at start: Int) -> Int? {
        var found: Int?
        forEachMember(at: start) { key, value in
            guard isEqual(key, name) else { return true }
            found = value
            return false
        }
        return found
    }

    /// Where the first element of the array at `start` is; `nil` when it is empty or no array.
    func firstElement(at start: Int) -> Int? {
        let at = skipSpace(start)
        guard at < bytes.count, bytes[at] == UInt8(ascii: "[") else { return nil }
        let first = skipSpace(at + 1)
        guard first < bytes.count, bytes[first] != UInt8(ascii: "]") else { return nil }
        return first
    }

    /// Whether an object begins at `start`.
    func isObject(at start: Int) -> Bool { start < bytes.count && bytes[start] == UInt8(ascii: "{") }

    /// The string at `start`, when it is one of at most `limit` bytes without escapes.
    func plainString(at start: Int, limit: Int = 256) -> String? {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "\""), let end = end(ofStringAt: start) else {
            return nil
        }
        let inside = UnsafeRawBufferPointer(rebasing: bytes[start + 1..<end - 1])
        guard inside.count <= limit, !inside.contains(UInt8(ascii: "\\")) else { return nil }
        return String(validating: inside, as: UTF8.self)
    }

    /// The whole number at `start`, at least 0.
    func count(at start: Int) -> Int? {
        var at = start
        var value = 0
        while at < bytes.count, (0x30...0x39).contains(bytes[at]) {
            value = value * 10 + Int(bytes[at] - 0x30)
            guard value <= 1 << 40 else { return nil }
            at += 1
        }
        guard at > start, at < bytes.count, Self.endsScalar(bytes[at]) else { return nil }
        return value
    }

    /// Whether the bytes of a range are those of a word.
    @inline(__always)
    func isEqual(_ range: Range<Int>, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount, let base = bytes.baseAddress else { return false }
        return memcmp(base + range.lowerBound, word.utf8Start, range.count) == 0
    }

    /// Whether the bytes at `start` are those of a word.
    func starts(with word: StaticString, at start: Int = 0) -> Bool {
        let end = start + word.utf8CodeUnitCount
        return end <= bytes.count && isEqual(start..<end, word)
    }

    /// The index of the next such byte.
    @inline(__always)
    func next(_ byte: UInt8, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(byte), bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    func skipSpace(_ start: Int) -> Int {
        var at = start
        while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
        return at
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    }

    /// The index after the string whose opening quote is at `start`.
    func end(ofStringAt start: Int) -> Int? {
        var at = start + 1
        while let quote = next(UInt8(ascii: "\""), from: at) {
            var before = quote
            while before > start + 1, bytes[before - 1] == UInt8(ascii: "\\") { before -= 1 }
            if (quote - before) % 2 == 0 { return quote + 1 }
            at = quote + 1
        }
        return nil
    }

    private func end(ofContainerAt start: Int) -> Int? {
        var depth = 0
        var at = start
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                guard let end = end(ofStringAt: at) else { return nil }
                at = end
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return at + 1 }
            default: break
            }
            at += 1
        }
        return nil
    }
}
