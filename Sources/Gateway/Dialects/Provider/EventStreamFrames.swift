/// Splits bytes into the frames of AWS's binary event stream
/// (smithy.io/2.0/aws/amazon-eventstream.html): length, length of headers, CRC of both, headers, payload, CRC of all.
struct EventStreamFrames: Sendable {
    /// One frame whose checksums are right.
    struct Frame: Sendable, Hashable {
        /// The headers whose value is text; others mean nothing to us.
        var headers: [String: String]
        /// What it carries.
        var payload: [UInt8]
    }

    /// Bytes of one frame; AWS bounds a payload at 16 MiB and the headers at 128 KiB.
    static let frameLimit = (16 << 20) + (128 << 10) + 16

    private static let preludeBytes = 12
    private static let leastBytes = 16

    private var pending: [UInt8] = []
    private var start = 0

    /// Takes bytes.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        if start == pending.count {
            pending.removeAll(keepingCapacity: true)
            start = 0
        }
        pending.append(contentsOf: bytes)
    }

    /// The next whole frame; `nil` when more bytes are needed.
    /// - Throws: ``ProviderFault`` `garbled` when lengths or checksums are wrong.
    mutating func next() throws(ProviderFault) -> Frame? {
        guard pending.count - start >= Self.preludeBytes else { return nil }
        let total = Int(word(start))
        let headerBytes = Int(word(start + 4))
        guard total >= Self.leastBytes, total <= Self.frameLimit, headerBytes <= total - Self.leastBytes else {
            throw ProviderFault(.garbled, "a frame of its stream has impossible lengths")
        }
        guard CRC32.of(pending[start..<start + 8]) == word(start + 8) else {
            throw ProviderFault(.garbled, "the head of a frame of its stream has a wrong checksum")
        }
        guard pending.count - start >= total else { return nil }
        guard CRC32.of(pending[start..<start + total - 4]) == word(start + total - 4) else {
            throw ProviderFault(.garbled, "a frame of its stream has a wrong checksum")
        }
        let headerEnd = start + Self.preludeBytes + headerBytes
        let headers = try headers(start + Self.preludeBytes..<headerEnd)
        let frame = Frame(headers: headers, payload: Array(pending[headerEnd..<start + total - 4]))
        start += total
        if start > 1 << 16 {
            pending.removeFirst(start)
            start = 0
        }
        return frame
    }

    private func headers(_ range: Range<Int>) throws(ProviderFault) -> [String: String] {
        var headers: [String: String] = [:]
        var at = range.lowerBound
        func need(_ count: Int) throws(ProviderFault) {
            guard at + count <= range.upperBound else {
                throw ProviderFault(.garbled, "a header of a frame of its stream is cut")
            }
        }
        while at < range.upperBound {
            let nameBytes = Int(pending[at])
            try need(1 + nameBytes + 1)
            let name = String(decoding: pending[at + 1..<at + 1 + nameBytes], as: UTF8.self)
            at += 1 + nameBytes
            let type = pending[at]
            at += 1
            switch type {
            case 0, 1: break  // true, false
            case 2: at += 1
            case 3: at += 2
            case 4: at += 4
            case 5, 8: at += 8  // a long, a time
            case 9: at += 16  // a UUID
            case 6, 7:
                try need(2)
                let count = Int(pending[at]) << 8 | Int(pending[at + 1])
                at += 2
                try need(count)
                if type == 7 { headers[name] = String(decoding: pending[at..<at + count], as: UTF8.self) }
                at += count
            default: throw ProviderFault(.garbled, "a header of a frame of its stream has an unknown type")
            }
            try need(0)
        }
        return headers
    }

    private func word(_ at: Int) -> UInt32 {
        UInt32(pending[at]) << 24 | UInt32(pending[at + 1]) << 16 | UInt32(pending[at + 2]) << 8
            | UInt32(pending[at + 3])
    }
}

/// CRC-32 as Ethernet and gzip have it (RFC 1952, 8).
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(0xFFFF_FFFF) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ ($0 >> 8) }
    }
}
