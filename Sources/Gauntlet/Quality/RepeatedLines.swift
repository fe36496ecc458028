/// Tells which lines of a text were there before, by their hashes.
struct RepeatedLines {
    /// Lines that are compared, at most; those after them are not.
    static var maximumLines: Int { 3072 }
    private static var slots: Int { 4096 }
    /// Bytes of a line that says enough to be compared.
    private static var minimumBytes: Int { 14 }
    /// Lines in a row that make a copied block.
    private static var runLength: Int { 4 }

    private let seen: UnsafeMutableBufferPointer<UInt32>
    private var count = 0
    private var run = 0

    /// - Parameter memory: ``slots`` numbers that live as long as this.
    private init(memory: UnsafeMutableBufferPointer<UInt32>) {
        seen = memory
        seen.initialize(repeating: 0)
    }

    static func withTable<Result>(_ body: (inout RepeatedLines) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: slots) { memory in
            var table = RepeatedLines(memory: memory)
            return body(&table)
        }
    }

    /// Notes a line without the spaces around it.
    @inline(__always)
    mutating func add(_ line: UnsafePointer<UInt8>, _ length: Int, to counts: inout TextCounts) {
        guard length >= Self.minimumBytes, count < Self.maximumLines else { return }
        counts.comparedLines &+= 1
        guard insert(Self.hash(line, length)) else {
            run = 0
            return
        }
        counts.repeatedLines &+= 1
        run &+= 1
        if run == Self.runLength { counts.repeatedRuns &+= Self.runLength }
        if run > Self.runLength { counts.repeatedRuns &+= 1 }
    }

    /// Whether a hash was there before.
    private mutating func insert(_ hash: UInt32) -> Bool {
        var slot = Int(hash & UInt32(Self.slots - 1))
        while seen[slot] != 0 {
            if seen[slot] == hash { return true }
            slot = (slot &+ 1) & (Self.slots - 1)
        }
        seen[slot] = hash
        count &+= 1
        return false
    }

    @inline(__always)
    private static func hash(_ line: UnsafePointer<UInt8>, _ length: Int) -> UInt32 {
        let raw = UnsafeRawPointer(line)
        var hash = UInt64(truncatingIfNeeded: length)
        var at = 0
        while at &+ 8 <= length {
            hash = (hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
            at &+= 8
        }
        // The last eight bytes again: `minimumBytes` makes sure that they are there.
        hash = (hash ^ raw.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self)) &* 0xBF58_476D_1CE4_E5B9
        return UInt32(truncatingIfNeeded: hash >> 32) | 1
    }
}
