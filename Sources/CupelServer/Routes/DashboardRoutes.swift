import CupelCore
import Gateway
import HTTPTypes
import Jobs
import Playbooks

/// The dashboard: the overview and a playbook's page. Without a session both lead to the page that takes the token.
struct DashboardRoutes: Sendable {
    let pages: Pages
    let queue: JobQueue
    let playbooks: PlaybookStore
    let calls: CallStore

    /// Rows of each table on the overview.
    static let rows = 20

    func all() -> [Route] {
        [
            Route(.get, "/", tag: "dashboard", "The overview", access: .open) { request in
                guard request.session != nil else { return .redirect(to: "/login") }
                return .page(try pages.page("Overview", "overview", try await overview()))
            }
            .answering(200, "The page", Schema.text, as: "text/html"),
            Route(.get, "/playbooks/{id}", tag: "dashboard", "A playbook's page", access: .open) { request in
                guard request.session != nil else { return .redirect(to: "/login") }
                let playbook = try await playbooks.playbook(try request.identifier("id"))
                return .page(try pages.page(playbook.ask, "playbook", PlaybookPage.values(playbook)))
            }
            .taking(.path, "id", "The playbook", Schema.identifier)
            .answering(200, "The page", Schema.text, as: "text/html"),
        ]
    }

    private func overview() async throws -> JSON {
        let playbooks = try await playbooks.playbooks(before: nil, limit: Self.rows)
        let jobs = try await queue.jobs(JobFilter(limit: Self.rows))
        let calls = try await calls.calls(before: nil, limit: Self.rows).map(\.json)
        let longest = calls.compactMap { $0["duration_us"]?.doubleValue }.max() ?? 1
        return [
            "tiles": .array(try await tiles()),
            "playbooks": .array(playbooks.map(Self.row)), "hasPlaybooks": .bool(!playbooks.isEmpty),
            "jobs": .array(jobs.map(Self.row)), "hasJobs": .bool(!jobs.isEmpty),
            "calls": .array(calls.map { Self.row($0, longest: longest) }), "hasCalls": .bool(!calls.isEmpty),
        ]
    }

    private func tiles() async throws -> [JSON] {
        let verdicts = try await playbooks.counts()
        let states = try await queue.counts()
        let totals = try await calls.totals()
        let made = verdicts.values.reduce(0, +)
        return [
            Self.tile("\(made)", "playbooks"), Self.tile("\(verdicts["pass"] ?? 0)", "passed the gauntlet"),
            Self.tile("\(made - (verdicts["pass"] ?? 0))", "held back for review or blocked"),
            Self.tile("\((states[.queued] ?? 0) + (states[.running] ?? 0))", "jobs waiting or running"),
            Self.tile("\(states[.failed] ?? 0)", "jobs failed"), Self.tile("\(totals.calls)", "calls to models"),
            Self.tile("\(totals.tokens)", "tokens"),
        ]
    }

    private static func tile(_ figure: String, _ label: String) -> JSON {
        ["figure": .string(figure), "label": .string(label)]
    }

    private static func row(_ playbook: PlaybookRecord) -> JSON {
        let milliseconds = playbook.summary["total_ms"]?.doubleValue ?? 0
        return [
            "id": .string(playbook.id.description), "ask": .string(playbook.ask), "verdict": .string(playbook.verdict),
            "model": .string(playbook.model), "seconds": .string(Figure.seconds(milliseconds)),
            "made": .string(playbook.createdAt.description), "madeAt": .string(playbook.createdAt.description),
            "digest": .string(String(playbook.digest.hex.prefix(12))),
        ]
    }

    private static func row(_ job: JobRecord) -> JSON {
        [
            "id": .string(job.id.description), "short": .string(String(job.id.description.suffix(8))),
            "what": .string(job.payload["ask"]?.stringValue ?? job.kind), "state": .string(job.state.rawValue),
            "note": .string(job.note), "problem": job.error.map { .string($0.message) } ?? .null,
            "since": .string(job.createdAt.description), "sinceText": .string(job.createdAt.description),
            "canRetry": .bool(job.state == .failed || job.state == .cancelled),
            "canCancel": .bool(!job.state.isFinal),
        ]
    }

