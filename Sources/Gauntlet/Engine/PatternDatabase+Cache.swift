import CVectorscan
import CupelCore
import Glibc

extension PatternDatabase {
    /// Bytes of a cached database, at most; ours have a few megabytes.
    static let maximumCacheBytes = 256 << 20

    /// Loads the database of these patterns from the cache, or compiles it and leaves it there.
    ///
    /// The file is named by the hash of patterns, Vectorscan's version and the processor. It is only trusted when this
    /// user owns it and nobody else may write to it; a broken one is replaced; a cache that cannot be written is fine.
    /// - Throws: ``RefusedPattern`` for the first pattern that Vectorscan does not take.
    static func load(_ patterns: [String], cacheDirectory: String?) throws -> PatternDatabase {
        guard let cacheDirectory else { return try compile(patterns) }
        let path = cacheDirectory + "/gauntlet-" + cacheKey(patterns) + ".hsdb"
        if let cached = read(path, patterns) { return cached }
        let fresh = try compile(patterns)
        fresh.write(to: path, in: cacheDirectory)
        return fresh
    }

    /// What a cached database depends on, as 32 hexadecimal digits.
    static func cacheKey(_ patterns: [String]) -> String {
        var platform = hs_platform_info_t()
        hs_populate_platform(&platform)
        let version = hs_version().map { String(cString: $0) } ?? ""
        let processor = "\(platform.tune) \(platform.cpu_features)"
        let parts = ["1", version, processor] + patterns
        return String(Digest(of: parts.joined(separator: "\u{1F}")).hex.prefix(32))
    }

    // The file: the widths as 32-bit numbers (0xFFFFFFFF for none), then Vectorscan's own serialised form, which
    // carries its version, its platform and a CRC-32 that it checks when it reads.
    private static func read(_ path: String, _ patterns: [String]) -> PatternDatabase? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o022 == 0, status.st_size <= maximumCacheBytes
        else { return nil }
        let head = patterns.count * 4
        guard let bytes = FileBytes.read(descriptor, upTo: Int(status.st_size)), bytes.count > head else { return nil }
        let widths = (0..<patterns.count).map { index -> Int? in
            let value = bytes[index * 4..<index * 4 + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return value == UInt32.max ? nil : Int(value)
        }
        var database: OpaquePointer?
        let result = bytes.withUnsafeBytes { raw -> hs_error_t in
            guard let base = raw.baseAddress else { return HS_INVALID }
            return hs_deserialize_database(
                base.advanced(by: head).assumingMemoryBound(to: CChar.self),
                raw.count - head,
                &database
            )
        }
        guard result == HS_SUCCESS, let database else { return nil }
        return PatternDatabase(database, widths: widths)
    }

    private func write(to path: String, in directory: String) {
        var serialised: UnsafeMutablePointer<CChar>?
        var length = 0
        guard hs_serialize_database(pointer, &serialised, &length) == HS_SUCCESS, let serialised else { return }
        defer { free(serialised) }
        var bytes = widths.flatMap { width in
            let value = width.map { UInt32($0) } ?? UInt32.max
            return stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
        }
        bytes += UnsafeRawBufferPointer(start: serialised, count: length)
        var partial = directory.hasPrefix("/") ? "" : "."
        for piece in directory.split(separator: "/") {
            partial += "/" + piece
            mkdir(partial, 0o700)
        }
        // Written aside and renamed, so that a reader never sees half a file.
        let aside = path + ".\(getpid())"
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        let isWhole = FileBytes.write(descriptor, bytes)
        close(descriptor)
        if !isWhole || rename(aside, path) != 0 { unlink(aside) }
    }
}
