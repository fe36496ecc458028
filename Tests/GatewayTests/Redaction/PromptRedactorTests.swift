import CupelCore
import Testing

@testable import Gateway

/// Finds every occurrence of given words, as the real engine finds secrets.
func wordFinder(_ words: [String]) -> PromptRedactor.Find {
    let needles = words.map { Array($0.utf8) }
    return { text in
        needles.enumerated().flatMap { number, needle in
            text.indices.filter { text[$0...].starts(with: needle) }.map {
                SecretSpan($0..<($0 + needle.count), rule: "rule-\(number)")
            }
        }
    }
}

@Suite struct PromptRedactorTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `a secret goes out as a placeholder, the same one wherever it stands`() throws {
        let redactor = PromptRedactor(mode: .redact, find: wordFinder(["hunter2", "swordfish"]))
        let redaction = redactor.redact(["key hunter2!", "none", "hunter2 and swordfish"].map(bytes))
        #expect(redaction.changed == [0, 2])
        #expect(redaction.texts[1] == bytes("none"))
        #expect(redaction.placeholders.count == 2)
        #expect(redaction.findings.count == 3)
        #expect(redaction.rules == ["rule-0", "rule-1"])
        let first = try #require(text(redaction.texts[0]).split(separator: " ").last)
        #expect(first.hasPrefix("CUPEL_SECRET_") && first.hasSuffix("_0000!"))
        #expect(text(redaction.texts[2]).hasPrefix(first.dropLast()))
        #expect(!redaction.isBlocked)
        #expect(redaction.texts.allSatisfy { !text($0).contains("hunter2") && !text($0).contains("swordfish") })
    }

    @Test func `what goes out is ASCII that JSON does not escape`() throws {
        let redaction = PromptRedactor(mode: .redact, find: wordFinder(["s\u{E9}cret"])).redact([
            bytes("a s\u{E9}cret b")
        ])
        let out = text(redaction.texts[0])
        #expect(JSON.string(out).text() == "\"\(out)\"")
        #expect(out.utf8.count == "a  b".utf8.count + Placeholders.length)
    }

    @Test func `no two calls use the same placeholder`() {
        let redactor = PromptRedactor(mode: .redact, find: wordFinder(["hunter2"]))
        let outputs = (0..<100).map { _ in redactor.redact([bytes("hunter2")]).texts[0] }
        #expect(Set(outputs).count == 100)
    }

    @Test func `a placeholder never stands in the prompt already`() {
        // A prompt that knows what the generator will give first.
        var guess = SplitMix(seed: 5)
        let taken = Placeholders(nonce: guess.next()).prefix
        var generator = SplitMix(seed: 5)
        let redactor = PromptRedactor(mode: .redact, find: wordFinder(["hunter2"]))
        let redaction = redactor.redact([taken + bytes("0000 hunter2")], using: &generator)
        #expect(redaction.placeholders.prefix != taken)
        let restored = PlaceholderRestorer.restore(redaction.texts[0], redaction.placeholders)
        #expect(restored == taken + bytes("0000 hunter2"))
    }

    @Test(arguments: RedactionMode.allCases)
    func `each mode does what it says`(_ mode: RedactionMode) {
        let redaction = PromptRedactor(mode: mode, find: wordFinder(["hunter2"])).redact([bytes("a hunter2")])
        #expect(redaction.findings.isEmpty == (mode == .off))
        #expect(redaction.isBlocked == (mode == .block))
        #expect((redaction.texts[0] == bytes("a hunter2")) == (mode != .redact))
        #expect(redaction.placeholders.isEmpty == (mode != .redact))
    }

    @Test func `overlapping, nested, touching and impossible ranges are one secret, two, or none`() {
        func out(_ ranges: [Range<Int>]) -> [UInt8] {
            let redactor = PromptRedactor(mode: .redact) { _ in ranges.map { SecretSpan($0, rule: "r") } }
            return redactor.redact([bytes("0123456789")]).texts[0]
        }
        let length = Placeholders.length
        #expect(out([2..<6, 4..<8]).count == 4 + length)
        #expect(out([2..<8, 4..<5]).count == 4 + length)
        #expect(out([4..<8, 2..<4]).count == 4 + 2 * length)
        #expect(out([8..<99]).count == 8 + length)
        #expect(out([5..<5]).count == 10)
        #expect(out([-3..<2]).count == 8 + length)
        #expect(out([20..<30]).count == 10)
    }

    @Test func `a range within a character takes the whole character`() throws {
        let redactor = PromptRedactor(mode: .redact) { _ in [SecretSpan(2..<3, rule: "r")] }
        let prompt = bytes("a\u{20AC}b")
        let redaction = redactor.redact([prompt])
        #expect(String(validating: redaction.texts[0], as: UTF8.self) != nil)
        #expect(PlaceholderRestorer.restore(redaction.texts[0], redaction.placeholders) == prompt)
    }

    @Test func `more secrets than there are placeholders block the call`() {
        func isBlocked(_ count: Int) -> Bool {
            let prompt = (0..<count).flatMap { number in [12, 6, 0].map { UInt8(0x30 + (number >> $0 & 63)) } }
            let redactor = PromptRedactor(mode: .redact) { _ in
                (0..<count).map { SecretSpan($0 * 3..<$0 * 3 + 3, rule: "r") }
            }
            return redactor.redact([prompt]).isBlocked
        }
        #expect(!isBlocked(Placeholders.most))
        #expect(isBlocked(Placeholders.most + 1))
    }

    @Test func `nothing prints a secret`() {
        let redaction = PromptRedactor(mode: .redact, find: wordFinder(["hunter2"])).redact([bytes("a hunter2")])
        var dumped = "\(redaction.placeholders) \(String(reflecting: redaction.placeholders)) \(redaction)"
        dump(redaction, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(!dumped.contains(bytes("hunter2").map { String($0) }.joined(separator: ", ")))
    }
}
