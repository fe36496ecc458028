package import CupelCore
package import Storage

/// A phantom for identifiers of playbooks.
package enum PlaybookKind {}
/// The identifier of a playbook.
package typealias PlaybookID = Identifier<PlaybookKind>

/// A playbook as it is kept: what was asked, what came of it, and how.
package struct PlaybookRecord: Sendable {
    /// The identifier.
    package let id: PlaybookID
    /// The ask.
    package let ask: String
    /// The name of its bytes.
    package let digest: Digest
    /// What the gauntlet said: `pass`, `review` or `block`.
    package let verdict: String
    /// Why.
    package let reason: String
    /// The model that answered.
    package let model: String
    /// The job that made it.
    package let job: String
    /// How it came about: modules offered and why, answers, timings.
    package let authored: JSON
    /// The assay, with its findings.
    package let assay: JSON
    /// What the tools said: versions and findings.
    package let inspection: JSON
    /// When.
    package let createdAt: Timestamp

    init(row: Row) throws {
        id = try row.identifier("id")
        ask = try row.text("ask")
        digest = try row.digest("digest")
        verdict = try row.text("verdict")
        reason = try row.text("reason")
        model = try row.text("model")
        job = try row.text("job_id")
        authored = try row.json("authored")
        assay = try row.json("assay")
        inspection = try row.json("inspection")
        createdAt = try row.timestamp("created_at")
    }

    /// The time that all stages took together.
    private var totalMilliseconds: Double {
        ["planning_ms", "answering_ms", "composing_ms", "linting_ms"].reduce(0) {
            $0 + (authored["timings"]?[$1]?.doubleValue ?? 0)
        }
    }

    /// A line of a list.
    package var summary: JSON {
        [
            "id": .string(id.description), "ask": .string(ask), "digest": .string(digest.description),
            "verdict": .string(verdict), "reason": .string(reason), "model": .string(model), "job": .string(job),
            "total_ms": .number(totalMilliseconds), "created_at": .string(createdAt.description),
        ]
    }

    /// Everything.
    package var json: JSON {
        var json = summary
        json["yaml"] = authored["yaml"] ?? .null
        json["authored"] = authored
        json["assay"] = assay
        json["inspection"] = inspection
        return json
    }
}

/// The playbooks' tables.
package enum PlaybookMigrations {
    /// All steps, in order.
    package static let all = [
        Migration(300, "playbooks") { _ in
            [
                """
                CREATE TABLE playbooks (
                    id TEXT PRIMARY KEY, ask TEXT NOT NULL, digest TEXT NOT NULL REFERENCES artefacts (digest),
                    verdict TEXT NOT NULL, reason TEXT NOT NULL, model TEXT NOT NULL, job_id TEXT NOT NULL,
                    authored TEXT NOT NULL, assay TEXT NOT NULL, inspection TEXT NOT NULL, created_at BIGINT NOT NULL)
                """,
                "CREATE UNIQUE INDEX playbooks_by_job ON playbooks (job_id)",
            ]
        }
    ]
}
