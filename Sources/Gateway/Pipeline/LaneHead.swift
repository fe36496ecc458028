import CupelCore
import NIOCore

/// The head of a plain call, read from bytes.
///
/// It is far stricter than HTTP: what is not exactly a plain `POST` under `/v1` with a length is no call of the lane, and
/// the door's own reader, which knows the whole of HTTP/1, decides about it instead. So the lane can only ever refuse to
/// see a request, never see it otherwise than the door would.
struct LaneHead {
    let endpoint: Endpoint
    let fields: RequestFields
    /// Bytes of the body.
    let length: Int
    /// Bytes of the head with its empty line.
    let bytes: Int

    /// What the first bytes of a request are.
    enum Reading {
        /// A call of the lane.
        case call(LaneHead)
        /// More bytes are needed to tell.
        case unfinished
        /// Nothing for the lane.
        case other
    }

    /// Bytes of a head that the lane looks at.
    static let maximumBytes = 8 << 10
    private static let maximumFields = 40

    static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
        let mark: StaticString = "POST /v1/"
        let isOurs = mark.withUTF8Buffer { bytes.prefix($0.count).elementsEqual($0.prefix(bytes.count)) }
        guard isOurs else { return .other }
        guard let end = end(of: bytes) else { return bytes.count > maximumBytes ? .other : .unfinished }
        return parse(UnsafeRawBufferPointer(rebasing: bytes[..<end])).map { .call($0) } ?? .other
    }

    private static func end(of bytes: UnsafeRawBufferPointer) -> Int? {
        let limit = min(bytes.count, maximumBytes)
        var at = 3
        while at < limit {
            if bytes[at] == 0x0A, bytes[at - 1] == 0x0D, bytes[at - 2] == 0x0A, bytes[at - 3] == 0x0D { return at + 1 }
            // A byte that is neither is no part of the end, which is four bytes long.
            at += bytes[at] == 0x0D || bytes[at] == 0x0A ? 1 : 4
        }
        return nil
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer) -> LaneHead? {
        guard let line = line(bytes, 0), let endpoint = endpoint(bytes[..<line]) else { return nil }
        var fields = RequestFields()
        var (length, hosts, count) = (Int?.none, 0, 0)
        var at = line + 2
        while let end = Self.line(bytes, at), end > at {
            count += 1
            guard count <= maximumFields, let colon = colon(bytes, at, end) else { return nil }
            let value = trimmed(bytes, colon + 1, end)
            guard isPlain(bytes, value) else { return nil }
            let name = UnsafeRawBufferPointer(rebasing: bytes[at..<colon])
            switch name.count {
            case 4 where isName(name, "host"):
                hosts += 1
                guard isHost(bytes, value) else { return nil }
            case 14 where isName(name, "content-length"):
                guard length == nil, let number = number(bytes, value) else { return nil }
                length = number
            // What changes how a request is read or how the connection goes on is the door's.
            case 6 where isName(name, "expect"), 7 where isName(name, "upgrade"),
                17 where isName(name, "transfer-encoding"):
                return nil
            case 10 where isName(name, "connection"):
                guard isName(UnsafeRawBufferPointer(rebasing: bytes[value]), "keep-alive") else { return nil }
            default: note(name, bytes, value, &fields)
            }
            at = end + 2
        }
        guard hosts == 1, let length, at + 2 == bytes.count else { return nil }
        return LaneHead(endpoint: endpoint, fields: fields, length: length, bytes: bytes.count)
    }

    private static func note(
        _ name: UnsafeRawBufferPointer,
        _ bytes: UnsafeRawBufferPointer,
        _ value: Range<Int>,
        _ fields: inout RequestFields
    ) {
        guard RequestFields.matters(name.count), let first = name.first.map({ $0 | 0x20 }),
            first == UInt8(ascii: "a") || first == UInt8(ascii: "x") || first == UInt8(ascii: "o")
        else { return }
        fields.note(String(decoding: name, as: UTF8.self).lowercased(), String(decoding: bytes[value], as: UTF8.self))
    }

    /// `POST /v1/… HTTP/1.1`
    private static func endpoint(_ line: UnsafeRawBufferPointer.SubSequence) -> Endpoint? {
        let tail = " HTTP/1.1".utf8
        guard line.count > 5 + tail.count, line.suffix(tail.count).elementsEqual(tail) else { return nil }
        let target = line.dropFirst(5).dropLast(tail.count)
        guard target.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else { return nil }
        guard let endpoint = Endpoint(String(decoding: target, as: UTF8.self)), !endpoint.isRead else { return nil }
        return endpoint
    }

    /// Where the line that begins there ends, before its carriage return.
    private static func line(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        var at = start
        while at + 1 < bytes.count {
            if bytes[at] == 0x0D { return bytes[at + 1] == 0x0A ? at : nil }
            at += 1
        }
        return nil
    }

    /// The colon of a field whose name is a token.
    private static func colon(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Int? {
        var at = start
        while at < end {
            switch bytes[at] {
            case UInt8(ascii: ":"): return at > start ? at : nil
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): at += 1
            default: return nil
            }
        }
        return nil
    }

    private static func trimmed(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Range<Int> {
        var (low, high) = (start, end)
        while low < high, bytes[low] == 0x20 { low += 1 }
        while low < high, bytes[high - 1] == 0x20 { high -= 1 }
        return low..<high
    }

    private static func isPlain(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) -> Bool {
        bytes[value].allSatisfy { (0x20...0x7E).contains($0) }
    }

    private static func isHost(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) -> Bool {
        (1...261).contains(value.count)
            && bytes[value].allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5B, 0x5D, 0x5F: true
                default: false
                }
            }
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) -> Int? {
        SkimReader.integer(bytes, value)
    }

    private static func isName(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        HeadLines.isName(bytes[...], text)
    }
}
