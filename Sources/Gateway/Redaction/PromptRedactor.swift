/// Takes secrets out of prompts, reversibly.
package struct PromptRedactor: Sendable {
    /// Finds the secrets of a text; ranges may overlap and come in any order.
    package typealias Find = @Sendable ([UInt8]) -> [SecretSpan]

    /// What happens to what is found.
    package let mode: RedactionMode
    private let find: Find

    /// A redactor over a way to find secrets.
    package init(mode: RedactionMode, find: @escaping Find) {
        self.mode = mode
        self.find = find
    }

    /// Looks through the texts of one call: prompts, arguments of tools and their results.
    package func redact(_ texts: [[UInt8]]) -> Redaction {
        var generator = SystemRandomNumberGenerator()
        return redact(texts, using: &generator)
    }

    /// Looks through the texts of one call.
    /// - Parameter generator: where the placeholders' unguessable part comes from. One that gives the same for the same
    ///   conversation keeps the upstream's prompt cache warm; it must be as hard to guess.
    package func redact(_ texts: [[UInt8]], using generator: inout some RandomNumberGenerator) -> Redaction {
        var redaction = Redaction(
            texts: texts,
            changed: [],
            findings: [],
            placeholders: Placeholders(nonce: 0),
            isBlocked: false
        )
        guard mode != .off else { return redaction }
        var found: [(text: Int, ranges: [Range<Int>])] = []
        for (index, text) in texts.enumerated() {
            let spans = find(text).compactMap { Self.whole($0, in: text) }
            if spans.isEmpty { continue }
            redaction.findings += spans.map { RedactionFinding(text: index, rule: $0.rule, bytes: $0.range.count) }
            found.append((index, Self.merged(spans.map(\.range))))
        }
        if mode == .block { redaction.isBlocked = !found.isEmpty }
        guard mode == .redact, !found.isEmpty else { return redaction }
        guard let placeholders = Self.placeholders(for: texts, using: &generator) else {
            redaction.isBlocked = true
            return redaction
        }
        redaction.placeholders = placeholders
        for (index, ranges) in found {
            guard let text = Self.replace(ranges, in: texts[index], &redaction.placeholders) else {
                // More secrets than placeholders: nothing may go out.
                redaction.isBlocked = true
                return redaction
            }
            redaction.texts[index] = text
            redaction.changed.append(index)
        }
        return redaction
    }

    private static func replace(_ ranges: [Range<Int>], in text: [UInt8], _ placeholders: inout Placeholders)
        -> [UInt8]?
    {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var at = 0
        for range in ranges {
            guard let placeholder = placeholders.placeholder(for: text[range]) else { return nil }
            result += text[at..<range.lowerBound]
            result += placeholder
            at = range.upperBound
        }
        return result + text[at...]
    }

    /// Placeholders whose beginning stands in none of the texts; none after many tries, which only a prompt that knows
    /// what the generator gives can bring about.
    private static func placeholders(for texts: [[UInt8]], using generator: inout some RandomNumberGenerator)
        -> Placeholders?
    {
        for _ in 0..<16 {
            let placeholders = Placeholders(nonce: generator.next())
            if !texts.contains(where: { ByteSearch.contains(placeholders.prefix, in: $0) }) { return placeholders }
        }
        return nil
    }

    /// A span within the text, widened to whole characters, so that what is left of the text stays valid UTF-8.
    private static func whole(_ span: SecretSpan, in text: [UInt8]) -> SecretSpan? {
        var lower = max(span.range.lowerBound, 0)
        var upper = min(span.range.upperBound, text.count)
        guard lower < upper else { return nil }
        while lower > 0, text[lower] & 0xC0 == 0x80 { lower -= 1 }
        while upper < text.count, text[upper] & 0xC0 == 0x80 { upper += 1 }
        return SecretSpan(lower..<upper, rule: span.rule)
    }

    /// The ranges in order, those that overlap as one.
    private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
            if let last = result.last, range.lowerBound < last.upperBound {
                result[result.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }
}
