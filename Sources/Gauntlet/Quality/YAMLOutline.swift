/// The lines of a YAML text as keys and items with their parents, read in one walk without a tree.
///
/// It knows block mappings, block sequences, quoted and flow values and block scalars (YAML 1.2, chapters 7 and 8).
/// Anchors, tags and merge keys are values. What it cannot be sure of it lets pass.
struct YAMLOutline {
    /// Entries of one text, at most; what follows is not read.
    static let maximumEntries = 20_000
    /// Blocks inside each other, at most.
    static let maximumDepth = 64
    /// Problems that are kept.
    static let maximumProblems = 20

    /// A key with its value, or an item of a sequence.
    struct Entry {
        /// The entry whose block holds this one; -1 at the top.
        var parent: Int
        /// Empty for an item.
        var key: Range<Int>
        /// What stands behind the key on its line; the text of a block scalar or of a longer value.
        var value: Range<Int>
        var line: Int
        var isItem: Bool
        /// Whether the value is a block scalar.
        var isBlock = false
    }

    /// What is wrong, and on which line.
    struct Problem {
        var line: Int
        var words: String
    }

    private(set) var entries: [Entry] = []
    private(set) var problems: [Problem] = []
    /// Whether the text is a template that makes YAML, or uses what this does not know: then nothing is said of it.
    private(set) var isTemplate = false
    /// Documents in the text.
    private(set) var documents = 1

    private struct Frame {
        var column: Int
        var isSequence: Bool
        /// The entry that owns the block.
        var owner: Int
        /// The newest entry of the block.
        var latest: Int
        var keys: [UInt64] = []
    }

    private let text: UnsafeRawBufferPointer
    private var frames: [Frame] = []
    private var at = 0
    private var line = 0

