import Glibc

/// Whole files through descriptors, with a bound.
enum FileBytes {
    /// Reads up to a bound; `nil` when reading fails.
    ///
    /// `head` is what was read of it before; it counts towards the bound.
    static func read(_ descriptor: Int32, after head: [UInt8] = [], upTo limit: Int) -> [UInt8]? {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: max(limit, head.count)) { buffer, count in
            count = buffer.update(fromContentsOf: head)
            while count < limit, let base = buffer.baseAddress {
                let got = Glibc.read(descriptor, base + count, limit - count)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failed = true }
                if got <= 0 { break }
                count += got
            }
        }
        return failed ? nil : bytes
    }

    /// Reads a stream of unknown length up to a bound; `nil` when reading fails.
    static func readStream(_ descriptor: Int32, upTo limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            guard let chunk = read(descriptor, upTo: min(1 << 16, limit - bytes.count)) else { return nil }
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    /// Writes everything; `false` when that fails.
    static func write(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let put = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else { return false }
            done += put
        }
        return true
    }
}
