/// The strings of a JSON body, one after the other on lines of their own, with their escapes undone: what a first look
/// for secrets reads, much cheaper than the tree that finding them exactly needs.
enum PromptText {
    /// Strings from this length on that look like base64 are left out, as images are.
    private static let mediaBytes = RequestSkim.mediaBytes

    static func flat(_ body: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: body.count + 1) { out, count in
            var at = 0
            var end = 0
            while at < body.count {
                guard body[at] == UInt8(ascii: "\"") else {
                    at += 1
                    continue
                }
                at += 1
                out[end] = 0x0A
                end += 1
                let begin = end
                at = copyString(body, from: at, to: out, &end)
                if end - begin >= mediaBytes, isMedia(out, begin) { end = begin }
            }
            count = end
        }
    }

    /// Copies the inside of a string, and gives the place after its end. Never more bytes than were read.
    private static func copyString(
        _ body: UnsafeRawBufferPointer,
        from start: Int,
        to out: UnsafeMutableBufferPointer<UInt8>,
        _ end: inout Int
    ) -> Int {
        var at = start
        while at < body.count {
            let byte = body[at]
            if byte == UInt8(ascii: "\"") { return at + 1 }
            guard byte == UInt8(ascii: "\\"), at + 1 < body.count else {
                out[end] = byte
                end += 1
                at += 1
                continue
            }
            at += 2
            switch body[at - 1] {
            case UInt8(ascii: "n"): out[end] = 0x0A
            case UInt8(ascii: "t"): out[end] = 0x09
            case UInt8(ascii: "r"): out[end] = 0x0D
            case UInt8(ascii: "u"):
                out[end] = scalar(body, at)
                at = min(at + 4, body.count)
            case let other: out[end] = other
            }
            end += 1
        }
        return at
    }

    /// An escape of four digits as a byte; what is no ASCII stands as a question mark, since no secret holds it.
    private static func scalar(_ body: UnsafeRawBufferPointer, _ at: Int) -> UInt8 {
        guard at + 4 <= body.count, body[at] == 0x30, body[at + 1] == 0x30 else { return UInt8(ascii: "?") }
        func digit(_ byte: UInt8) -> UInt8 { byte <= 0x39 ? byte &- 0x30 : (byte | 0x20) &- 0x57 }
        let value = digit(body[at + 2]) << 4 | digit(body[at + 3]) & 15
        return value < 0x80 ? value : UInt8(ascii: "?")
    }

    private static func isMedia(_ out: UnsafeMutableBufferPointer<UInt8>, _ begin: Int) -> Bool {
        let head = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(out)[begin..<begin + 1024])
        return head.starts(with: "data:".utf8) || !head.contains { $0 <= 0x20 }
    }
}
