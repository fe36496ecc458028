import NIOCore

/// The head of an upstream's answer; fields that nothing asks for are never turned into text.
struct ResponseHead: Sendable {
    /// The status, 100 to 599.
    var status: Int
    /// Whether the connection can be used again.
    var isKeepAlive: Bool
    /// Bytes of the body, where the head says.
    var length: Int?
    /// Whether the body comes in chunks.
    var isChunked = false
    /// The whole head as it came.
    var bytes = ByteBuffer()

    /// The first field of a name, given in lower case.
    func first(_ name: StaticString) -> String? {
        bytes.withUnsafeReadableBytes { bytes in
            var lines = HeadLines(bytes)
            _ = lines.next()
            while let line = lines.next(), !line.isEmpty {
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")), HeadLines.isName(line[..<colon], name) else {
                    continue
                }
                return String(decoding: HeadLines.trimmed(line[(colon + 1)...]), as: UTF8.self)
            }
            return nil
        }
    }

    /// The first field of a name, given in lower case.
    func first(named name: String) -> String? { fields(beginning: "").first { $0.name == name }?.value }

    /// The fields whose names begin so, given in lower case.
    func fields(beginning prefix: StaticString) -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        append(to: &found, beginning: prefix)
        return found
    }

    /// Appends the fields whose names begin so, given in lower case.
    func append(to found: inout [(name: String, value: String)], beginning prefix: StaticString) {
        bytes.withUnsafeReadableBytes { bytes in
            var lines = HeadLines(bytes)
            _ = lines.next()
            while let line = lines.next(), !line.isEmpty {
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
                    HeadLines.isName(line[..<colon].prefix(prefix.utf8CodeUnitCount), prefix)
                else { continue }
                let value = String(decoding: HeadLines.trimmed(line[(colon + 1)...]), as: UTF8.self)
                found.append((String(decoding: line[..<colon], as: UTF8.self).lowercased(), value))
            }
        }
    }
}

/// Why an answer is not HTTP/1.1 that is understood.
struct ResponseError: Error {
    /// What is wrong, for a person.
    let problem: String
}

/// Reads one HTTP/1.1 answer after the other from bytes as they come (RFC 9112): a value without I/O.
struct ResponseReader {
    /// A piece of an answer.
    enum Piece {
        case head(ResponseHead)
        case body(ByteBuffer)
        case end
    }

    private enum State {
        case head
        case length(Int)
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case untilClose
        case over
    }

    /// Bytes of a head.
    static let maximumHeadBytes = 64 << 10
    /// Header fields of a head.
    static let maximumFields = 200

    private var state = State.head
    private var scanned = 0

    /// Whether the answer ends where the connection does.
    var endsWithConnection: Bool { if case .untilClose = state { true } else { false } }

    /// Begins with the next answer.
    mutating func reset() {
        state = .head
        scanned = 0
    }

    /// The next piece; `nil` when more bytes are needed.
    /// - Throws: ``ResponseError`` when this is no answer.
    mutating func next(_ buffer: inout ByteBuffer) throws(ResponseError) -> Piece? {
        while true {
            switch state {
            case .head:
                guard let head = try head(&buffer) else { return nil }
                // 100 Continue and its like stand before the answer.
                if head.status < 200 {
                    guard head.status != 101 else { throw ResponseError(problem: "it left HTTP with 101") }
                    reset()
                    continue
                }
                state = body(after: head)
                return .head(head)
            case .length(0), .over:
                state = .over
                return .end
            case .length(let left):
                guard let slice = take(&buffer, atMost: left) else { return nil }
                state = .length(left - slice.readableBytes)
                return .body(slice)
            case .chunk(let left):
                guard let slice = take(&buffer, atMost: left) else { return nil }
                let rest = left - slice.readableBytes
                state = rest == 0 ? .chunkEnd : .chunk(rest)
                return .body(slice)
            case .untilClose:
                guard let slice = take(&buffer, atMost: .max) else { return nil }
                return .body(slice)
            case .chunkSize:
                guard let line = try line(&buffer) else { return nil }
                state = try chunk(line)
            case .chunkEnd:
                guard let line = try line(&buffer) else { return nil }
                guard line.isEmpty else { throw ResponseError(problem: "a chunk is longer than it says") }
                state = .chunkSize
            case .trailers:
                guard let line = try line(&buffer) else { return nil }
                if line.isEmpty { state = .over }
            }
        }
    }

    private func take(_ buffer: inout ByteBuffer, atMost count: Int) -> ByteBuffer? {
        let count = min(count, buffer.readableBytes)
        return count == 0 ? nil : buffer.readSlice(length: count)
    }

    private func body(after head: ResponseHead) -> State {
        if head.status == 204 || head.status == 304 { return .over }
        if head.isChunked { return .chunkSize }
        return head.length.map { .length($0) } ?? .untilClose
    }

    /// A line without its end.
    private func line(_ buffer: inout ByteBuffer) throws(ResponseError) -> [UInt8]? {
        guard let end = buffer.readableBytesView.firstIndex(of: 0x0A) else {
            guard buffer.readableBytes <= 4096 else { throw ResponseError(problem: "a line of its body is too long") }
            return nil
        }
        var bytes = buffer.readBytes(length: end - buffer.readerIndex + 1) ?? []
        bytes.removeLast()
        if bytes.last == 0x0D { bytes.removeLast() }
        return bytes
    }

