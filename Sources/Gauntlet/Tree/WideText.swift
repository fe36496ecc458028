/// UTF-16, with a mark of its order of bytes or without one.
enum WideText {
    /// The order of bytes.
    enum Order {
        case little
        case big
    }

    /// Bytes that are looked at to tell the order without a mark, at most.
    private static let probe = 8192
    /// Characters of a text, at least: fewer prove nothing.
    private static let leastUnits = 8

    /// The order that a text is written in; `nil` when it is no UTF-16 that shows itself as such.
    static func order(of bytes: some RandomAccessCollection<UInt8>) -> Order? {
        guard bytes.count >= 2 else { return nil }
        switch Array(bytes.prefix(2)) {
        case [0xFF, 0xFE]: return .little
        case [0xFE, 0xFF]: return .big
        default: return unmarkedOrder(Array(bytes.prefix(probe)))
        }
    }

    /// The text in UTF-8, without the mark. A last byte that is half a unit is dropped.
    static func decoded(_ bytes: [UInt8], _ order: Order) -> [UInt8] {
        let start = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) ? 2 : 0
        let units = stride(from: start, to: bytes.count - 1, by: 2).map { unit(bytes, $0, order) }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    /// Text in Latin letters has a zero in every pair, always on the same side, and beside it what can be printed.
    /// Numbers of 16 bits have the zeros too, but not the letters.
    private static func unmarkedOrder(_ bytes: [UInt8]) -> Order? {
        let pairs = bytes.count / 2
        guard pairs >= leastUnits else { return nil }
        var (low, high) = (0, 0)
        for index in 0..<pairs {
            if bytes[2 * index + 1] == 0 { low += 1 }
            if bytes[2 * index] == 0 { high += 1 }
        }
        guard max(low, high) * 10 >= pairs * 6, min(low, high) == 0 else { return nil }
        let order: Order = low > high ? .little : .big
        var (letters, strange) = (0, 0)
        for index in 0..<pairs {
            switch unit(bytes, 2 * index, order) {
            case 9, 10, 13, 0x20..<0x7F: letters += 1
            case 0..<0x20, 0x7F..<0xA0, 0xFFFE...: strange += 1
            default: break
            }
        }
        return letters * 10 >= pairs * 6 && strange * 100 <= pairs ? order : nil
    }

    private static func unit(_ bytes: [UInt8], _ at: Int, _ order: Order) -> UInt16 {
        let (first, second) = (UInt16(bytes[at]), UInt16(bytes[at + 1]))
        return order == .little ? second << 8 | first : first << 8 | second
    }
}
