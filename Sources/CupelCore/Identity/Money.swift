/// An amount of money: a whole number of micro-dollars, so that sums are exact.
public struct Money: Sendable, Hashable, Comparable {
    /// Millionths of a US dollar.
    public var microdollars: Int64

    /// No money.
    public static let zero = Money(microdollars: 0)

    /// Millionths of a US dollar.
    public init(microdollars: Int64) { self.microdollars = microdollars }

    /// Reads `12`, `12.5` or `$0.000125`: dollars with at most six places; `nil` for anything else.
    public init?(dollars text: some StringProtocol) {
        let digits = text.hasPrefix("$") ? text.dropFirst() : text[...]
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.utf8.count <= 12, let dollars = Int64(whole),
            whole.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        var fraction: Int64 = 0
        if parts.count == 2 {
            let places = parts[1].utf8.count
            guard (1...6).contains(places), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let value = Int64(parts[1])
            else { return nil }
            fraction = (places..<6).reduce(value) { value, _ in value * 10 }
        }
        microdollars = dollars * 1_000_000 + fraction
    }

    /// Whether an amount is smaller.
    public static func < (left: Money, right: Money) -> Bool { left.microdollars < right.microdollars }

    /// The sum.
    public static func + (left: Money, right: Money) -> Money {
        Money(microdollars: left.microdollars + right.microdollars)
    }

    /// The difference.
    public static func - (left: Money, right: Money) -> Money {
        Money(microdollars: left.microdollars - right.microdollars)
    }

    /// Adds to it.
    public static func += (left: inout Money, right: Money) { left = left + right }
}

extension Money: CustomStringConvertible {
    /// Dollars with as many places as are needed, at least two: `$12.50`, `$0.000125`.
    public var description: String {
        let magnitude = microdollars.magnitude
        var fraction = String(magnitude % 1_000_000)
        fraction = String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
        while fraction.utf8.count > 2, fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(microdollars < 0 ? "-" : "")$\(magnitude / 1_000_000).\(fraction)"
    }
}

/// What one token costs: a whole number of pico-dollars, so that `$0.075` a million tokens is exact.
public struct TokenPrice: Sendable, Hashable {
    /// 10⁻¹² US dollars a token; a dollar a million tokens is 1,000,000.
    public var picodollars: Int64

    /// Pico-dollars a token.
    public init(picodollars: Int64) { self.picodollars = picodollars }

    /// Reads dollars a million tokens with at most six places, as price lists state them.
    public init?(dollarsPerMillion text: some StringProtocol) {
        guard let money = Money(dollars: text) else { return nil }
        picodollars = money.microdollars
    }
}