    private func chunk(_ line: [UInt8]) throws(ResponseError) -> State {
        var size = 0
        var digits = 0
        for byte in line {
            guard let nibble = Character(UnicodeScalar(byte)).hexDigitValue else { break }
            digits += 1
            guard digits <= 15 else { throw ResponseError(problem: "a chunk's size is too long") }
            size = size << 4 | nibble
        }
        let rest = line.dropFirst(digits).drop { $0 == 0x20 || $0 == 0x09 }
        guard digits > 0, rest.isEmpty || rest.first == UInt8(ascii: ";") else {
            throw ResponseError(problem: "a chunk has no size")
        }
        return size == 0 ? .trailers : .chunk(size)
    }

    // MARK: The head

    private mutating func head(_ buffer: inout ByteBuffer) throws(ResponseError) -> ResponseHead? {
        let view = buffer.readableBytesView
        let end = headEnd(view)
        guard end ?? view.count <= Self.maximumHeadBytes else { throw ResponseError(problem: "its head is too long") }
        guard let end else {
            scanned = max(0, view.count - 3)
            return nil
        }
        scanned = 0
        var head = try buffer.withUnsafeReadableBytes { (bytes) throws(ResponseError) in
            try Self.parse(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        }
        if let bytes = buffer.readSlice(length: end) { head.bytes = bytes }
        return head
    }

    /// The number of bytes up to and with the empty line.
    private func headEnd(_ view: ByteBufferView) -> Int? {
        view.withUnsafeBytes { bytes in
            var at = scanned
            while at < bytes.count {
                guard bytes[at] == 0x0A else {
                    at += 1
                    continue
                }
                if at + 1 < bytes.count, bytes[at + 1] == 0x0A { return at + 2 }
                if at + 2 < bytes.count, bytes[at + 1] == 0x0D, bytes[at + 2] == 0x0A { return at + 3 }
                at += 1
            }
            return nil
        }
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer) throws(ResponseError) -> ResponseHead {
        var lines = HeadLines(bytes)
        guard let first = lines.next(), let (status, isLegacy) = statusLine(first) else {
            throw ResponseError(problem: "its first line is not HTTP/1.1's")
        }
        var head = ResponseHead(status: status, isKeepAlive: !isLegacy)
        var count = 0
        while let line = lines.next(), !line.isEmpty {
            count += 1
            guard count <= maximumFields, let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex
            else { throw ResponseError(problem: "a header field is broken") }
            try note(line[..<colon], HeadLines.trimmed(line[(colon + 1)...]), in: &head)
        }
        return head
    }

    /// The length of a name rules out nearly every field before a byte is compared.
    private static func note(
        _ name: UnsafeRawBufferPointer.SubSequence,
        _ value: UnsafeRawBufferPointer.SubSequence,
        in head: inout ResponseHead
    ) throws(ResponseError) {
        switch name.count {
        case 10 where HeadLines.isName(name, "connection"):
            if HeadLines.isName(value, "close") { head.isKeepAlive = false }
            if HeadLines.isName(value, "keep-alive") { head.isKeepAlive = true }
        case 14 where HeadLines.isName(name, "content-length"):
            guard (1...15).contains(value.count), value.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw ResponseError(problem: "its Content-Length is broken")
            }
            let length = value.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            guard head.length == nil || head.length == length else {
                throw ResponseError(problem: "it has two Content-Lengths")
            }
            head.length = length
        case 17 where HeadLines.isName(name, "transfer-encoding"):
            guard HeadLines.isName(value, "chunked") else {
                throw ResponseError(problem: "its Transfer-Encoding is not chunked")
            }
            head.isChunked = true
        default: break
        }
    }

    /// `HTTP/1.1 200 …`
    private static func statusLine(_ line: UnsafeRawBufferPointer.SubSequence) -> (Int, Bool)? {
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8) else { return nil }
        let at = line.startIndex
        let digits = line[(at + 9)..<(at + 12)]
        guard line[at + 8] == 0x20, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let status = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return (100...599).contains(status) ? (status, line[at + 7] == UInt8(ascii: "0")) : nil
    }
}

/// The lines of a head.
struct HeadLines {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> UnsafeRawBufferPointer.SubSequence? {
        guard at < bytes.count else { return nil }
        var end = at
        while end < bytes.count, bytes[end] != 0x0A { end += 1 }
        let line = bytes[at..<(end > at && bytes[end - 1] == 0x0D ? end - 1 : end)]
        at = end + 1
        return line
    }

    /// Whether bytes are a text given in lower case, whatever their own case.
    static func isName(_ bytes: UnsafeRawBufferPointer.SubSequence, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in
            var at = bytes.startIndex
            for byte in expected {
                let own = bytes[at]
                guard own == byte || (0x41...0x5A).contains(own) && own | 0x20 == byte else { return false }
                at += 1
            }
            return true
        }
    }

    /// The bytes without spaces around them.
    static func trimmed(_ bytes: UnsafeRawBufferPointer.SubSequence) -> UnsafeRawBufferPointer.SubSequence {
        var (low, high) = (bytes.startIndex, bytes.endIndex)
        while low < high, bytes[low] == 0x20 || bytes[low] == 0x09 { low += 1 }
        while low < high, bytes[high - 1] == 0x20 || bytes[high - 1] == 0x09 { high -= 1 }
        return bytes[low..<high]
    }
}
