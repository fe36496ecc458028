package import CupelCore

/// Findings that a policy lets pass until a day, and who answers for it.
package struct FindingException: Sendable, Hashable {
    /// The rules, by identifier.
    package var rule: Glob
    /// The files, as `.gitignore` writes them.
    package var path: String
    /// One finding alone; `nil` for all of the rule in the files.
    package var fingerprint: String?
    package var reason: String
    package var owner: String
    /// The first moment at which it no longer holds.
    package var expires: Timestamp
    private let pattern: GlobPattern

    /// An exception; `nil` when the path is no pattern.
    package init?(
        rule: Glob,
        path: String,
        fingerprint: String? = nil,
        reason: String,
        owner: String,
        expires: Timestamp
    ) {
        guard let pattern = GlobPattern(line: path), !pattern.isNegated else { return nil }
        self.rule = rule
        self.path = path
        self.fingerprint = fingerprint
        self.reason = reason
        self.owner = owner
        self.expires = expires
        self.pattern = pattern
    }

    /// Whether it is about a finding, whenever that is.
    /// - Parameter root: What was scanned; the finding's path begins with it, the exception's does not.
    package func covers(_ finding: Finding, below root: String = ".") -> Bool {
        guard rule.matches(finding.rule), fingerprint.map({ $0 == finding.fingerprint }) ?? true else { return false }
        let prefix = root.hasSuffix("/") ? root : root + "/"
        let isBelow = finding.path.hasPrefix(prefix)
        return covers(path: isBelow ? String(finding.path.dropFirst(prefix.count)) : finding.path)
    }

    /// Whether it is about a file, or about a directory that the file lies in.
    package func covers(path: String) -> Bool {
        let relative = path.hasPrefix("./") ? path.dropFirst(2) : path[...]
        let parts = relative.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        guard !parts.isEmpty else { return false }
        return pattern.matches(parts, isDirectory: false)
            || (1..<parts.count).contains { pattern.matches(Array(parts.prefix($0)), isDirectory: true) }
    }
}

/// An exception or a known finding that no longer does anything.
package struct StaleException: Sendable, Hashable {
    /// Why it does nothing.
    package enum Cause: String, Sendable, Hashable, CaseIterable {
        /// Its day is over; what it covered counts again.
        case expired
        /// It matches no finding of this scan.
        case unused
    }

    package var exception: FindingException
    package var cause: Cause
}

/// What is left of findings once exceptions and a baseline are taken into account.
package struct FilteredFindings: Sendable, Hashable {
    /// What counts.
    package var findings: [Finding] = []
    /// What an exception lets pass, with its reason and its owner.
    package var allowances: [Allowance] = []
    /// How many were known before.
    package var known = 0
    /// Exceptions that do nothing, in the order of the policy.
    package var stale: [StaleException] = []
    /// Fingerprints of the baseline that were not found again.
    package var gone = 0
}

extension VerdictPolicy {
    /// Takes out what the exceptions in force cover and what a baseline knows.
    /// - Parameter root: What was scanned, so that exceptions name files from there.
    package func filter(
        _ findings: [Finding],
        below root: String = ".",
        baseline: Baseline? = nil,
        at now: Timestamp
    ) -> FilteredFindings {
        var result = FilteredFindings()
        var used = [Bool](repeating: false, count: exceptions.count)
        var seen: Set<String> = []
        for var finding in findings {
            finding.severity = severities[finding.rule] ?? finding.severity
            if let index = exceptions.firstIndex(where: { $0.expires > now && $0.covers(finding, below: root) }) {
                used[index] = true
                let exception = exceptions[index]
                result.allowances.append(
                    Allowance(
                        rule: finding.rule,
                        path: finding.path,
                        line: finding.line,
                        reason: "\(exception.reason) (policy; \(exception.owner))"
                    )
                )
            } else if baseline?.fingerprints.contains(finding.fingerprint) == true {
                seen.insert(finding.fingerprint)
                result.known += 1
            } else {
                result.findings.append(finding)
            }
        }
        result.gone = (baseline?.fingerprints.count ?? 0) - seen.count
        for (exception, isUsed) in zip(exceptions, used) where !isUsed {
            result.stale.append(
                StaleException(exception: exception, cause: exception.expires > now ? .unused : .expired)
            )
        }
        return result
    }
}
