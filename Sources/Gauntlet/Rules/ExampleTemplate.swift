/// A text with `${kind:count}` holes that are filled by chance, so that rules carry examples no scanner finds.
///
/// Kinds: `alnum`, `alpha`, `upper` (letters and digits), `lower` (letters and digits), `digit`, `hex`, `base32`,
/// `bech32`,
/// `base64`, `base64url`, `password`, `uuid`, `crc62` (the checksum of the `alnum` hole before it), `nl`, and an
/// `base32l`, `upperhex`, `bytes` (decimal, in a list), `wif` (a Bitcoin key), and an empty hole `${}` that only breaks a text apart.
package struct ExampleTemplate: Sendable {
    private let text: String

    /// A template; anything outside holes stands for itself.
    package init(_ text: String) { self.text = text }

    /// The text with every hole filled.
    package func expand(using generator: inout some RandomNumberGenerator) -> String {
        var result = ""
        var lastFilling = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "${"), let close = rest[open.upperBound...].firstIndex(of: "}") {
            result += rest[..<open.lowerBound]
            let hole = rest[open.upperBound..<close].split(separator: ":", maxSplits: 1).map(String.init)
            let count = hole.count > 1 ? Int(hole[1]) ?? 1 : 1
            let filling = Self.filling(hole.first ?? "", count, after: lastFilling, using: &generator)
            result += filling
            lastFilling = filling
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    private static let lower = "abcdefghijklmnopqrstuvwxyz"
    private static let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let digits = "0123456789"
    private static let alphabets: [String: [Character]] = [
        "alnum": Array(lower + upper + digits), "alpha": Array(lower + upper), "upper": Array(upper + digits),
        "lower": Array(lower + digits), "digit": Array(digits), "hex": Array("abcdef" + digits),
        "bech32": Array("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"), "base32": Array(upper + "234567"),
        "base64": Array(lower + upper + digits + "+/"),
        "base32l": Array(lower + "234567"), "upperhex": Array("ABCDEF" + digits),
        "base64url": Array(lower + upper + digits + "-_"),
    ]

    private static func filling(
        _ kind: String,
        _ count: Int,
        after last: String,
        using generator: inout some RandomNumberGenerator
    ) -> String {
        switch kind {
        case "": return ""
        case "nl": return "\n"
        case "bytes":
            return (0..<count).map { _ in String(UInt8.random(in: 100...255, using: &generator)) }.joined(
                separator: ","
            )
        case "wif":
            let key = (0..<32).map { _ in UInt8.random(in: 1...255, using: &generator) }
            return Base58Check.encode([0x80] + key + [0x01])
        case "crc62": return CRC32.base62(of: Array(last.utf8))
        case "uuid": return [8, 4, 4, 4, 12].map { draw("hex", $0, using: &generator) }.joined(separator: "-")
        case "password":
            // One of each class first, so that no draw is word-like by chance.
            return draw("alpha", 2, using: &generator) + draw("digit", 2, using: &generator) + "_"
                + draw("alnum", max(0, count - 7), using: &generator) + draw("digit", 1, using: &generator) + "q"
        default: return draw(kind, count, using: &generator)
        }
    }

    private static func draw(_ kind: String, _ count: Int, using generator: inout some RandomNumberGenerator) -> String
    {
        // What is no kind stands for itself: rules speak about `${VARIABLE}` too.
        guard let alphabet = alphabets[kind] else { return "${\(kind)}" }
        return String((0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
    }
}
