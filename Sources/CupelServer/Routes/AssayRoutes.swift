import CupelCore
import Gauntlet
import HTTPTypes
import Jobs
import Synchronization

/// Assays: pass files or an archive through the gauntlet, read what was found, and say what was none.
struct AssayRoutes: Sendable {
    let assayer: Assayer
    let store: AssayStore
    let intake: AssayIntake
    let queue: JobQueue
    private let waiting = BytesInFlight()

    /// Bytes of bodies that may wait for the scanner at once; more are asked to come later.
    static let maximumWaitingBytes = 256 << 20
    /// The largest request with files that is answered with what was found; a larger one becomes a job.
    static let maximumInlineBytes = 8 << 20

    private static let tag = "assays"
    private static let root = "/api/v1/assays"

    static let summary = Schema.object(
        [
            ("id", Schema.identifier), ("path", Schema.text), ("digest", Schema.text),
            ("status", Schema.choice(["queued", "running", "done", "failed"])), ("created_at", Schema.moment),
        ],
        optional: [
            ("verdict", Schema.optional(Schema.choice(Verdict.allCases.map(\.rawValue)))),
            ("reason", Schema.optional(Schema.text)), ("bytes", ["type": "integer"]),
            ("job", Schema.optional(Schema.identifier)), ("belongs_to", Schema.any), ("error", Schema.any),
            ("progress", ["type": "number"]), ("rule_pack", Schema.text), ("policy", Schema.text),
            ("statistics", Schema.any), ("licence", Schema.optional(Schema.text)),
            ("finding_count", ["type": "integer"]), ("findings_by_layer", Schema.any),
            ("quality_score", ["type": "number"]),
        ]
    )
    static let schema = Schema.object(
        [
            ("id", Schema.identifier), ("path", Schema.text), ("digest", Schema.text),
            ("status", Schema.choice(["queued", "running", "done", "failed"])), ("created_at", Schema.moment),
        ],
        optional: [
            ("verdict", Schema.optional(Schema.choice(Verdict.allCases.map(\.rawValue)))),
            ("reason", Schema.optional(Schema.text)), ("findings", Schema.array(Schema.any)),
            ("allowances", Schema.array(Schema.any)), ("bytes", ["type": "integer"]),
            ("job", Schema.optional(Schema.identifier)), ("belongs_to", Schema.any), ("error", Schema.any),
            ("progress", ["type": "number"]), ("rule_pack", Schema.text), ("policy", Schema.text),
            ("statistics", Schema.any), ("quality", Schema.any), ("licence", Schema.optional(Schema.text)),
            ("licences", Schema.any), ("problems", Schema.array(Schema.any)),
        ]
    )

    func all(limit: Int) -> [Route] {
        [create(limit: limit), list(), statistics(), show(), mark(), unmark()]
    }

    private func create(limit: Int) -> Route {
        Route(.post, Self.root, tag: Self.tag, "Pass files, or an archive, through the gauntlet") { request in
            let path = try Self.name(request)
            if let stream = request.stream {
                return try await accepted(try await intake.archive(request, stream, path: path ?? "upload"))
            }
            let asked = try AssayRequest(request.body)
            guard asked.waits ?? (request.body.count <= Self.maximumInlineBytes) else {
                return try await accepted(try await intake.files(request, path: path ?? "files"))
            }
            return .json(["items": .array(try await assay(asked.files, bytes: request.body.count))])
        }
        .taking(.header, "Idempotency-Key", "The same key gives the same job's assay for a day", Schema.text)
        .taking(.query, "path", "What an archive is called in its assay", Schema.text)
        .body(AssayRequest.schema, maximumBytes: limit)
        .streaming(AssayIntake.archiveTypes)
        .answering(200, "An assay a file", Schema.object([("items", Schema.array(Self.schema))]))
        .answering(202, "An archive, much, or `wait: false`: the assay that a job will make", Self.summary)
        .answering(422, "A field is wrong, or the body is no archive or a damaged one", Schema.problem)
    }

    private func list() -> Route {
        Route(.get, Self.root, tag: Self.tag, "Assays without their findings, newest first") { request in
            let page = try request.page(of: AssayKind.self)
            let assays = try await assays(before: page.before, limit: page.limit)
            return .list(assays, limit: page.limit, cursor: { $0["id"]?.stringValue ?? "" }, json: { $0 })
        }
        .takingPage()
        .answering(200, "A page of assays", Schema.page(of: Self.summary))
    }

    private func show() -> Route {
        Route(.get, Self.root + "/{id}", tag: Self.tag, "One assay with its findings") { request in
            .json(try await assay(try request.identifier("id")))
        }
        .taking(.path, "id", "The assay", Schema.identifier)
        .answering(200, "The assay", Self.schema)
    }

    private func statistics() -> Route {
        Route(.get, Self.root + "/statistics", tag: Self.tag, "What all assays found, and false alarms") { _ in
            .json(try await store.statistics().json)
        }
        .answering(
            200,
            "Counts, and by layer and rule how many findings people called false alarms",
            Schema.object([
                ("assays", ["type": "integer"]), ("files", ["type": "integer"]), ("layers", Schema.any),
                ("rules", Schema.array(Schema.any)),
            ])
        )
    }