    private static func row(_ call: JSON, longest: Double) -> JSON {
        let microseconds = call["duration_us"]?.doubleValue ?? 0
        let outcome = call["outcome"]?.stringValue ?? ""
        let at = call["started_at"] ?? ""
        return [
            "at": at, "atText": at,
            "model": call["model_answered"]?.stringValue.map { .string($0) } ?? call["model_asked"] ?? "",
            "purpose": call["purpose"] ?? "", "outcome": .string(outcome),
            "outcomeClass": .string(outcome == "answered" ? "succeeded" : "failed"),
            "promptTokens": .string(call["input_tokens"]?.intValue.map { "\($0)" } ?? "–"),
            "answerTokens": .string(call["output_tokens"]?.intValue.map { "\($0)" } ?? "–"),
            "seconds": .string(Figure.seconds(microseconds / 1000)),
            "width": .string("\(Int(80 * microseconds / max(longest, 1)))"),
        ]
    }
}

/// Numbers as people read them.
enum Figure {
    /// Milliseconds as seconds with one digit.
    static func seconds(_ milliseconds: Double) -> String {
        let tenths = Int((milliseconds / 100).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

/// The values of a playbook's page.
enum PlaybookPage {
    /// What the page shows of a record.
    static func values(_ playbook: PlaybookRecord) -> JSON {
        let authored = playbook.authored
        let findings = playbook.assay["findings"]?.arrayValue ?? []
        let layers = (playbook.assay["layers"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: ", ")
        return [
            "ask": .string(playbook.ask), "verdict": .string(playbook.verdict), "reason": .string(playbook.reason),
            "yaml": authored["yaml"] ?? "", "digest": .string(playbook.digest.description),
            "model": .string(playbook.model), "made": .string(playbook.createdAt.description),
            "stages": .array(stages(authored["timings"] ?? [:])), "offers": .array(offers(authored)),
            "attempts": .array(
                (authored["attempts"]?.arrayValue ?? []).map { attempt in
                    [
                        "answer": attempt["answer"] ?? "",
                        "problem": (attempt["problems"]?.arrayValue?.first).flatMap(\.stringValue).map { .string($0) }
                            ?? .null,
                    ]
                }
            ), "layers": .string("Layers that ran: \(layers)"),
            "hasFindings": .bool(!findings.isEmpty),
            "findings": .array(
                findings.map {
                    [
                        "rule": $0["rule"] ?? "", "severity": $0["severity"] ?? "", "line": $0["line"] ?? "",
                        "message": $0["message"] ?? "",
                    ]
                }
            ),
        ]
    }

    private static func stages(_ timings: JSON) -> [JSON] {
        let names = [
            ("planning_ms", "choosing modules"), ("answering_ms", "the model"),
            ("composing_ms", "composing and checking"),
            ("linting_ms", "syntax check and lint"),
        ]
        let longest = names.compactMap { timings[$0.0]?.doubleValue }.max() ?? 1
        return names.map { key, name in
            let milliseconds = timings[key]?.doubleValue ?? 0
            return [
                "name": .string(name), "milliseconds": .string("\(Int(milliseconds.rounded()))"),
                "width": .string("\(max(1, Int(320 * milliseconds / max(longest, 1))))"),
            ]
        }
    }

    private static func offers(_ authored: JSON) -> [JSON] {
        (authored["plan"]?["tasks"]?.arrayValue ?? []).flatMap { task in
            (task["offers"]?.arrayValue ?? []).map { offer -> JSON in
                ["clause": task["clause"] ?? "", "module": offer["module"] ?? "", "reason": offer["reason"] ?? ""]
            }
        }
    }
}
