package import CupelCore
package import Policy

/// What a policy makes of a file, a finding or a licence, step by step, with the line of the file that says so.
package struct PolicyExplanation: Sendable, Hashable {
    /// One thing that took part.
    package struct Step: Sendable, Hashable {
        /// What was decided, in words for a person.
        package var words: String
        /// The member of the section `artefacts` that decides, as `rules.off[0]`; `nil` for a default.
        package var setting: String?
        /// Where it stands in the file.
        package var location: PolicyLocation?
    }

    /// What is explained.
    package var subject: String
    /// What the policy makes of it.
    package var verdict: Verdict
    /// How it came to that; the last step decides.
    package var steps: [Step] = []

    init(_ subject: String, _ verdict: Verdict = .pass) {
        self.subject = subject
        self.verdict = verdict
    }

    mutating func add(_ words: String, _ setting: String? = nil, in policy: ArtefactPolicy) {
        steps.append(Step(words: words, setting: setting, location: setting.flatMap { policy.places[$0] }))
    }

    /// For a person: the verdict, then a line a step, with the place in the file.
    /// - Parameter file: What the policy's file is called; `nil` where there is none.
    package func text(file: String?) -> String {
        let lines = steps.map { step in
            let place = step.location.map { "\(file ?? "policy"):\($0.line):\($0.column)" } ?? "default"
            return "  \(place)  \(step.words)" + (step.setting.map { " (artefacts.\($0))" } ?? "") + "\n"
        }
        return "\(verdict.rawValue): \(subject)\n" + lines.joined()
    }

    /// The explanation as it is sent.
    package var json: JSON {
        [
            "subject": .string(subject), "verdict": .string(verdict.rawValue),
            "steps": .array(
                steps.map { step in
                    [
                        "words": .string(step.words),
                        "setting": step.setting.map { .string("artefacts." + $0) } ?? .null,
                        "line": step.location.map { .integer(Int64($0.line)) } ?? .null,
                        "column": step.location.map { .integer(Int64($0.column)) } ?? .null,
                    ]
                }
            ),
        ]
    }
}

