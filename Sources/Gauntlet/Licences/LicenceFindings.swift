import CupelCore

/// Turns what was found of licences into findings, as far as the policy minds.
package struct LicenceFindings {
    let policy: LicencePolicy
    let index: LicenceIndex

    /// Findings under a policy.
    package init(policy: LicencePolicy, index: LicenceIndex) {
        self.policy = policy
        self.index = index
    }

    /// The findings of one file: one for each licence that is reviewed or blocks, at the place that says it best.
    ///
    /// A mention licenses nothing by itself: its finding is of low severity, whatever the policy says of the licence.
    package func write(_ matches: [LicenceMatch], text: UnsafeRawBufferPointer, path: String) -> Scan {
        var scan = Scan()
        var strongest: [LicenceExpression: LicenceMatch] = [:]
        for match in matches where verdict(of: match) > .pass {
            let key = match.expression.normalised
            if let other = strongest[key], other.kind.rank <= match.kind.rank { continue }
            strongest[key] = match
        }
        guard !strongest.isEmpty else { return scan }
        let told = strongest.values.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        let excerpts = ExcerptWriter(text: text, masked: [])
        var cursor = LineCursor(text)
        for match in told {
            let verdict = verdict(of: match)
            let place = cursor.place(of: match.range.lowerBound)
            let rule = Self.rule(for: match.expression)
            if let allow = AllowComment.around(line: place.lineStart, in: text, rule: rule), !allow.reason.isEmpty {
                scan.allowances.append(Allowance(rule: rule, path: path, line: place.line, reason: allow.reason))
                continue
            }
            scan.findings.append(
                Finding(
                    rule: rule,
                    layer: .licence,
                    severity: isMention(match) ? .low : verdict == .block ? .high : .medium,
                    path: path,
                    line: place.line,
                    column: place.column,
                    excerpt: excerpts.excerpt(of: match.range, lineStart: place.lineStart),
                    fingerprint: Self.fingerprint(rule, match.expression, path),
                    message: isMention(match) ? Self.mention(match) : Self.message(match, verdict)
                )
            )
        }
        return scan
    }

    /// What the policy says of one match.
    package func verdict(of match: LicenceMatch) -> Verdict {
        // "See the file LICENSE" says where to look, and that file is looked at.
        let isIndefinite = match.expression.identifiers.allSatisfy(LicenceExpression.isIndefinite)
        if isIndefinite && match.kind != .text { return .pass }
        return policy.verdict(for: match.expression, index: index)
    }

    /// Whether a match speaks of a licence without putting anything under it.
    private func isMention(_ match: LicenceMatch) -> Bool { match.kind == .reference || match.score < 0.5 }

    /// The rule is named for the family, without its version.
    static func rule(for expression: LicenceExpression) -> String {
        let first =
            switch expression {
            case .licence(let name), .with(let name, _): name
            case .all(let parts), .any(let parts): parts.flatMap(\.identifiers).min() ?? "unknown"
            }
        if LicenceExpression.isIndefinite(first) { return "licence-unknown" }
        let bare = first.replacing("LicenseRef-scancode-", with: "").replacing("LicenseRef-", with: "")
        let words = bare.lowercased().split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
        let family = words.prefix { $0.first?.isLetter ?? false }
        return "licence-" + (family.isEmpty ? words : Array(family)).prefix(3).joined(separator: "-")
    }

    private static func fingerprint(_ rule: String, _ expression: LicenceExpression, _ path: String) -> String {
        String(Digest(of: [rule, expression.normalised.description, path].joined(separator: "\u{1F}")).hex.prefix(32))
    }

    private static func mention(_ match: LicenceMatch) -> String {
        "This mentions \(match.expression), which alone puts nothing under it; look whether something here is"
    }

    private static func message(_ match: LicenceMatch, _ verdict: Verdict) -> String {
        let manner =
            switch match.kind {
            case .text: "This is the text of"
            case .notice: "This puts the file under"
            case .tag: "This tag names"
            case .manifest: "This manifest declares"
            case .reference: "This mentions"
            }
        let advice =
            verdict == .block
            ? "the policy does not let it in: take it out, or allow the licence in the policy if you may use it so"
            : "look whether its terms suit you, and allow the licence in the policy if they do"
        return "\(manner) \(match.expression); \(advice)"
    }
}

extension LicenceMatch.Kind {
    /// The lower, the more it says.
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
