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
        case archive(Archive)
        case problem(TreeProblem.Kind, String)
    }

    /// An archive that is to be opened.
    enum Archive {
        case file(ArchiveFile)
        case bytes([UInt8])
    }

    /// Opens a path below the root; the kernel lets nothing lead outside. Returns -1 with errno.
    static func open(_ root: Int32, _ path: [[UInt8]], _ flags: Int32) -> Int32 {
        return (joined(path.isEmpty ? [[UInt8(ascii: ".")]] : path) + [0]).withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { clinux_open_beneath(root, $0.baseAddress, flags, 0) }
        }
    }

    private static func joined(_ path: [[UInt8]]) -> [UInt8] {
        var joined: [UInt8] = []
        joined.reserveCapacity(path.reduce(1) { $0 + $1.count + 1 })
        for (index, part) in path.enumerated() {
            if index > 0 { joined.append(UInt8(ascii: "/")) }
            joined += part
        }
        return joined
    }

    /// Reads a file of a tree, if it is text within the limit.
    static func content(_ root: Int32, _ path: [[UInt8]], _ options: TreeOptions) -> Content {
        // Non-blocking, so that a FIFO put in the place of a file cannot hold a thread.
        let descriptor = open(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ELOOP { return .problem(.symbolicLink, "") }
            return .problem(.unreadable, String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        return content(of: descriptor, options)
    }

    /// Reads an open file, if it is text within the limit. Of an archive the descriptor is kept, as one of our own.
    static func content(of descriptor: Int32, _ options: TreeOptions) -> Content {
        let limit = options.maximumFileBytes
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .problem(.unreadable, String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { return .problem(.special, "") }
        // Files of /proc say that they are empty.
        guard status.st_size > 0 else {
            return FileBytes.readStream(descriptor, upTo: limit).map(text)
                ?? .problem(.unreadable, String(cString: strerror(errno)))
        }
        // Most of what is no text shows it early; the rest of it is not read.
        guard let head = FileBytes.read(descriptor, upTo: min(binaryProbe, Int(status.st_size))) else {
            return .problem(.unreadable, String(cString: strerror(errno)))
        }
        if options.opensArchives, ArchiveKind.isOne(head) { return archive(descriptor, Int(status.st_size), options) }
        guard Int(status.st_size) <= limit else { return .problem(.tooLarge, "\(status.st_size) bytes") }
        if isBinary(head) { return .problem(.binary, "") }
        guard let bytes = FileBytes.read(descriptor, after: head, upTo: Int(status.st_size)) else {
            return .problem(.unreadable, String(cString: strerror(errno)))
        }
        return text(bytes)
    }

    private static func archive(_ descriptor: Int32, _ size: Int, _ options: TreeOptions) -> Content {
        guard size <= options.archives.packedBytes else { return .problem(.tooLarge, "\(size) bytes") }
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard own >= 0 else { return .problem(.unreadable, String(cString: strerror(errno))) }
        return .archive(.file(ArchiveFile(own, size: size)))
    }

    /// Tells what bytes in memory are, as ``text(_:)`` does, and archives before that.
    static func content(of bytes: [UInt8], _ options: TreeOptions) -> Content {
        options.opensArchives && ArchiveKind.isOne(bytes) ? .archive(.bytes(bytes)) : text(bytes)
    }

    /// Tells text from binary; UTF-16 becomes UTF-8.
    static func text(_ bytes: [UInt8]) -> Content {
        guard hasZero(bytes) || bytes.first.map({ $0 >= 0xFE }) ?? false else { return .text(bytes) }
        if let order = WideText.order(of: bytes) { return .text(WideText.decoded(bytes, order)) }
        return hasZero(bytes) ? .problem(.binary, "") : .text(bytes)
    }

    /// Whether the first bytes of a file hold a zero, as no text does but UTF-16.
    static func isBinary(_ bytes: [UInt8]) -> Bool {
        hasZero(bytes) && WideText.order(of: bytes) == nil
    }

    private static func hasZero(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { raw in
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
        let bytes = joined(path)
        let joined = String(decoding: bytes, as: UTF8.self)
        let isPlain = bytes.allSatisfy { (0x20..<0x7F).contains($0) }
        let clean = isPlain ? joined : String(String.UnicodeScalarView(joined.unicodeScalars.map(readable)))
        if prefix.isEmpty || prefix == "." { return clean.isEmpty ? "." : clean }
        if clean.isEmpty { return prefix }
        return prefix.hasSuffix("/") ? prefix + clean : prefix + "/" + clean
    }

    private static func readable(_ scalar: UnicodeScalar) -> UnicodeScalar {
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? "\u{FFFD}" : scalar
    }
}
