/// PowerShell's ways to spell a word in pieces: `'{1}{0}' -f 'b','a'` and `[char]97+[char]98`.
enum FormatString {
    /// Places of a format, at most.
    static let maximumPlaces = 64
    /// Bytes of one value, at most.
    static let maximumBytes = 4096

    /// The quoted value of a format that begins with the quote at an offset, and where its last argument ends; `nil`
    /// when no format stands there.
    static func value(in line: Slice<UnsafeRawBufferPointer>, at start: Int) -> (value: [UInt8], end: Int)? {
        guard start + 1 < line.endIndex, let format = quoted(in: line, at: start),
            format.text.contains(UInt8(ascii: "{"))
        else { return nil }
        var at = skip(in: line, from: format.end, over: [0x20, UInt8(ascii: ")")])
        guard at + 2 < line.endIndex, line[at] == UInt8(ascii: "-"), line[at + 1] | 0x20 == UInt8(ascii: "f") else {
            return nil
        }
        at += 2
        var arguments: [[UInt8]] = []
        var end = at
        while arguments.count < maximumPlaces {
            at = skip(in: line, from: at, over: [0x20, UInt8(ascii: ","), UInt8(ascii: "(")])
            guard at < line.endIndex, let word = quoted(in: line, at: at) else { break }
            arguments.append(word.text)
            at = word.end
            end = at
        }
        guard !arguments.isEmpty, let filled = fill(format.text, with: arguments) else { return nil }
        let quote = line[start]
        return ([quote] + filled + [quote], end)
    }

    /// The quoted word of a row of `[char]` codes at an offset, two at least, and where it ends.
    static func characters(in line: Slice<UnsafeRawBufferPointer>, at start: Int) -> (value: [UInt8], end: Int)? {
        var codes: [UInt8] = []
        var at = start
        var end = start
        while codes.count < maximumBytes, let code = character(in: line, at: at) {
            codes.append(code.value)
            end = code.end
            at = skip(in: line, from: end, over: [0x20, UInt8(ascii: "+"), UInt8(ascii: ",")])
        }
        guard codes.count >= 2 else { return nil }
        return ([UInt8(ascii: "'")] + codes + [UInt8(ascii: "'")], end)
    }

    private static func character(in line: Slice<UnsafeRawBufferPointer>, at start: Int) -> (value: UInt8, end: Int)? {
        let mark = Array("[char]".utf8)
        guard start + mark.count < line.endIndex,
            line[start..<start + mark.count].map({ (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }) == mark
        else { return nil }
        var at = skip(in: line, from: start + mark.count, over: [0x20, UInt8(ascii: "(")])
        let isBracketed = line[at - 1] == UInt8(ascii: "(")
        let isHex = at + 1 < line.endIndex && line[at] == UInt8(ascii: "0") && line[at + 1] | 0x20 == UInt8(ascii: "x")
        if isHex { at += 2 }
        var value = 0
        let begin = at
        while at < line.endIndex, at - begin < 4, let digit = Decoder.hexValue(line[at]), isHex || digit < 10 {
            value = value * (isHex ? 16 : 10) + Int(digit)
            at += 1
        }
        guard at > begin, (0x20...0x7E).contains(value) else { return nil }
        if isBracketed, at < line.endIndex, line[at] == UInt8(ascii: ")") { at += 1 }
        return (UInt8(value), at)
    }

    /// The text between the quote at an offset and the next one, and the offset behind that.
    private static func quoted(in line: Slice<UnsafeRawBufferPointer>, at start: Int) -> (text: [UInt8], end: Int)? {
        let quote = line[start]
        guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        let rest = line[(start + 1)...].prefix(maximumBytes)
        guard let close = rest.firstIndex(of: quote) else { return nil }
        return (Array(rest[..<close]), close + 1)
    }

    private static func skip(in line: Slice<UnsafeRawBufferPointer>, from start: Int, over signs: [UInt8]) -> Int {
        var at = start
        while at < line.endIndex, at - start < 8, signs.contains(line[at]) { at += 1 }
        return at
    }

    private static func fill(_ format: [UInt8], with arguments: [[UInt8]]) -> [UInt8]? {
        var result: [UInt8] = []
        var at = 0
        var filled = 0
        while at < format.count, result.count < maximumBytes {
            guard format[at] == UInt8(ascii: "{"), let close = format[at...].firstIndex(of: UInt8(ascii: "}")),
                let place = Int(String(decoding: format[(at + 1)..<close], as: UTF8.self)),
                arguments.indices.contains(place)
            else {
                result.append(format[at])
                at += 1
                continue
            }
            result += arguments[place]
            filled += 1
            at = close + 1
        }
        return filled > 0 ? result : nil
    }
}
