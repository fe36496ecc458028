/// Finds whole server-sent events in bytes that pass through, and keeps the piece of one that has not ended.
struct RawEvents: Sendable {
    /// Bytes of one event.
    static let eventLimit = ServerSentEvents.eventLimit

    private(set) var pending: [UInt8] = []
    /// Bytes of ``pending`` in which no end was found.
    private var scanned = 0
    /// Whether an event was longer than the limit; nothing is read after that.
    private(set) var isTooLong = false

    /// Calls `body` with the bytes and with the ends of the events that are whole in them, and keeps what follows the
    /// last end. `bytes` are those of the call alone when nothing was kept before.
    mutating func feed<Result>(
        _ more: UnsafeRawBufferPointer,
        _ body: (_ bytes: UnsafeRawBufferPointer, _ ends: [Int]) -> Result
    ) -> Result {
        if pending.isEmpty {
            let ends = isTooLong ? [] : Self.ends(JSONSkim(bytes: more), from: 0)
            keep(UnsafeRawBufferPointer(rebasing: more[(ends.last ?? 0)...]))
            return body(more, ends)
        }
        pending.append(contentsOf: more)
        let scanned = max(0, scanned - 3)
        let ends = pending.withUnsafeBytes { isTooLong ? [] : Self.ends(JSONSkim(bytes: $0), from: scanned) }
        guard let last = ends.last else {
            // Nothing is copied while a large event grows.
            self.scanned = pending.count
            if pending.count > Self.eventLimit { keep(UnsafeRawBufferPointer(start: nil, count: 0), isTooLong: true) }
            return body(UnsafeRawBufferPointer(start: nil, count: 0), [])
        }
        var whole: [UInt8] = []
        swap(&whole, &pending)
        return whole.withUnsafeBytes { bytes in
            keep(UnsafeRawBufferPointer(rebasing: bytes[last...]))
            return body(bytes, ends)
        }
    }

    /// The piece that has not ended, which is then forgotten.
    mutating func takePending() -> [UInt8] {
        defer { pending = [] }
        return pending
    }

    private mutating func keep(_ tail: UnsafeRawBufferPointer, isTooLong isOver: Bool = false) {
        isTooLong = isTooLong || isOver || tail.count > Self.eventLimit
        pending = isTooLong ? [] : Array(tail)
        scanned = pending.count
    }

    /// The indices after the empty lines that end events.
    private static func ends(_ skim: JSONSkim, from start: Int) -> [Int] {
        var ends: [Int] = []
        var at = start
        while let feed = skim.next(0x0A, from: at) {
            at = feed + 1
            if at < skim.bytes.count, skim.bytes[at] == 0x0A {
                at += 1
                ends.append(at)
            } else if at + 1 < skim.bytes.count, skim.bytes[at] == 0x0D, skim.bytes[at + 1] == 0x0A {
                at += 2
                ends.append(at)
            }
        }
        return ends
    }

    /// The name of an event and where its data begin; `nil` for comments and for data in several lines, which no
    /// provider writes.
    static func head(_ skim: JSONSkim, _ range: Range<Int>) -> (name: Range<Int>, data: Int)? {
        var name = range.lowerBound..<range.lowerBound
        var at = range.lowerBound
        while at < range.upperBound {
            let end = skim.next(0x0A, from: at) ?? range.upperBound
            if skim.starts(with: "data:", at: at) { return (name, skim.skipSpace(at + 5)) }
            if skim.starts(with: "event:", at: at) {
                let start = skim.skipSpace(at + 6)
                var stop = end
                while stop > start, skim.bytes[stop - 1] <= 0x20 { stop -= 1 }
                name = min(start, stop)..<stop
            }
            at = end + 1
        }
        return nil
    }
}