    /// Reads a text, which must outlive nothing: ranges are offsets.
    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        while at < text.count, entries.count < Self.maximumEntries, !isTemplate {
            readLine()
        }
    }

    private func lineEnd(_ start: Int) -> Int {
        var index = start
        while index < text.count, text[index] != 0x0A { index += 1 }
        return index
    }

    private mutating func problem(_ words: String) {
        if problems.count < Self.maximumProblems { problems.append(Problem(line: line, words: words)) }
    }

    private mutating func readLine() {
        let start = at
        line += 1
        let end = lineEnd(start)
        at = end + 1
        var column = start
        while column < end, text[column] == 0x20 { column += 1 }
        guard column < end, text[column] != 0x0D, text[column] != UInt8(ascii: "#") else { return }
        if text[column] == 0x09 {
            let body = text[column..<end].drop { $0 <= 0x20 }
            if !body.isEmpty { problem("a tab stands where YAML wants spaces") }
            return
        }
        if column == start, isMark(start, end) { return }
        if column + 1 < end, isUnread(text[column], text[column + 1]) {
            isTemplate = true
            return
        }
        readContent(column, end, column - start)
    }

    /// `{{` or `{%` where a key should stand, and `? `, a key of its own lines.
    private func isUnread(_ first: UInt8, _ second: UInt8) -> Bool {
        if first == UInt8(ascii: "?") { return second == 0x20 }
        return first == UInt8(ascii: "{") && (second == UInt8(ascii: "{") || second == UInt8(ascii: "%"))
    }

    /// `---`, `...` and directives.
    private mutating func isMark(_ start: Int, _ end: Int) -> Bool {
        if text[start] == UInt8(ascii: "%") { return true }
        guard end - start >= 3, text[start] == text[start + 1], text[start] == text[start + 2],
            text[start] == UInt8(ascii: "-") || text[start] == UInt8(ascii: ".")
        else { return false }
        if text[start] == UInt8(ascii: "-"), !entries.isEmpty { documents += 1 }
        frames.removeAll(keepingCapacity: true)
        return true
    }

    private mutating func readContent(_ first: Int, _ end: Int, _ firstColumn: Int) {
        var index = first
        var column = firstColumn
        while index < end, text[index] == UInt8(ascii: "-"), index + 1 >= end || text[index + 1] <= 0x20 {
            guard openItem(column) else { return }
            var next = index + 1
            while next < end, text[next] == 0x20 || text[next] == 0x0D { next += 1 }
            column += next - index
            index = next
            if index >= end || text[index] == UInt8(ascii: "#") { return }
        }
        if let (key, valueStart) = key(index, end) {
            readKey(key, valueStart, end, column)
        } else if index != first {
            // An item that is a scalar.
            let owner = entries.count - 1
            readValue(index, end, owner: owner, column: max(0, column - 1))
        } else {
            readContinuation(index, end, column)
        }
    }

    /// Opens an item at a column; false when there is no room for more, or when it is part of a value.
    private mutating func openItem(_ column: Int) -> Bool {
        while let top = frames.last, top.column > column || (top.column == column && !top.isSequence && isDone(top)) {
            frames.removeLast()
        }
        if frames.last.map({ !($0.isSequence && $0.column == column) }) ?? true {
            if let top = frames.last, !opens(top) {
                // A plain value goes on over deeper lines, whatever they begin with.
                if !isPlain(top) { problem("an item of a list stands where none can") }
                return false
            }
            guard frames.count < Self.maximumDepth else { return false }
            frames.append(
                Frame(column: column, isSequence: true, owner: frames.last?.latest ?? -1, latest: -1)
            )
        }
        entries.append(
            Entry(parent: frames[frames.count - 1].owner, key: 0..<0, value: 0..<0, line: line, isItem: true)
        )
        frames[frames.count - 1].latest = entries.count - 1
        return true
    }

    /// Whether an item at a mapping's own column cannot be its last key's list.
    private func isDone(_ frame: Frame) -> Bool { !opens(frame) }

    /// Whether the newest entry of a block has a value that neither quotes nor brackets end.
    private func isPlain(_ frame: Frame) -> Bool {
        guard frame.latest >= 0, let first = text[entries[frame.latest].value].first else { return true }
        return ![UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "["), UInt8(ascii: "{")].contains(first)
    }

    /// Whether the newest entry of a block has no value yet.
    private func opens(_ frame: Frame) -> Bool { frame.latest >= 0 && entries[frame.latest].value.isEmpty }

    private mutating func readKey(_ key: Range<Int>, _ valueStart: Int, _ end: Int, _ column: Int) {
        let isInItem = entries.last.map { $0.isItem && $0.line == line } ?? false
        while let top = frames.last, top.column > column || (top.column == column && top.isSequence) {
            frames.removeLast()
        }
        if frames.last.map({ $0.column != column || $0.isSequence }) ?? true {
            if let top = frames.last, !opens(top), !isInItem {
                problem("a key is indented under one that has a value already")
            }
            guard frames.count < Self.maximumDepth else { return }
            frames.append(Frame(column: column, isSequence: false, owner: frames.last?.latest ?? -1, latest: -1))
        } else if isInItem {
            problem("a list and a mapping stand at one place")
        }
        note(key)
        entries.append(
            Entry(parent: frames[frames.count - 1].owner, key: key, value: 0..<0, line: line, isItem: false)
        )
        frames[frames.count - 1].latest = entries.count - 1
        readValue(valueStart, end, owner: entries.count - 1, column: column)
    }

    /// Complains about a key that its mapping has already.
    private mutating func note(_ key: Range<Int>) {
        let hash = text[key].reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        guard frames[frames.count - 1].keys.count < 200 else { return }
        if frames[frames.count - 1].keys.contains(hash), text[key] != "<<" {
            problem("the key \(shown(key)) stands there twice")
        }
        frames[frames.count - 1].keys.append(hash)
    }

    /// The text of a range, for messages.
    func shown(_ range: Range<Int>) -> String { String(decoding: text[range].prefix(60), as: UTF8.self) }

    private mutating func readValue(_ start: Int, _ end: Int, owner: Int, column: Int) {
        var first = start
        while first < end, text[first] == 0x20 || text[first] == 0x09 { first += 1 }
        var last = end
        while last > first, text[last - 1] <= 0x20 { last -= 1 }
        guard first < last, text[first] != UInt8(ascii: "#") else { return }
        // An anchor or a tag alone is followed by the value on the next lines.
        if text[first] == UInt8(ascii: "&") || text[first] == UInt8(ascii: "!"),
            !text[first..<last].contains(0x20)
        {
            return
        }
        entries[owner].value = first..<last
        switch text[first] {
        case UInt8(ascii: "|"), UInt8(ascii: ">"): readBlock(owner, column)
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            readQuoted(owner, first)
        case UInt8(ascii: "["), UInt8(ascii: "{"): readFlow(owner, first)
        default: break
        }
    }

    /// The lines of a block scalar: those deeper than their key.
    private mutating func readBlock(_ owner: Int, _ column: Int) {
        let start = at
        var stop = at
        while at < text.count {
            let end = lineEnd(at)
            var body = at
            while body < end, text[body] == 0x20 { body += 1 }
            if body < end, text[body] != 0x0D {
                guard body - at > column else { break }
                stop = end
            }
            line += 1
            at = end + 1
        }
        entries[owner].isBlock = true
        if stop > start { entries[owner].value = start..<stop }
    }

    private mutating func readQuoted(_ owner: Int, _ start: Int) {
        let quote = text[start]
        var index = start + 1
        while index < text.count {
            if text[index] == quote {
                guard quote == UInt8(ascii: "'"), index + 1 < text.count, text[index + 1] == quote else { break }
                index += 1
            } else if text[index] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                index += 1
            }
            index += 1
        }
        guard index < text.count else { return problem("a quoted text is never closed") }
        close(owner, start, index + 1)
        var rest = index + 1
        while rest < text.count, text[rest] == 0x20 || text[rest] == 0x0D { rest += 1 }
        if rest < text.count, text[rest] != 0x0A, text[rest] != UInt8(ascii: "#"), text[rest] != UInt8(ascii: ":") {
            problem("text stands behind a closing quote")
        }
    }

    private mutating func readFlow(_ owner: Int, _ start: Int) {
        if start + 1 < text.count, text[start] == UInt8(ascii: "{"), text[start + 1] == UInt8(ascii: "{") {
            return problem("a value that begins with {{ must be quoted")
        }
        var depth = 0
        var index = start
        let limit = min(text.count, start + (64 << 10))
        while index < limit {
            switch text[index] {
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if let close = text[(index + 1)..<limit].firstIndex(of: text[index]) { index = close }
            default: break
            }
            index += 1
            if depth == 0 { return close(owner, start, index) }
        }
        if limit == text.count { problem("a bracket is never closed") }
    }

    /// Goes on behind a value that may have taken several lines.
    private mutating func close(_ owner: Int, _ start: Int, _ stop: Int) {
        entries[owner].value = start..<stop
        guard stop > at else { return }
        line += 1 + text[at..<min(stop, text.count)].count { $0 == 0x0A }
        at = lineEnd(stop) + 1
    }

    /// A line without a key: more of a plain value, if it is deeper than its key.
    private mutating func readContinuation(_ start: Int, _ end: Int, _ column: Int) {
        guard let latest = entries.indices.last else { return }
        let top = frames.last
        if let top, column > top.column || (top.isSequence && column > top.column) {
            if entries[latest].value.isEmpty {
                readValue(start, end, owner: latest, column: column)
            } else if !entries[latest].isBlock {
                entries[latest].value = entries[latest].value.lowerBound..<end
            }
            return
        }
        problem("a line is neither a key nor an item nor part of a value")
    }

    /// A key at the beginning of a text, and where its value begins.
    private func key(_ start: Int, _ end: Int) -> (Range<Int>, Int)? {
        guard start < end else { return nil }
        var index = start
        let quote = text[start]
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            index += 1
            while index < end {
                if text[index] == quote {
                    // Two single quotes are one.
                    guard quote == UInt8(ascii: "'"), index + 1 < end, text[index + 1] == quote else { break }
                    index += 1
                } else if text[index] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                    index += 1
                }
                index += 1
            }
            index += 1
            guard index < end, text[index] == UInt8(ascii: ":") else { return nil }
            guard index + 1 >= end || text[index + 1] <= 0x20 else { return nil }
            return ((start + 1)..<(index - 1), index + 1)
        }
        guard quote != UInt8(ascii: "["), quote != UInt8(ascii: "{") else { return nil }
        while index < end {
            if text[index] == UInt8(ascii: ":"), index + 1 >= end || text[index + 1] <= 0x20 {
                return index == start ? nil : (start..<index, index + 1)
            }
            if text[index] == UInt8(ascii: "#"), index > start, text[index - 1] == 0x20 { return nil }
            index += 1
        }
        return nil
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// Whether the bytes are those of a word.
    static func != (left: Self, right: StaticString) -> Bool {
        left.count != right.utf8CodeUnitCount
            || !left.elementsEqual(UnsafeBufferPointer(start: right.utf8Start, count: right.utf8CodeUnitCount))
    }
}
