import CupelCore
import Gauntlet
import HTTPTypes
import Policy
import Synchronization

/// Assays: pass files through the gauntlet, and read what earlier ones found.
struct AssayRoutes: Sendable {
    let engine: GauntletEngine
    let pool: ScanPool
    let store: AssayStore
    let policy: PolicySource
    private let waiting = BytesInFlight()

    /// Files in one request.
    static let maximumFiles = 1000
    /// Bytes of bodies that may wait for the scanner at once; more are asked to come later.
    static let maximumWaitingBytes = 256 << 20

    static let schema = Schema.object([
        ("id", Schema.identifier), ("path", Schema.text), ("digest", Schema.text),
        ("verdict", Schema.choice(Verdict.allCases.map(\.rawValue))), ("reason", Schema.text),
        ("findings", Schema.array(Schema.any)), ("created_at", Schema.moment),
    ])

    init(engine: GauntletEngine, pool: ScanPool, store: AssayStore, policy: PolicySource) {
        (self.engine, self.pool, self.store, self.policy) = (engine, pool, store, policy)
    }

    func all(limit: Int) -> [Route] {
        [
            Route(.post, "/api/v1/assays", tag: "assays", "Pass files through the gauntlet") { request in
                var fields = try request.fields()
                let files = Self.files(&fields)
                try fields.finish()
                return .json(["items": .array(try await assay(files, bytes: request.body.count))])
            }
            .body(
                Schema.object([("files", Schema.array(Schema.object([("path", Schema.text), ("text", Schema.text)])))]),
                maximumBytes: limit
            )
            .answering(200, "An assay a file", Schema.object([("items", Schema.array(Self.schema))])),
            Route(.get, "/api/v1/assays", tag: "assays", "Assays, newest first") { request in
                let page = try request.page(of: AssayKind.self)
                let assays = try await store.assays(before: page.before, limit: page.limit)
                return .list(assays, limit: page.limit, cursor: { $0["id"]?.stringValue ?? "" }, json: { $0 })
            }
            .takingPage()
            .answering(200, "A page of assays", Schema.page(of: Self.schema)),
            Route(.get, "/api/v1/assays/{id}", tag: "assays", "One assay") { request in
                .json(try await store.assay(try request.identifier("id")))
            }
            .taking(.path, "id", "The assay", Schema.identifier)
            .answering(200, "The assay", Self.schema),
        ]
    }

    private func assay(_ files: [(path: String, text: String)], bytes: Int) async throws -> [JSON] {
        guard waiting.take(bytes, limit: Self.maximumWaitingBytes) else {
            throw CupelError(.rateLimitExceeded, "Too much waits to be scanned; try again soon.", retryAfterSeconds: 2)
        }
        defer { waiting.give(bytes) }
        // Scanning is work for the processor; it has threads of its own.
        let policy = VerdictPolicy(policy.current.artefacts)
        let assays = await pool.run { [engine] in
            files.map { (path: $0.path, assay: engine.assay(Array($0.text.utf8), path: $0.path, policy: policy)) }
        }
        return try await store.store(assays)
    }

    private static func files(_ fields: inout JSONFields) -> [(path: String, text: String)] {
        guard let list = fields.value("files")?.arrayValue, !list.isEmpty, list.count <= maximumFiles else {
            fields.problem("files", "must be a list of 1 to \(maximumFiles) objects with path and text")
            return []
        }
        return list.enumerated().compactMap { index, file in
            guard let path = file["path"]?.stringValue, let text = file["text"]?.stringValue else {
                fields.problem("files[\(index)]", "must have the strings path and text")
                return nil
            }
            return (path, text)
        }
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
