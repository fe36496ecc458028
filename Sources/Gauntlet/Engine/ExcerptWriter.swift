import CupelCore

/// Makes lines safe to show: every secret of the scan is masked wherever it stands, long lines are cut, and
/// characters that move a terminal's cursor are taken out.
struct ExcerptWriter {
    /// Code points of an excerpt, at most.
    static let maximumScalars = 240
    /// Bytes of the line that are shown before what was found, and behind it.
    private static let reach = 60
    /// Masked texts shorter than this are only masked where they were found: masking them all would garble the line.
    private static let minimumEcho = 4

    let text: UnsafeRawBufferPointer
    let masked: [Range<Int>]

    func excerpt(of value: Range<Int>, lineStart: Int) -> Excerpt {
        var start = max(lineStart, value.lowerBound - Self.reach)
        while start > lineStart, text[start] & 0xC0 == 0x80 { start -= 1 }
        if start == lineStart { while start < value.lowerBound, isSpace(text[start]) { start += 1 } }
        let isMasked = masked.contains(value)
        let end = lineEnd(from: isMasked ? value.upperBound : value.lowerBound, onLineOf: value)
        let window = start..<max(start, end)
        var pieces = ""
        var mark: (start: Int, length: Int)?
        var at = window.lowerBound
        for range in ranges(in: window) {
            if range.lowerBound > at { pieces += clean(at..<range.lowerBound) }
            let before = pieces.unicodeScalars.count
            pieces += Redactor.mask
            if range.contains(value.lowerBound) { mark = (before, Redactor.mask.unicodeScalars.count) }
            at = max(at, range.upperBound)
        }
        if at < window.upperBound { pieces += clean(at..<window.upperBound) }
        let line = Redactor.shared.redact(pieces)
        let shown = String(String.UnicodeScalarView(line.unicodeScalars.prefix(Self.maximumScalars)))
        let before = clean(window.lowerBound..<value.lowerBound).unicodeScalars.count
        let place = mark ?? (before, clean(value.clamped(to: window)).unicodeScalars.count)
        let count = shown.unicodeScalars.count
        return Excerpt(
            text: shown,
            start: min(place.start, count),
            length: max(0, min(place.length, count - place.start))
        )
    }

    /// The end of what is shown: of the line the value begins on, and not far behind the value.
    private func lineEnd(from: Int, onLineOf value: Range<Int>) -> Int {
        var end = value.lowerBound
        let limit = min(text.count, max(from, value.lowerBound) + Self.reach)
        while end < limit, text[end] != 0x0A { end += 1 }
        if end < text.count { while end > value.lowerBound, text[end] & 0xC0 == 0x80 { end -= 1 } }
        return end
    }

    /// The parts of a window that must not be shown, sorted and joined.
    private func ranges(in window: Range<Int>) -> [Range<Int>] {
        var all = masked.filter { $0.overlaps(window) }.map { $0.clamped(to: window) }
        var seen: Set<[UInt8]> = []
        for secret in masked where secret.count >= Self.minimumEcho && secret.count <= window.count {
            guard seen.insert(Array(text[secret])).inserted else { continue }
            all += occurrences(of: secret, in: window)
        }
        var joined: [Range<Int>] = []
        for range in all.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = joined.last, last.upperBound >= range.lowerBound {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }

    private func occurrences(of secret: Range<Int>, in window: Range<Int>) -> [Range<Int>] {
        let first = text[secret.lowerBound]
        var found: [Range<Int>] = []
        var at = window.lowerBound
        while at + secret.count <= window.upperBound {
            if text[at] == first, text[at..<at + secret.count].elementsEqual(text[secret]) {
                found.append(at..<at + secret.count)
                at += secret.count
            } else {
                at += 1
            }
        }
        return found
    }

    private func clean(_ range: Range<Int>) -> String {
        var result = ""
        for scalar in String(decoding: text[range], as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
