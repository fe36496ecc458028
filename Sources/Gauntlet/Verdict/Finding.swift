/// One rule that matched at one place. It never holds the secret it found.
package struct Finding: Sendable, Hashable {
    /// The rule's identifier, as `github-token`.
    package var rule: String
    /// The layer the rule belongs to.
    package var layer: Layer
    /// How bad it is, after the confirm steps.
    package var severity: Severity
    /// The file, as the caller named it.
    package var path: String
    /// The line, from 1.
    package var line: Int
    /// The column in Unicode code points, from 1.
    package var column: Int
    /// The line with what was found masked.
    package var excerpt: Excerpt
    /// Names the same finding from scan to scan; 32 hexadecimal digits that do not give the secret away.
    package var fingerprint: String
    /// What was found, in a sentence for a person.
    package var message: String

    /// A finding; the engine makes them.
    package init(
        rule: String,
        layer: Layer,
        severity: Severity,
        path: String,
        line: Int,
        column: Int,
        excerpt: Excerpt,
        fingerprint: String,
        message: String
    ) {
        self.rule = rule
        self.layer = layer
        self.severity = severity
        self.path = path
        self.line = line
        self.column = column
        self.excerpt = excerpt
        self.fingerprint = fingerprint
        self.message = message
    }
}

/// A line made safe to show, and which part of it the finding is about.
package struct Excerpt: Sendable, Hashable {
    /// The masked line, at most 240 code points and free of control characters.
    package var text: String
    /// Where the mask or the matched part begins, in code points from 0.
    package var start: Int
    /// How many code points it covers.
    package var length: Int

    /// An excerpt of a masked line.
    package init(text: String, start: Int, length: Int) {
        self.text = text
        self.start = start
        self.length = length
    }
}

/// A finding that a `cupel:allow` comment with a reason lets pass.
package struct Allowance: Sendable, Hashable {
    /// The rule that matched.
    package var rule: String
    /// The file, as the caller named it.
    package var path: String
    /// The line of what was allowed, from 1.
    package var line: Int
    /// The reason that stands in the comment.
    package var reason: String

    /// An allowance; the engine makes them.
    package init(rule: String, path: String, line: Int, reason: String) {
        self.rule = rule
        self.path = path
        self.line = line
        self.reason = reason
    }
}