/// Explains what a policy decides. It decides nothing itself: verdicts come from where scans take them.
package struct PolicyExplainer: Sendable {
    private let artefacts: ArtefactPolicy
    private let policy: VerdictPolicy
    private let index: LicenceIndex?
    private let now: Timestamp

    /// An explainer of a policy's section at a moment.
    package init(_ artefacts: ArtefactPolicy, index: LicenceIndex? = .builtIn, at now: Timestamp) {
        self.artefacts = artefacts
        policy = VerdictPolicy(artefacts)
        self.index = index
        self.now = now
    }

    /// What becomes of findings of a rule in a file.
    /// - Parameters:
    ///   - path: The file, from the root of what is scanned; `nil` for any.
    ///   - fingerprint: Of one finding; exceptions for one finding speak of no other.
    package func explain(
        rule: String,
        layer: Layer,
        severity: Severity,
        path: String? = nil,
        fingerprint: String = ""
    ) -> PolicyExplanation {
        var result = PolicyExplanation(path.map { "\(rule) in \($0)" } ?? rule)
        if let path, ignored(path, &result) { return result }
        if let off = artefacts.rulesOff.firstIndex(where: { $0.matches(rule) }) {
            result.add("the rule is switched off, so it is never looked for", setting("rules.off", off), in: artefacts)
            return result
        }
        let changed = policy.severities[rule]
        if let changed {
            let words = "the policy makes its severity \(changed.rawValue), which is \(severity.rawValue) by itself"
            result.add(words, "rules.severity.\(rule)", in: artefacts)
        } else {
            result.add("its severity is \(severity.rawValue), as the rule says", in: artefacts)
        }
        let finding = Finding(
            rule: rule,
            layer: layer,
            severity: changed ?? severity,
            path: path ?? "",
            line: 1,
            column: 1,
            excerpt: Excerpt(text: "", start: 0, length: 0),
            fingerprint: fingerprint,
            message: ""
        )
        if path != nil, isExcepted(finding, &result) { return result }
        judge(finding, &result)
        return result
    }

    /// What becomes of a licence, as an SPDX expression.
    package func explain(licence expression: LicenceExpression) -> PolicyExplanation {
        guard let index else { return PolicyExplanation("\(expression)", policy.licences.unknown) }
        var result = PolicyExplanation("\(expression)", policy.licences.verdict(for: expression, index: index))
        for name in expression.identifiers.sorted() { explain(name, &result, index) }
        switch expression {
        case .any: result.add("of what one may choose from, the best counts: \(result.verdict.rawValue)", in: artefacts)
        case .all: result.add("of what holds together, the strictest counts: \(result.verdict.rawValue)", in: artefacts)
        case .licence, .with: break
        }
        guard result.verdict > .pass else { return result }
        let finding = Finding(
            rule: LicenceFindings.rule(for: expression),
            layer: .licence,
            severity: result.verdict == .block ? .high : .medium,
            path: "",
            line: 1,
            column: 1,
            excerpt: Excerpt(text: "", start: 0, length: 0),
            fingerprint: "",
            message: ""
        )
        let words = "it gives the finding \(finding.rule) of severity \(finding.severity.rawValue)"
        result.add(words, in: artefacts)
        judge(finding, &result)
        return result
    }

    /// What becomes of a file whose findings are known: one explanation of the file, then one a finding.
    package func explain(_ assay: Assay, path: String) -> [PolicyExplanation] {
        var file = PolicyExplanation(path, assay.verdict)
        if ignored(path, &file) {
            file.verdict = .pass
            return [file]
        }
        if let quality = assay.quality {
            let least = policy.leastQuality
            let isLow = quality.value < least
            let words =
                "its quality is \(quality.shown), "
                + (isLow ? "below \(least): that is a finding" : "and \(least) is the least: no finding")
            file.add(words, artefacts.leastQuality == nil ? nil : "quality.least", in: artefacts)
        }
        if let licence = assay.licence { file.add("it says that it is under \(licence)", in: artefacts) }
        for allowance in assay.allowances {
            file.add("line \(allowance.line): \(allowance.rule) is let pass: \(allowance.reason)", in: artefacts)
        }
        file.add(assay.reason, in: artefacts)
        return [file]
            + assay.findings.map { finding in
                var one = explain(
                    rule: finding.rule,
                    layer: finding.layer,
                    severity: finding.severity,
                    path: path,
                    fingerprint: finding.fingerprint
                )
                one.subject = "\(finding.rule) at \(path):\(finding.line)"
                return one
            }
    }

    private func setting(_ list: String, _ index: Int) -> String {
        // One pattern may stand alone, without brackets.
        artefacts.places["\(list)[\(index)]"] == nil ? list : "\(list)[\(index)]"
    }

    private func ignored(_ path: String, _ result: inout PolicyExplanation) -> Bool {
        let relative = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        let parts = relative.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        for (index, line) in artefacts.ignoredPaths.enumerated().reversed() {
            guard let pattern = GlobPattern(line: line) else { continue }
            let matches = (1...max(1, parts.count)).contains {
                pattern.matches(Array(parts.prefix($0)), isDirectory: $0 < parts.count)
            }
            guard matches else { continue }
            if pattern.isNegated { return false }
            result.add("the file is not looked at in a tree", setting("paths.ignore", index), in: artefacts)
            return true
        }
        return false
    }

    private func isExcepted(_ finding: Finding, _ result: inout PolicyExplanation) -> Bool {
        // The places of exceptions are those of the file; one whose path is no pattern was left out.
        for (index, stated) in artefacts.exceptions.enumerated() {
            guard
                let exception = FindingException(
                    rule: stated.rule,
                    path: stated.path,
                    fingerprint: stated.fingerprint,
                    reason: stated.reason,
                    owner: stated.owner,
                    expires: stated.expires
                ), exception.covers(finding)
            else { continue }
            let day = (stated.expires + .seconds(-1)).description.prefix(10)
            if stated.expires > now {
                let words = "an exception of \(stated.owner) lets it pass until \(day): \(stated.reason)"
                result.add(words, "exceptions[\(index)]", in: artefacts)
                result.verdict = .pass
                return true
            }
            result.add("an exception of \(stated.owner) ended on \(day)", "exceptions[\(index)]", in: artefacts)
        }
        return false
    }

    private func judge(_ finding: Finding, _ result: inout PolicyExplanation) {
        result.verdict = policy.verdict(for: finding)
        let layer = finding.layer.rawValue
        let thresholds = policy.thresholds[finding.layer]
        let stated = artefacts.thresholds[layer] != nil
        func threshold(_ severity: Severity?) -> String { severity?.rawValue ?? "never" }
        let words =
            switch result.verdict {
            case .block: "the layer \(layer) blocks from \(threshold(thresholds?.block)) on"
            case .review: "the layer \(layer) asks for a person from \(threshold(thresholds?.review)) on"
            case .pass: "the layer \(layer) asks for a person only from \(threshold(thresholds?.review)) on"
            }
        let key = result.verdict == .block ? "block" : "review"
        result.add(words, stated ? "thresholds.\(layer).\(key)" : nil, in: artefacts)
    }

    private func explain(_ name: String, _ result: inout PolicyExplanation, _ index: LicenceIndex) {
        let licences = artefacts.licences
        let lists = [("block", licences.block), ("review", licences.review), ("allow", licences.allow)]
        for (list, globs) in lists {
            guard let place = globs.firstIndex(where: { LicencePolicy.fits(name, $0) }) else { continue }
            let outcome = list == "allow" ? "passes" : list == "review" ? "is looked at by a person" : "blocks"
            result.add("\(name) \(outcome), as the list says", setting("licences.\(list)", place), in: artefacts)
            return
        }
        if let with = name.firstRange(of: " WITH ") {
            explain(String(name[..<with.lowerBound]), &result, index)
            let words = "the exception \(name[with.upperBound...]) opens it in part: a person says which, at most"
            return result.add(words, in: artefacts)
        }
        let verdict = policy.licences.verdict(of: name, index: index)
        let bare = name.hasSuffix("+") ? String(name.dropLast()) : name
        if let family = LicencePolicy.family(of: bare) {
            return result.add("\(name) is of the family \(family.glob): \(verdict.rawValue)", in: artefacts)
        }
        guard let category = index.category(of: bare) else {
            let setting = licences.unknown == nil ? nil : "licences.unknown"
            return result.add("\(name) is no licence that is known: \(verdict.rawValue)", setting, in: artefacts)
        }
        result.add("\(name) is of the sort \(category): \(verdict.rawValue)", in: artefacts)
    }
}
