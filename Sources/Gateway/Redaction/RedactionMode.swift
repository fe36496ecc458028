/// What happens to a secret that is found in a prompt.
package enum RedactionMode: String, Sendable, Hashable, CaseIterable {
    /// It is not looked for.
    case off
    /// It is counted and sent.
    case observe
    /// A placeholder goes out in its place, and it comes back into the answer.
    case redact
    /// The call is refused.
    case block
}

/// A secret in a text.
package struct SecretSpan: Sendable, Hashable {
    /// Where it stands, in bytes.
    package var range: Range<Int>
    /// The rule that found it.
    package var rule: String

    /// A secret in a text.
    package init(_ range: Range<Int>, rule: String) {
        self.range = range
        self.rule = rule
    }
}

/// A secret that was found, for records: without itself.
package struct RedactionFinding: Sendable, Hashable {
    /// The text that it stands in, by its place in the list.
    package var text: Int
    /// The rule that found it.
    package var rule: String
    /// Its length in bytes.
    package var bytes: Int
}

/// What was found in a prompt, and what may go out.
package struct Redaction: Sendable {
    /// The texts as they may go out; those without a finding are the same as before.
    package var texts: [[UInt8]]
    /// Which texts are not as they were.
    package var changed: [Int]
    /// What was found.
    package var findings: [RedactionFinding]
    /// What stands for each secret, to bring it back.
    package var placeholders: Placeholders
    /// Whether the call must be refused.
    package var isBlocked: Bool

    /// The rules that found something, each once, in order.
    package var rules: [String] {
        findings.reduce(into: []) { rules, finding in
            if !rules.contains(finding.rule) { rules.append(finding.rule) }
        }
    }
}
