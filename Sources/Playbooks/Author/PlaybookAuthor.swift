// Playbooks: words in, Ansible playbook out. An ask is read into tasks, a model fills JSON under a schema of what the
// ask gives, and Cupel emits the YAML itself. Pure: the model and the linter come in as closures.

package import CupelCore

/// Writes a playbook from an ask with a model, checking every answer before it is taken.
package struct PlaybookAuthor: Sendable {
    /// Answers that are asked for before an ask is given up.
    package static let maximumAttempts = 3

    private let catalog: ModuleCatalog
    private let planner: AskPlanner
    private let validator: ArgumentValidator
    private let complete: @Sendable (AuthorPrompt) async throws -> AuthorAnswer
    private let lint: @Sendable (String) async throws -> [LintFinding]
    private let progress: @Sendable (AuthorStep) -> Void
    private let time: any TimeSource

    /// An author.
    ///
    /// `complete` asks a model, `lint` gives what a linter finds in YAML (empty when it is clean), `progress` hears of
    /// every step.
    package init(
        catalog: ModuleCatalog,
        time: any TimeSource = SystemTime(),
        complete: @escaping @Sendable (AuthorPrompt) async throws -> AuthorAnswer,
        lint: @escaping @Sendable (String) async throws -> [LintFinding],
        progress: @escaping @Sendable (AuthorStep) -> Void = { _ in }
    ) {
        self.catalog = catalog
        self.time = time
        self.complete = complete
        self.lint = lint
        self.progress = progress
        planner = AskPlanner(catalog: catalog)
        validator = ArgumentValidator(catalog: catalog)
    }

    /// Writes the playbook of an ask.
    /// - Throws: ``CupelError`` `validation_error` for an ask that cannot be read, `nothing_fits` with the nearest
    ///   modules, `generation_failed` when no answer passed; whatever `complete` and `lint` throw passes through.
    package func write(ask text: String) async throws -> AuthoredPlaybook {
        let ask = try Ask(text)
        let started = time.monotonic
        let plan = try planner.plan(ask)
        let schema = AnswerSchema(plan: plan, catalog: catalog)
        var state = AuthorState(ask: ask, plan: plan, schema: schema)
        state.timings.planning = time.monotonic - started
        progress(.planned(plan, took: state.timings.planning))
        while true {
            try Task.checkCancellation()
            if let authored = try await attempt(&state) { return authored }
            guard state.attempts.count < Self.maximumAttempts, state.somethingChanged else {
                throw failure(state)
            }
        }
    }

    /// One answer and its checks; `nil` when it was rejected.
    private func attempt(_ state: inout AuthorState) async throws -> AuthoredPlaybook? {
        let number = state.attempts.count + 1
        let started = time.monotonic
        let answer = try await complete(
            AuthorPrompt(ask: state.ask, plan: state.plan, schema: state.schema, problems: state.problems)
        )
        let answered = time.monotonic
        state.timings.answering += answered - started
        progress(.answered(answer, attempt: number, took: answered - started))
        guard !answer.isCut else {
            reject(["the answer was cut at its token limit; give a shorter one"], answer, &state)
            return nil
        }
        let read: Playbook
        do throws(CupelError) {
            read = try AnswerReader(catalog: catalog).playbook(answer.text, plan: state.plan, schema: state.schema)
        } catch {
            reject([error.message], answer, &state)
            return nil
        }
        return try await check(read, answer, &state, since: answered)
    }

    /// The checks of a playbook that was read.
    private func check(
        _ read: Playbook,
        _ answer: AuthorAnswer,
        _ state: inout AuthorState,
        since answered: Duration
    ) async throws -> AuthoredPlaybook? {
        let number = state.attempts.count + 1
        let (playbook, problems) = validator.check(read)
        let yaml = playbook.yaml()
        let composed = time.monotonic
        state.timings.composing += composed - answered
        progress(.composed(yaml: yaml, attempt: number, took: composed - answered))
        progress(.checked(problems, attempt: number, took: composed - answered))
        guard problems.isEmpty else {
            reject(problems.map(\.text), answer, &state)
            return nil
        }
        let findings = try await lint(yaml)
        let linted = time.monotonic
        state.timings.linting += linted - composed
        progress(.linted(findings, attempt: number, took: linted - composed))
        guard findings.isEmpty else {
            reject(findings.map(\.text), answer, &state)
            return nil
        }
        return AuthoredPlaybook(
            ask: state.ask.text,
            playbook: playbook,
            yaml: yaml,
            plan: state.plan,
            attempts: state.attempts + [AuthorAttempt(answer: answer, problems: [])],
            timings: state.timings
        )
    }

    private func reject(_ problems: [String], _ answer: AuthorAnswer, _ state: inout AuthorState) {
        progress(.rejected(problems, attempt: state.attempts.count + 1))
        state.attempts.append(AuthorAttempt(answer: answer, problems: problems))
    }

    private func failure(_ state: AuthorState) -> CupelError {
        let count = state.attempts.count
        let tries = count == 1 ? "one answer" : "\(count) answers"
        let last = state.problems.prefix(3).joined(separator: "; ")
        return CupelError(.generationFailed, "No valid playbook came of \(tries). The last problem: \(last)")
    }
}

/// What is known of one authoring so far.
private struct AuthorState {
    let ask: Ask
    let plan: Plan
    let schema: AnswerSchema
    var attempts: [AuthorAttempt] = []
    var timings = AuthorTimings()

    /// What was wrong with the last answer.
    var problems: [String] { attempts.last?.problems ?? [] }

    /// Whether the last answer differs from the one before: the same again will be as wrong.
    var somethingChanged: Bool {
        guard attempts.count >= 2 else { return true }
        return attempts[attempts.count - 1].answer.text != attempts[attempts.count - 2].answer.text
    }
}