    private func mark() -> Route {
        Route(
            .post,
            Self.root + "/{id}/findings/{fingerprint}/false-alarm",
            tag: Self.tag,
            "Say that a finding is a false alarm; it changes no verdict"
        ) { request in
            var fields = try request.fields()
            let reason = fields.text("reason", limit: AssayStore.maximumReasonBytes)
            let name = fields.optionalText("by", limit: AssayStore.maximumNameBytes)
            try fields.finish()
            let by = name ?? (request.session == nil ? "api" : "dashboard")
            return .json(
                try await store.mark(try request.identifier("id"), Self.fingerprint(request), reason: reason, by: by)
            )
        }
        .taking(.path, "id", "The assay", Schema.identifier)
        .taking(.path, "fingerprint", "The finding's fingerprint", Schema.text)
        .body(
            Schema.object(
                [("reason", Schema.text(limit: AssayStore.maximumReasonBytes))],
                optional: [("by", Schema.text(limit: AssayStore.maximumNameBytes))]
            )
        )
        .answering(200, "The finding, with `false_alarm`", Schema.any)
    }

    private func unmark() -> Route {
        Route(
            .delete,
            Self.root + "/{id}/findings/{fingerprint}/false-alarm",
            tag: Self.tag,
            "Take back that a finding is a false alarm"
        ) { request in
            .json(try await store.unmark(try request.identifier("id"), Self.fingerprint(request)))
        }
        .taking(.path, "id", "The assay", Schema.identifier)
        .taking(.path, "fingerprint", "The finding's fingerprint", Schema.text)
        .answering(200, "The finding", Schema.any)
    }

    private static func fingerprint(_ request: RouteRequest) -> String { request.path["fingerprint"] ?? "" }

    /// What the caller calls it, without what no terminal should be sent.
    private static func name(_ request: RouteRequest) throws -> String? {
        guard let name = try request.name("path", limit: AssayJob.maximumPathBytes) else { return nil }
        return String(
            String.UnicodeScalarView(name.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 })
        )
    }

    /// An assay as it stands now.
    /// - Throws: `not_found`.
    func assay(_ id: AssayID) async throws -> JSON { try await live(try await store.assay(id), isSummary: false) }

    /// Summaries of assays as they stand now, newest first.
    func assays(before cursor: AssayID?, limit: Int) async throws -> [JSON] {
        var assays = try await store.assays(before: cursor, limit: limit)
        for index in assays.indices { assays[index] = try await live(assays[index], isSummary: true) }
        return assays
    }

    private func accepted(_ id: AssayID) async throws -> RouteResponse {
        .json(
            AssayStore.summary(of: try await assay(id)),
            status: 202,
            headers: [.location: "\(Self.root)/\(id)"]
        )
    }

    /// An assay that waits says where its job stands.
    private func live(_ assay: JSON, isSummary: Bool) async throws -> JSON {
        guard assay["status"]?.stringValue == "queued" else { return assay }
        var assay = assay
        guard let id = assay["job"]?.stringValue.flatMap({ JobID($0) }), let job = try? await queue.job(id) else {
            assay["status"] = "failed"
            assay["error"] = ["code": "not_found", "message": "The job is no longer kept; send it again."]
            return assay
        }
        switch job.state {
        case .blocked, .queued: break
        case .running:
            assay["status"] = "running"
            assay["progress"] = .number(job.progress)
        case .succeeded:
            // It ended between the two readings.
            guard let id = assay["id"]?.stringValue.flatMap({ AssayID($0) }) else { break }
            let fresh = try await store.assay(id)
            return isSummary ? AssayStore.summary(of: fresh) : fresh
        case .failed, .cancelled:
            assay["status"] = "failed"
            let cancelled: JSON = ["code": "cancelled", "message": "The job was cancelled."]
            assay["error"] = job.error?.json ?? cancelled
        }
        return assay
    }

    private func assay(_ files: [(path: String, bytes: [UInt8])], bytes: Int) async throws -> [JSON] {
        guard waiting.take(bytes, limit: Self.maximumWaitingBytes) else {
            throw CupelError(.rateLimitExceeded, "Too much waits to be scanned; try again soon.", retryAfterSeconds: 2)
        }
        defer { waiting.give(bytes) }
        return try await store.store(await assayer.assays(files))
    }

    init(assayer: Assayer, store: AssayStore, intake: AssayIntake, queue: JobQueue) {
        (self.assayer, self.store, self.intake, self.queue) = (assayer, store, intake, queue)
    }
}

/// Bytes that are being worked on, within a bound.
private final class BytesInFlight: Sendable {
    private let count = Mutex(0)

    func take(_ bytes: Int, limit: Int) -> Bool {
        count.withLock { count in
            guard count + bytes <= limit else { return false }
            count += bytes
            return true
        }
    }

    func give(_ bytes: Int) { count.withLock { $0 -= bytes } }
}
