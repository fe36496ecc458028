package import CupelCore
import OrderedCollections
package import Storage

/// Keeps assays with their findings and verdicts.
package struct AssayStore: Sendable {
    let database: any Database
    let time: any TimeSource

    /// Findings that one statement notes.
    private static let batch = 50
    /// Members of an assay that a list leaves out, for they may be long.
    private static let long = ["findings", "allowances", "problems", "stale_exceptions", "licences", "quality"]

    /// A store whose tables are there.
    package init(database: any Database, time: any TimeSource = SystemTime()) {
        self.database = database
        self.time = time
    }

    /// Keeps what was found in files, all or nothing.
    /// - Returns: each assay as it is shown, with its identifier.
    package func store(_ assays: [NewAssay]) async throws -> [JSON] {
        try await database.write { transaction in
            try assays.map { try insert($0, in: transaction) }
        }
    }

    /// Keeps an assay as part of the caller's transaction.
    /// - Parameters:
    ///   - owner: What it was made for, when it was not asked for by itself.
    ///   - job: The job that made it.
    @discardableResult
    package func insert(
        _ assay: NewAssay,
        owner: AssayOwner? = nil,
        job: String? = nil,
        in transaction: any Transaction
    ) throws -> JSON {
        let now = time.now
        let id = AssayID(at: now)
        let json = whole(assay, id, owner: owner, job: job, createdAt: now)
        try transaction.execute(
            """
            INSERT INTO assays (id, digest, verdict, assay, created_at, summary, status, job_id)
            VALUES (\(id), \(assay.digest), \(assay.verdict.rawValue), \(json), \(now), \(Self.summary(of: json)),
                'done', \(job))
            """
        )
        try count(assay, id, in: transaction)
        return json
    }

    /// Keeps that something waits for a job to look at it.
    package func open(
        _ id: AssayID,
        path: String,
        bytes: Int,
        digest: Digest,
        job: String,
        in transaction: any Transaction
    ) throws -> JSON {
        let now = time.now
        let json: JSON = [
            "id": .string(id.description), "path": .string(path), "status": "queued", "job": .string(job),
            "digest": .string(digest.description), "bytes": .integer(Int64(bytes)), "verdict": .null, "reason": .null,
            "belongs_to": .null, "created_at": .string(now.description),
        ]
        try transaction.execute(
            """
            INSERT INTO assays (id, digest, verdict, assay, created_at, summary, status, job_id)
            VALUES (\(id), \(digest), '', \(json), \(now), \(json), 'queued', \(job))
            """
        )
        return json
    }

    /// Keeps what a job found, in the place of what ``open(_:path:bytes:digest:job:in:)`` noted, and lets go of what
    /// was sent.
    package func complete(
        _ id: AssayID,
        _ assay: NewAssay,
        job: String,
        in transaction: any Transaction
    ) throws {
        let rows = try transaction.query("SELECT created_at FROM assays WHERE id = \(id)")
        guard let row = rows.first else { throw CupelError(.notFound, "There is no assay \(id).") }
        let createdAt = try row.timestamp("created_at")
        let json = whole(assay, id, owner: nil, job: job, createdAt: createdAt)
        try transaction.execute(
            """
            UPDATE assays SET verdict = \(assay.verdict.rawValue), assay = \(json),
                summary = \(Self.summary(of: json)), status = 'done'
            WHERE id = \(id)
            """
        )
        try count(assay, id, in: transaction)
        try dropParts(of: id, in: transaction)
    }

    private func whole(
        _ assay: NewAssay,
        _ id: AssayID,
        owner: AssayOwner?,
        job: String?,
        createdAt: Timestamp
    ) -> JSON {
        var json: JSON = [
            "id": .string(id.description), "path": .string(assay.path), "status": "done",
            "job": job.map { .string($0) } ?? .null,
        ]
        for (name, value) in assay.json.objectValue ?? [:] { json[name] = value }
        json["belongs_to"] = owner?.json ?? .null
        json["created_at"] = .string(createdAt.description)
        return json
    }

    /// What a list shows of an assay: all but what may be long, and how many findings there are.
    package static func summary(of json: JSON) -> JSON {
        var summary: JSON = [:]
        for (name, value) in json.objectValue ?? [:] where !long.contains(name) { summary[name] = value }
        if summary["path"] == nil { summary["path"] = "" }
        if summary["status"] == nil { summary["status"] = "done" }
        if let findings = json["findings"]?.arrayValue {
            summary["finding_count"] = .integer(Int64(findings.count))
            var layers: JSON = [:]
            for layer in Layer.allCases {
                let count = findings.count { $0["layer"]?.stringValue == layer.rawValue }
                if count > 0 { layers[layer.rawValue] = .integer(Int64(count)) }
            }
            summary["findings_by_layer"] = layers
        }
        if let score = json["quality"]?["score"] ?? json["quality"]?["mean"] { summary["quality_score"] = score }
        return summary
    }

    private func count(_ assay: NewAssay, _ id: AssayID, in transaction: any Transaction) throws {
        let counts = assay.statistics
        func files(_ outcome: FileOutcome) -> Int { counts.outcomes[outcome] ?? 0 }
        try transaction.execute(
            """
            INSERT INTO assay_counts (assay_id, files, bytes, processed, skipped_low_quality, skipped_malicious,
                skipped_secrets, skipped_license, elapsed_microseconds)
            VALUES (\(id), \(counts.files), \(counts.bytes), \(files(.processed)), \(files(.lowQuality)),
                \(files(.malicious)), \(files(.secrets)), \(files(.licence)), \(counts.elapsed))
            """
        )
        var rest = assay.findings[...]
        while !rest.isEmpty {
            // Two lengths of statement alone, so that each is prepared once.
            let part = rest.count >= Self.batch ? rest.prefix(Self.batch) : rest.prefix(1)
            rest = rest.dropFirst(part.count)
            var rows: SQL?
            for finding in part {
                let row: SQL =
                    "(\(finding.fingerprint), \(finding.layer.rawValue), \(finding.rule), \(id), \(time.now))"
                rows = rows.map { $0 + ", " + row } ?? row
            }
            guard let rows else { break }
            try transaction.execute(
                """
                INSERT INTO assay_findings (fingerprint, layer, rule, assay_id, seen_at)
                VALUES \(rows) ON CONFLICT (fingerprint) DO NOTHING
                """
            )
        }
    }

    /// The assay as it is shown, with what people said of its findings.
    /// - Throws: `not_found`.
    package func assay(_ id: AssayID) async throws -> JSON {
        let rows = try await database.query("SELECT assay FROM assays WHERE id = \(id)")
        guard let row = rows.first else { throw CupelError(.notFound, "There is no assay \(id).") }
        var json = try row.json("assay")
        if json["status"] == nil { json["status"] = "done" }
        return try await marked(json)
    }

    /// Summaries of assays, newest first, before a given one.
    package func assays(before cursor: AssayID?, limit: Int) async throws -> [JSON] {
        let before: SQL = cursor.map { "WHERE id < \($0)" } ?? ""
        let rows = try await database.query(
            """
            SELECT COALESCE(summary, assay) AS shown, CASE WHEN summary IS NULL THEN 1 ELSE 0 END AS is_old
            FROM assays \(before) ORDER BY id DESC LIMIT \(limit)
            """
        )
        return try rows.map { row in
            let json = try row.json("shown")
            return try row.flag("is_old") ? Self.summary(of: json) : json
        }
    }
}
