package import CupelCore

/// What the tools say of a playbook.
package struct Inspection: Sendable, Hashable {
    /// What `--syntax-check` found.
    package var syntax: [LintFinding]
    /// What ansible-lint found.
    package var lint: [LintFinding]

    /// An inspection.
    package init(syntax: [LintFinding], lint: [LintFinding]) {
        self.syntax = syntax
        self.lint = lint
    }
}

/// How one ask went.
package struct EvaluationOutcome: Sendable {
    /// The ask.
    package let ask: String
    /// The playbook, when one came.
    package let authored: AuthoredPlaybook?
    /// Why none came.
    package let failure: String?
    /// Whether the YAML reads back as the tree it was made from.
    package let isValid: Bool
    /// Whether the validator finds nothing.
    package let hasValidArguments: Bool
    /// Whether `--syntax-check` finds nothing.
    package let isSyntaxClean: Bool
    /// Whether ansible-lint finds nothing.
    package let isLintClean: Bool
    /// Whether it does what was expected.
    package let hasRightIntent: Bool
    /// What the tools found.
    package let findings: [LintFinding]
    /// How long the inspection took, in milliseconds.
    package let inspectionMilliseconds: Double
}

/// Runs a file of asks, one after the other, and counts how they went.
package struct PlaybookEvaluation: Sendable {
    private let catalog: ModuleCatalog
    private let cases: [EvaluationCase]

    /// An evaluation of these asks.
    package init(catalog: ModuleCatalog, cases: [EvaluationCase]) {
        self.catalog = catalog
        self.cases = cases
    }

    /// Runs every ask; `write` is an author's, `inspect` asks the tools, `progress` hears of each outcome.
    package func run(
        write: @Sendable (String) async throws -> AuthoredPlaybook,
        inspect: @Sendable (String) async throws -> Inspection,
        time: any TimeSource = SystemTime(),
        progress: @Sendable (EvaluationOutcome) -> Void = { _ in }
    ) async throws -> EvaluationReport {
        var outcomes: [EvaluationOutcome] = []
        for entry in cases {
            try Task.checkCancellation()
            let outcome = try await outcome(of: entry, write: write, inspect: inspect, time: time)
            progress(outcome)
            outcomes.append(outcome)
        }
        return EvaluationReport(outcomes: outcomes)
    }

    private func outcome(
        of entry: EvaluationCase,
        write: @Sendable (String) async throws -> AuthoredPlaybook,
        inspect: @Sendable (String) async throws -> Inspection,
        time: any TimeSource
    ) async throws -> EvaluationOutcome {
        let authored: AuthoredPlaybook
        do {
            authored = try await write(entry.ask)
        } catch let error as CupelError {
            return EvaluationOutcome(
                ask: entry.ask,
                authored: nil,
                failure: error.description,
                isValid: false,
                hasValidArguments: false,
                isSyntaxClean: false,
                isLintClean: false,
                hasRightIntent: false,
                findings: [],
                inspectionMilliseconds: 0
            )
        }
        let started = time.monotonic
        let inspection = try await inspect(authored.yaml)
        let took = (time.monotonic - started).inMilliseconds
        return EvaluationOutcome(
            ask: entry.ask,
            authored: authored,
            failure: nil,
            isValid: readsBack(authored),
            hasValidArguments: ArgumentValidator(catalog: catalog).check(authored.playbook).problems.isEmpty,
            isSyntaxClean: inspection.syntax.isEmpty,
            isLintClean: inspection.lint.isEmpty,
            hasRightIntent: entry.matches(authored.playbook),
            findings: inspection.syntax + inspection.lint,
            inspectionMilliseconds: took
        )
    }

    /// Whether the YAML holds the tree, lint exceptions aside, which are comments.
    private func readsBack(_ authored: AuthoredPlaybook) -> Bool {
        guard var read = try? PlaybookParser(catalog: catalog).parse(authored.yaml) else { return false }
        for play in read.plays.indices where authored.playbook.plays.indices.contains(play) {
            for task in read.plays[play].tasks.indices
            where authored.playbook.plays[play].tasks.indices.contains(task) {
                read.plays[play].tasks[task].lintExceptions = authored.playbook.plays[play].tasks[task].lintExceptions
            }
        }
        return read == authored.playbook
    }
}
