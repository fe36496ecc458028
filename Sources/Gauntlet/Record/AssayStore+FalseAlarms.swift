package import CupelCore
import Storage

/// Findings of which a person said that they are none.
extension AssayStore {
    /// Bytes of a reason, and of a name, at most.
    package static let maximumReasonBytes = 1000
    package static let maximumNameBytes = 200
    /// Fingerprints that one statement asks for.
    private static let lookUp = 200

    /// Says that a finding of an assay is a false alarm, and why; said again, the last word stands.
    ///
    /// It is about the finding wherever it is found again. It changes no verdict; an exception of the policy does.
    /// - Returns: the finding, with what was said.
    /// - Throws: `not_found` when there is no such assay or it has no such finding.
    package func mark(_ id: AssayID, _ fingerprint: String, reason: String, by name: String) async throws -> JSON {
        var finding = try await finding(fingerprint, of: id)
        let now = time.now
        let (layer, rule) = (finding["layer"]?.stringValue ?? "", finding["rule"]?.stringValue ?? "")
        try await database.write { transaction in
            // An assay of an older version did not note its findings.
            try transaction.execute(
                """
                INSERT INTO assay_findings (fingerprint, layer, rule, assay_id, seen_at)
                VALUES (\(fingerprint), \(layer), \(rule), \(id), \(now)) ON CONFLICT (fingerprint) DO NOTHING
                """
            )
            try transaction.execute(
                """
                INSERT INTO false_alarms (fingerprint, layer, rule, assay_id, reason, marked_by, marked_at)
                VALUES (\(fingerprint), \(layer), \(rule), \(id), \(reason), \(name), \(now))
                ON CONFLICT (fingerprint) DO UPDATE SET reason = excluded.reason, marked_by = excluded.marked_by,
                    marked_at = excluded.marked_at, assay_id = excluded.assay_id
                """
            )
        }
        finding["false_alarm"] = Self.word(reason, name, now)
        return finding
    }

    /// Takes back that a finding is a false alarm; a finding that is marked by nobody stays so.
    /// - Returns: the finding.
    /// - Throws: `not_found` when there is no such assay or it has no such finding.
    package func unmark(_ id: AssayID, _ fingerprint: String) async throws -> JSON {
        var finding = try await finding(fingerprint, of: id)
        _ = try await database.execute("DELETE FROM false_alarms WHERE fingerprint = \(fingerprint)")
        finding["false_alarm"] = .null
        return finding
    }

    private func finding(_ fingerprint: String, of id: AssayID) async throws -> JSON {
        let found = try await assay(id)["findings"]?.arrayValue?.first { $0["fingerprint"]?.stringValue == fingerprint }
        guard let found else { throw CupelError(.notFound, "The assay \(id) has no finding \(fingerprint).") }
        return found
    }

    private static func word(_ reason: String, _ name: String, _ time: Timestamp) -> JSON {
        ["reason": .string(reason), "by": .string(name), "at": .string(time.description)]
    }

    /// An assay whose findings say what people said of them.
    func marked(_ assay: JSON) async throws -> JSON {
        guard let findings = assay["findings"]?.arrayValue, !findings.isEmpty else { return assay }
        let names = Array(Set(findings.compactMap { $0["fingerprint"]?.stringValue }))
        var words: [String: JSON] = [:]
        for start in stride(from: 0, to: names.count, by: Self.lookUp) {
            var list: SQL = "\(names[start])"
            for name in names[(start + 1)..<min(start + Self.lookUp, names.count)] { list = list + ", \(name)" }
            let rows = try await database.query(
                "SELECT fingerprint, reason, marked_by, marked_at FROM false_alarms WHERE fingerprint IN (\(list))"
            )
            for row in rows {
                words[try row.text("fingerprint")] = Self.word(
                    try row.text("reason"),
                    try row.text("marked_by"),
                    try row.timestamp("marked_at")
                )
            }
        }
        guard !words.isEmpty else { return assay }
        var json = assay
        json["findings"] = .array(
            findings.map { finding in
                guard let word = finding["fingerprint"]?.stringValue.flatMap({ words[$0] }) else { return finding }
                var marked = finding
                marked["false_alarm"] = word
                return marked
            }
        )
        return json
    }

    /// What all assays found and what people said of it. A finding that is found again counts once.
    package func statistics() async throws -> AssayTotals {
        try await database.read { transaction in
            var totals = AssayTotals()
            let sums = try transaction.query(
                """
                SELECT count(*) AS assays, \(raw: AssayTotals.sums) FROM assay_counts
                """
            )
            if let row = sums.first {
                totals.assays = try row.integer("assays")
                totals.files = try row.integer("files")
                totals.bytes = try row.integer("bytes")
                for outcome in FileOutcome.allCases { totals.outcomes[outcome] = try row.integer(outcome.rawValue) }
            }
            for row in try transaction.query(
                "SELECT layer, rule, count(*) AS n FROM assay_findings GROUP BY layer, rule"
            ) {
                totals.note(try row.text("layer"), try row.text("rule"), findings: try row.integer("n"))
            }
            for row in try transaction.query(
                "SELECT layer, rule, count(*) AS n FROM false_alarms GROUP BY layer, rule"
            ) {
                totals.note(try row.text("layer"), try row.text("rule"), falseAlarms: try row.integer("n"))
            }
            return totals
        }
    }
}
