import CupelCore

/// Turns hits into findings: drops what a better rule also found, places them, masks them, hears `cupel:allow`.
struct FindingWriter {
    let rules: [CompiledRule]
    let text: UnsafeRawBufferPointer
    let path: String

    /// The category whose rules give way to any other that found the same text.
    static let weakestCategory = "context"

    mutating func write(_ hits: [Hit]) -> Scan {
        let kept = withoutOverlaps(hits)
        guard !kept.isEmpty else { return Scan() }
        let masked = kept.filter { rules[$0.rule].rule.layer == .secrets }.map(\.value)
        let excerpts = ExcerptWriter(text: text, masked: masked)
        var cursor = LineCursor(text)
        var scan = Scan()
        for hit in kept.sorted(by: { ($0.place, $0.rule) < ($1.place, $1.rule) }) {
            let rule = rules[hit.rule].rule
            let place = cursor.place(of: hit.place)
            let allow = AllowComment.around(line: place.lineStart, in: text, rule: rule.id)
            if let allow, !allow.reason.isEmpty {
                scan.allowances.append(Allowance(rule: rule.id, path: path, line: place.line, reason: allow.reason))
                continue
            }
            var message = "This looks like \(rule.description)"
            if !hit.note.isEmpty { message += "; \(hit.note)" }
            if allow != nil { message += "; the cupel:allow beside it needs a reason to count" }
            scan.findings.append(
                Finding(
                    rule: rule.id,
                    layer: rule.layer,
                    severity: hit.severity,
                    path: path,
                    line: place.line,
                    column: place.column,
                    excerpt: excerpts.excerpt(of: hit.place..<hit.value.upperBound, lineStart: place.lineStart),
                    fingerprint: fingerprint(rule.id, hit.value),
                    message: message
                )
            )
        }
        return scan
    }

    /// By place; of overlapping secrets the better rule's stays.
    func withoutOverlaps(_ hits: [Hit]) -> [Hit] {
        let sorted = hits.sorted {
            ($0.value.lowerBound, rank($0), $0.rule) < ($1.value.lowerBound, rank($1), $1.rule)
        }
        var kept: [Hit] = []
        for hit in sorted {
            guard let last = kept.last, last.value.overlaps(hit.value), isSecret(last), isSecret(hit) else {
                kept.append(hit)
                continue
            }
            if rank(hit) < rank(last) { kept[kept.count - 1] = hit }
        }
        return kept
    }

    private func isSecret(_ hit: Hit) -> Bool { rules[hit.rule].rule.layer == .secrets }

    private func rank(_ hit: Hit) -> Int { rules[hit.rule].rule.category == Self.weakestCategory ? 1 : 0 }

    /// A hash of rule, path and 16 bits of the secret's own hash: enough to tell two secrets of a file apart, too
    /// little to confirm a guess at a password.
    private func fingerprint(_ rule: String, _ value: Range<Int>) -> String {
        let hint = Digest(of: text[value]).hex.prefix(4)
        return Self.fingerprint(rule, path: path, hint: String(hint))
    }

    static func fingerprint(_ rule: String, path: String, hint: String) -> String {
        String(Digest(of: "cupel-finding-1\u{1F}\(rule)\u{1F}\(path)\u{1F}\(hint)").hex.prefix(32))
    }
}

/// Counts lines and columns while offsets grow.
struct LineCursor {
    /// Where an offset stands: line and column from 1, and the offset of its line's first byte.
    struct Place {
        var line: Int
        var column: Int
        var lineStart: Int
    }

    private let text: UnsafeRawBufferPointer
    private var at = 0
    private var line = 1
    private var lineStart = 0
    private var scalars = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// The place of an offset, which is not before the one asked for last.
    mutating func place(of offset: Int) -> Place {
        while at < offset {
            if text[at] == 0x0A {
                line += 1
                lineStart = at + 1
                scalars = 0
            } else if text[at] & 0xC0 != 0x80 {
                scalars += 1
            }
            at += 1
        }
        return Place(line: line, column: scalars + 1, lineStart: lineStart)
    }
}
