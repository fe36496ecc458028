/// What an author tells whoever watches, as it happens. Durations are of the stage that has just ended.
package enum AuthorStep: Sendable {
    /// The ask was read into tasks with offered modules, and why.
    case planned(Plan, took: Duration)
    /// The model answered; `attempt` counts from 1.
    case answered(AuthorAnswer, attempt: Int, took: Duration)
    /// The answer became a playbook.
    case composed(yaml: String, attempt: Int, took: Duration)
    /// The arguments were checked.
    case checked([ArgumentProblem], attempt: Int, took: Duration)
    /// The linter looked.
    case linted([LintFinding], attempt: Int, took: Duration)
    /// An attempt failed; these go back to the model, or end the loop.
    case rejected([String], attempt: Int)
}

/// Where the time of one authoring went.
package struct AuthorTimings: Sendable, Hashable {
    /// Reading the ask and choosing modules.
    package var planning: Duration = .zero
    /// Waiting for the model, over all attempts.
    package var answering: Duration = .zero
    /// Turning answers into YAML and checking arguments.
    package var composing: Duration = .zero
    /// Waiting for the linter.
    package var linting: Duration = .zero

    /// All of it.
    package var total: Duration { planning + answering + composing + linting }
}

/// One attempt of a model, as it is kept in the record.
package struct AuthorAttempt: Sendable, Hashable {
    /// What the model answered.
    package var answer: AuthorAnswer
    /// What was wrong with it; empty for the one that was taken.
    package var problems: [String]
}

/// A finished playbook with how it came about.
package struct AuthoredPlaybook: Sendable, Hashable {
    /// The ask, without space around it.
    package var ask: String
    /// The tree.
    package var playbook: Playbook
    /// The YAML that was linted.
    package var yaml: String
    /// The modules offered and why, and the values that the ask gave.
    package var plan: Plan
    /// What the model answered, the last one being the answer taken.
    package var attempts: [AuthorAttempt]
    /// Where the time went.
    package var timings: AuthorTimings
}
