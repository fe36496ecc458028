import CupelCore

/// Bytes that live as long as the program, or as long as a test holds them.
struct LicenceBytes: @unchecked Sendable {  // Never written to.
    let raw: UnsafeRawBufferPointer

    init(_ raw: UnsafeRawBufferPointer) { self.raw = raw }

    var count: Int { raw.count }

    /// Four bytes, the lowest first; the caller has looked at the length.
    func word(at offset: Int) -> UInt32 {
        UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// A part, or `nil` where there is no such part.
    func part(_ offset: Int, _ length: Int) -> LicenceBytes? {
        guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
        return LicenceBytes(UnsafeRawBufferPointer(rebasing: raw[offset..<offset + length]))
    }
}

/// The sections that the fingerprints are made of.
struct LicenceSections {
    static let count = 19
    static let damaged = CupelError(.validationError, "The fingerprints of licences are damaged; make them anew")

    private var parts: [LicenceBytes] = []

    init(_ file: LicenceBytes) throws {
        guard file.count >= 16 + 8 * Self.count, file.raw.prefix(8).elementsEqual("CUPELLIC".utf8),
            file.word(at: 8) == LicenceIndex.format, file.word(at: 12) == UInt32(Self.count)
        else { throw Self.damaged }
        for index in 0..<Self.count {
            let place = 16 + 8 * index
            guard let part = file.part(Int(file.word(at: place)), Int(file.word(at: place + 4))) else {
                throw Self.damaged
            }
            parts.append(part)
        }
    }

    subscript(index: Int) -> LicenceBytes { parts[index] }
}

/// A table of strings: where each begins, where the last ends, then their bytes.
struct LicenceStrings: Sendable {
    let bytes: LicenceBytes
    let count: Int

    init(_ bytes: LicenceBytes) throws {
        guard bytes.count >= 4 else { throw LicenceSections.damaged }
        // The first string begins where the offsets end is not said; their number follows from the sum.
        var count = 0
        var last: UInt32 = 0
        var at = 0
        while at + 4 <= bytes.count {
            let offset = bytes.word(at: at)
            guard offset >= last else { break }
            last = offset
            if Int(offset) == bytes.count - at - 4 {
                self.bytes = bytes
                self.count = count
                return
            }
            count += 1
            at += 4
        }
        throw LicenceSections.damaged
    }

    private func range(_ index: Int) -> Range<Int> {
        guard index >= 0, index < count else { return 0..<0 }
        let base = 4 * (count + 1)
        return base + Int(bytes.word(at: 4 * index))..<base + Int(bytes.word(at: 4 * index + 4))
    }

    subscript(index: Int) -> String { String(decoding: bytes.raw[range(index)], as: UTF8.self) }

    func precedes(_ index: Int, _ other: [UInt8]) -> Bool { bytes.raw[range(index)].lexicographicallyPrecedes(other) }

    func equals(_ index: Int, _ other: [UInt8]) -> Bool { bytes.raw[range(index)].elementsEqual(other) }
}
