/// Splits bytes into server-sent events (html.spec.whatwg.org/multipage/server-sent-events.html), however they are cut
/// into pieces.
struct ServerSentEvents: Sendable {
    /// One event that has data.
    struct Event: Sendable, Hashable {
        /// The `event` field; empty when there was none.
        var name: String
        /// The `data` lines, with a line feed between them.
        var data: [UInt8]
    }

    /// Bytes of one event.
    static let eventLimit = 16 << 20

    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var name = ""
    /// Whether the line before ended in a carriage return, so that a line feed now belongs to it.
    private var skipsLineFeed = false
    private var isFirstLine = true
    /// Whether an event was longer than the limit; nothing is read after that.
    private(set) var isTooLong = false
    /// Comment lines seen: providers keep a connection alive with them.
    private(set) var comments = 0

    /// Whether something began that no empty line has ended.
    var isInEvent: Bool { hasData || !line.isEmpty }

    /// Takes bytes, and gives the events that are complete.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) -> [Event] {
        var events: [Event] = []
        var start = 0
        var index = 0
        while index < bytes.count, !isTooLong {
            let byte = bytes[index]
            guard byte == 0x0A || byte == 0x0D else {
                skipsLineFeed = false
                index += 1
                continue
            }
            if byte == 0x0A, skipsLineFeed, start == index, line.isEmpty {
                skipsLineFeed = false
            } else {
                take(bytes, start..<index)
                endLine(into: &events)
                skipsLineFeed = byte == 0x0D
            }
            index += 1
            start = index
        }
        take(bytes, start..<bytes.count)
        return events
    }

    /// Ends the last line as if it were whole: some servers forget the empty line at the end.
    mutating func finish() -> [Event] {
        var events: [Event] = []
        if !line.isEmpty { endLine(into: &events) }
        endLine(into: &events)
        return events
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        guard !range.isEmpty, !isTooLong else { return }
        guard line.count + data.count + range.count <= Self.eventLimit else {
            isTooLong = true
            line = []
            data = []
            return
        }
        line.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[range]))
    }

    private mutating func endLine(into events: inout [Event]) {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        guard !line.isEmpty else {
            if hasData { events.append(Event(name: name, data: data)) }
            data = []
            hasData = false
            name = ""
            return
        }
        guard line[0] != UInt8(ascii: ":") else {
            comments += 1
            return
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.count
        var value = line[min(colon + 1, line.count)...]
        if value.first == 0x20 { value = value.dropFirst() }
        let field = line[..<colon]
        if field.elementsEqual("data".utf8) {
            if hasData { data.append(0x0A) }
            data.append(contentsOf: value)
            hasData = true
        } else if field.elementsEqual("event".utf8) {
            name = String(decoding: value.prefix(128), as: UTF8.self)
        }
    }
}
