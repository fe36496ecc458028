import CupelCore

/// What the scan of a tree found and did not look at.
package struct TreeReport: Sendable, Hashable {
    /// A file that may say what the tree is under.
    struct Declaration: Sendable, Hashable {
        var path: String
        var matches: [LicenceMatch]
    }

    /// What was found, by path, line and column.
    package var findings: [Finding] = []
    /// What comments with a reason let pass.
    package var allowances: [Allowance] = []
    /// What was not looked at, by path; at most ``TreeOptions/maximumProblems``.
    package var problems: [TreeProblem] = []
    /// How many files were passed over, by kind; complete even where ``problems`` is not.
    package var passedOver: [TreeProblem.Kind: Int] = [:]
    /// Files that were looked at.
    package var files = 0
    /// Bytes that were looked at.
    package var bytes = 0
    /// Where the time went, over all threads.
    package var times = AssayTimes()
    /// The licences of files, as SPDX expressions, with how many files are under each; at most
    /// ``maximumLicences``.
    package var licences: [String: Int] = [:]
    /// What the tree declares to be under; `nil` when it declares nothing.
    package var declared: LicenceExpression?
    /// What declares it, until the tree is done.
    var declarations: [Declaration] = []
    /// How good the files are as code.
    package var quality = QualityOverview()
    /// From beginning to end, in microseconds by the clock.
    package var elapsed: Int64 = 0
    /// How files left whose findings are not all kept.
    var beyond: [FileOutcome: Int] = [:]
    /// The slowest files and rules.
    package var profile = TreeProfile()
    /// Whether a bound was hit or the scan was cancelled, so that more might be there than was found.
    package var isTruncated = false
    /// The layers that ran, in their order.
    package var layers: [Layer] = []
    /// The rules this was made with.
    package var rulePackVersion = ""

    /// The verdict on the whole tree under a policy, and its reason.
    package func judgement(under policy: VerdictPolicy = .standard) -> Judgement { policy.judge(findings) }

    /// What the layers did, and how the files left them under a policy.
    package func statistics(under policy: VerdictPolicy = .standard) -> AssayStatistics {
        policy.statistics(
            of: findings,
            files: files,
            bytes: bytes,
            measured: quality.files,
            layers: layers,
            times: times,
            elapsed: elapsed,
            beyond: beyond
        )
    }

    mutating func add(_ scan: Scan, of path: String, bytes count: Int, options: TreeOptions) {
        let limit = options.maximumFindings
        profile.add(file: path, microseconds: scan.times.pass + scan.times.layers.values.reduce(0, +), bytes: count)
        files += 1
        bytes += count
        for (rule, taken) in scan.ruleTimes {
            profile.add(rule: rule, microseconds: taken.duration.wholeMicroseconds, count: taken.count)
        }
        note(scan.licences, of: path)
        if let score = scan.quality { quality.add(path, score) }
        let room = limit - findings.count
        if scan.findings.count > room || scan.isTruncated { isTruncated = true }
        let kept = scan.findings.prefix(max(0, room))
        if kept.isEmpty, !scan.findings.isEmpty {
            // None of its findings is kept, so its outcome is noted now.
            let refusing = scan.findings.filter(options.policy.refuses).map(\.layer)
            if !refusing.isEmpty { beyond[FileOutcome(refusedBy: Set(refusing)), default: 0] += 1 }
        }
        findings += kept
        allowances += scan.allowances.prefix(max(0, limit - allowances.count))
        times.pass += scan.times.pass
        for (layer, time) in scan.times.layers { times.layers[layer, default: 0] += time }
    }

    /// Expressions that are counted, at most; and files that may declare something.
    static let maximumLicences = 1000

    private mutating func note(_ matches: [LicenceMatch], of path: String) {
        guard !matches.isEmpty, let expression = LicenceDeclaration.ofFile(matches)?.description else { return }
        if licences[expression] != nil || licences.count < Self.maximumLicences {
            licences[expression, default: 0] += 1
        }
        let mayDeclare = LicenceTriggers.isLicenceFile(path) || matches.contains { $0.kind == .manifest }
        if mayDeclare, declarations.count < Self.maximumLicences {
            declarations.append(Declaration(path: path, matches: matches))
        }
    }

    mutating func add(_ problem: TreeProblem, limit: Int) {
        passedOver[problem.kind, default: 0] += 1
        if problem.kind.isNotable && problems.count < limit { problems.append(problem) }
    }

    mutating func sort() {
        declared = LicenceDeclaration.ofTree(declarations.map { ($0.path, $0.matches) })
        declarations = []
        findings.sort { ($0.path, $0.line, $0.column, $0.rule) < ($1.path, $1.line, $1.column, $1.rule) }
        allowances.sort { ($0.path, $0.line, $0.rule) < ($1.path, $1.line, $1.rule) }
        problems.sort { ($0.path, $0.kind.rawValue) < ($1.path, $1.kind.rawValue) }
    }
}

/// How far the scan of a tree is.
package struct TreeProgress: Sendable, Hashable {
    /// Files that were looked at so far.
    package var files: Int
    /// Bytes that were looked at so far.
    package var bytes: Int
    /// Findings so far.
    package var findings: Int
}
