import CupelCore
import Testing

@testable import Gateway

@Suite struct PlaceholderRestorerTests {
    private static let secrets = [
        "hunter2", #"quote"and\backslash"#, "line\nbreak\r\tand\u{1}", "n\u{F6}n-\u{20AC}-\u{1F511}", "CUPEL_SECRET_",
    ]

    private func redacted(_ text: String) -> Redaction {
        PromptRedactor(mode: .redact, find: wordFinder(Self.secrets)).redact([Array(text.utf8)])
    }

    private func stream(_ pieces: [ArraySlice<UInt8>], _ placeholders: Placeholders, escapes: Int = 0) -> [UInt8] {
        var restorer = PlaceholderRestorer(placeholders, escapes: escapes)
        var output: [UInt8] = []
        for piece in pieces {
            output += restorer.feed(Array(piece))
            #expect(restorer.heldBytes < Placeholders.length)
        }
        return output + restorer.flush()
    }

    @Test(arguments: secrets)
    func `a secret comes back through a split at any byte`(_ secret: String) {
        let text = "C\(secret)CC \(secret)\(secret) end C"
        let redaction = redacted(text)
        let out = redaction.texts[0]
        for split in 0...out.count {
            #expect(stream([out[..<split], out[split...]], redaction.placeholders) == Array(text.utf8))
        }
        #expect(stream(out.indices.map { out[$0...$0] }, redaction.placeholders) == Array(text.utf8))
        #expect(PlaceholderRestorer.restore(out, redaction.placeholders) == Array(text.utf8))
    }

    @Test func `many secrets come back through random splits`() {
        let many = (0..<300).map { "token\($0)x" }
        let text = many.shuffled().joined(separator: " C CUPEL ")
        let redaction = PromptRedactor(mode: .redact, find: wordFinder(many)).redact([Array(text.utf8)])
        #expect(redaction.placeholders.count == 300)
        var generator = SplitMix(seed: 9)
        for _ in 0..<50 {
            var rest = redaction.texts[0][...]
            var pieces: [ArraySlice<UInt8>] = []
            while !rest.isEmpty {
                let count = min(rest.count, Int.random(in: 0...60, using: &generator))
                pieces.append(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            #expect(stream(pieces, redaction.placeholders) == Array(text.utf8))
        }
    }

    @Test func `what is nearly a placeholder passes as it is, whole and byte by byte`() throws {
        let redaction = redacted("hunter2")
        let good = String(decoding: redaction.texts[0], as: UTF8.self)
        let other = String(decoding: redacted("hunter2").texts[0], as: UTF8.self)
        var near = [String(good.dropLast()), String(good.dropLast(5)), good.lowercased(), good.uppercased(), other]
        let stem = String(good.dropLast(4))
        near += ["0001", "ffff", "000g"].map { stem + $0 }
        near += ["CUPEL_SECRET_", "CUPEL_SECRET_" + String(repeating: "C", count: 17)]
        near.append(String(good.prefix(20)) + "C" + String(good.dropFirst(20)))
        for text in near where text != good {
            let bytes = Array(text.utf8)
            #expect(PlaceholderRestorer.restore(bytes, redaction.placeholders) == bytes, "\(text)")
            #expect(stream(bytes.indices.map { bytes[$0...$0] }, redaction.placeholders) == bytes)
            let start = String(text.prefix(12))
            let before = Array("\(start)\(good)\(text)".utf8)
            let expected = Array("\(start)hunter2\(text)".utf8)
            #expect(PlaceholderRestorer.restore(before, redaction.placeholders) == expected, "\(text)")
        }
    }

    @Test(arguments: secrets)
    func `inside JSON, and JSON inside JSON, a secret comes back escaped as often`(_ secret: String) throws {
        let redaction = redacted(secret)
        let placeholder = String(decoding: redaction.texts[0], as: UTF8.self)
        let arguments = JSON(dictionaryLiteral: ("key", .string("a \(placeholder) b"))).bytes()
        for split in 0...arguments.count {
            let restored = stream(
                [arguments[..<split], arguments[split...]],
                redaction.placeholders,
                escapes: 1
            )
            let json = try JSON(parsing: restored)
            #expect(json["key"]?.stringValue == "a \(secret) b")
        }
        let wire = JSON.string(String(decoding: arguments, as: UTF8.self)).bytes()
        let twice = PlaceholderRestorer.restore(wire, redaction.placeholders, escapes: 2)
        let inner = try #require(try JSON(parsing: twice).stringValue)
        #expect(try JSON(parsing: inner)["key"]?.stringValue == "a \(secret) b")
    }

    @Test func `a piece without the first byte of a placeholder passes without a copy`() {
        var restorer = PlaceholderRestorer(redacted("hunter2").placeholders)
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        let before = piece.withUnsafeBytes { $0.baseAddress }
        let output = restorer.feed(piece)
        #expect(output.withUnsafeBytes { $0.baseAddress } == before)
        let lookalike = Array("CUPEL is a CUP".utf8) + piece
        let start = lookalike.withUnsafeBytes { $0.baseAddress }
        let same = restorer.feed(lookalike)
        #expect(same.withUnsafeBytes { $0.baseAddress } == start)
    }

    @Test func `without secrets everything passes at once, the beginning of a placeholder too`() {
        var restorer = PlaceholderRestorer(Placeholders(nonce: 1))
        #expect(restorer.feed(Array("CUPEL_SEC".utf8)) == Array("CUPEL_SEC".utf8))
        #expect(restorer.heldBytes == 0)
    }

    @Test func `random streams come back as they went out, whatever stands in them`() {
        var generator = SplitMix(seed: 21)
        let pieces = Self.secrets + ["C", "CU", "CUPEL_SECRET_0123456789ab_0000", "_", "0", "\u{20AC}", "plain text "]
        for _ in 0..<400 {
            let text = (0..<Int.random(in: 0...30, using: &generator))
                .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            let redaction = redacted(text)
            let out = redaction.texts[0]
            let split = Int.random(in: 0...out.count, using: &generator)
            #expect(stream([out[..<split], out[split...]], redaction.placeholders) == Array(text.utf8))
        }
    }
}
