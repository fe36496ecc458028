package import CupelCore
package import Jobs

/// The main job: plain words in, a vetted playbook out.
package struct CreatePlaybook: Job {
    package static let kind = "playbook.create"
    // The gateway retries what is transient; an upstream that stays away leaves a failed job for a person to retry.
    package static let options = JobOptions(
        queue: "playbooks",
        maximumFailures: 1,
        timeout: .seconds(900),
        isOpenToCallers: true
    )

    /// The ask, as it was given.
    package let ask: String

    /// A job for an ask that ``Ask`` accepts.
    /// - Throws: `validation_error` when the ask is empty, too long or no text.
    package init(ask: String) throws {
        self.ask = try Ask(ask).text
    }

    package init(json: JSON) throws {
        var fields = try JSONFields(json)
        ask = fields.text("ask", limit: Ask.maximumBytes)
        try fields.finish()
    }

    package var json: JSON { ["ask": .string(ask)] }
}

/// Runs a file of asks and reports how they went.
package struct EvaluatePlaybooks: Job {
    package static let kind = "playbook.evaluate"
    package static let options = JobOptions(
        queue: "playbooks",
        priority: .low,
        maximumFailures: 1,
        timeout: .seconds(3600),
        isOpenToCallers: true
    )

    /// The text of the file of asks with their expectations.
    package let cases: String

    /// A job over a file that can be read.
    /// - Throws: `validation_error` naming what is wrong with the file.
    package init(cases: String) throws {
        _ = try EvaluationCase.cases(cases)
        self.cases = cases
    }

    package init(json: JSON) throws {
        var fields = try JSONFields(json)
        cases = fields.text("cases", limit: JobQueue.maximumPayloadBytes)
        try fields.finish()
    }

    package var json: JSON { ["cases": .string(cases)] }
}
