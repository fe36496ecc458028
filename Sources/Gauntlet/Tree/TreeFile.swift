import CLinux
import CupelCore
import Glibc

/// Opens and reads one file of a tree, whatever it is.
enum TreeFile {
    /// Bytes that are searched for a zero byte, which no text has.
    private static let binaryProbe = 8192

    /// `O_PATH` of Linux, which Glibc shows to GNU sources alone: a descriptor that only names a file.
    static let nameOnly: Int32 = 0o10_000_000

    /// What became of a file.
    enum Content {
        case text([UInt8])
        case problem(TreeProblem.Kind, String)
    }

    /// Opens a path below the root; the kernel lets nothing lead outside. Returns -1 with errno.
    static func open(_ root: Int32, _ path: [[UInt8]], _ flags: Int32) -> Int32 {
        let joined = path.isEmpty ? [UInt8(ascii: ".")] : Array(path.joined(separator: [UInt8(ascii: "/")]))
        return (joined + [0]).withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { clinux_open_beneath(root, $0.baseAddress, flags, 0) }
        }
    }

    /// Reads a file of a tree, if it is text within the limit.
    static func content(_ root: Int32, _ path: [[UInt8]], limit: Int) -> Content {
        // Non-blocking, so that a FIFO put in the place of a file cannot hold a thread.
        let descriptor = open(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ELOOP { return .problem(.symbolicLink, "") }
            return .problem(.unreadable, String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        return content(of: descriptor, limit: limit)
    }

    /// Reads an open file, if it is text within the limit.
    static func content(of descriptor: Int32, limit: Int) -> Content {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .problem(.unreadable, String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { return .problem(.special, "") }
        guard Int(status.st_size) <= limit else { return .problem(.tooLarge, "\(status.st_size) bytes") }
        // Files of /proc say that they are empty.
        guard status.st_size > 0 else {
            return FileBytes.readStream(descriptor, upTo: limit).map(text)
                ?? .problem(.unreadable, String(cString: strerror(errno)))
        }
        // Most of what is no text shows it early; the rest of it is not read.
        guard let head = FileBytes.read(descriptor, upTo: min(binaryProbe, Int(status.st_size))) else {
            return .problem(.unreadable, String(cString: strerror(errno)))
        }
        if isBinary(head) { return .problem(.binary, "") }
        guard let bytes = FileBytes.read(descriptor, after: head, upTo: Int(status.st_size)) else {
            return .problem(.unreadable, String(cString: strerror(errno)))
        }
        return text(bytes)
    }

    /// Tells text from binary; UTF-16 with a byte order mark becomes UTF-8.
    static func text(_ bytes: [UInt8]) -> Content {
        if bytes.count >= 2, bytes.count.isMultiple(of: 2), let order = UTF16Order(bytes[0], bytes[1]) {
            let units = stride(from: 2, to: bytes.count, by: 2).map { order.unit(bytes[$0], bytes[$0 + 1]) }
            return .text(Array(String(decoding: units, as: UTF16.self).utf8))
        }
        return isBinary(bytes) ? .problem(.binary, "") : .text(bytes)
    }

    private static func isBinary(_ bytes: [UInt8]) -> Bool {
        if bytes.count >= 2, UTF16Order(bytes[0], bytes[1]) != nil { return false }
        return bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return false }
            return memchr(base, 0, min(raw.count, binaryProbe)) != nil
        }
    }

    /// Whether an open file is a plain one.
    static func isRegular(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// A path as a person reads it: invalid UTF-8 repaired, control characters replaced.
    static func shown(_ path: [[UInt8]], prefix: String) -> String {
        let joined = String(decoding: Array(path.joined(separator: [UInt8(ascii: "/")])), as: UTF8.self)
        let clean = String(
            String.UnicodeScalarView(
                joined.unicodeScalars.map { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) ? "\u{FFFD}" : $0 }
            )
        )
        if prefix.isEmpty || prefix == "." { return clean.isEmpty ? "." : clean }
        if clean.isEmpty { return prefix }
        return prefix.hasSuffix("/") ? prefix + clean : prefix + "/" + clean
    }
}

/// The order of bytes in UTF-16, by its mark.
private enum UTF16Order {
    case little
    case big

    init?(_ first: UInt8, _ second: UInt8) {
        switch (first, second) {
        case (0xFF, 0xFE): self = .little
        case (0xFE, 0xFF): self = .big
        default: return nil
        }
    }

    func unit(_ first: UInt8, _ second: UInt8) -> UInt16 {
        self == .little ? UInt16(second) << 8 | UInt16(first) : UInt16(first) << 8 | UInt16(second)
    }
}
