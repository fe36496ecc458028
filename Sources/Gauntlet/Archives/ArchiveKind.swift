/// The archives and compressed files that are opened, told by their first bytes and never by their names.
enum ArchiveKind {
    /// Bytes from the start of a file that tell what it is, at most.
    static let probe = 512

    /// What stands where, in each of them. Sources: PKWARE's APPNOTE 4.3, POSIX.1-2008 `pax`, RFC 1952, the xz file
    /// format 1.2, RFC 8878.
    private static let signatures: [(offset: Int, bytes: [UInt8])] = [
        (0, [0x50, 0x4B, 0x03, 0x04]),  // zip, and all that is made of it: jar, whl, docx
        (0, [0x50, 0x4B, 0x05, 0x06]),  // a zip that holds nothing
        (0, [0x50, 0x4B, 0x30, 0x30, 0x50, 0x4B, 0x03, 0x04]),  // a zip once split
        (0, [0x1F, 0x8B, 0x08]),  // gzip
        (0, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),  // xz
        (0, [0x28, 0xB5, 0x2F, 0xFD]),  // zstd
        (257, Array("ustar".utf8)),  // tar
    ]

    /// Whether the first bytes of a file are those of an archive.
    static func isOne(_ head: some RandomAccessCollection<UInt8>) -> Bool {
        signatures.contains { signature in
            head.count >= signature.offset + signature.bytes.count
                && head.dropFirst(signature.offset).starts(with: signature.bytes)
        } || isBzip2(head)
    }

    /// `BZh`, a digit, and the mark of a block or of the end: three letters alone could begin a text.
    private static func isBzip2(_ head: some RandomAccessCollection<UInt8>) -> Bool {
        guard head.starts(with: Array("BZh".utf8)), head.count >= 10 else { return false }
        let mark = Array(head.dropFirst(4).prefix(6))
        return mark == [0x31, 0x41, 0x59, 0x26, 0x53, 0x59] || mark == [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]
    }
}
