import CupelCore
import Gauntlet
import HTTPTypes
import Storage

/// Assays: pass a text through the gauntlet, and read what earlier ones found.
enum AssayRoutes {
    static let schema = Schema.object([
        ("digest", Schema.text), ("verdict", Schema.choice(Verdict.allCases.map(\.rawValue))), ("reason", Schema.text),
        ("findings", Schema.array(Schema.any)),
    ])

    static func all(_ engine: GauntletEngine, _ pool: ScanPool, limit: Int) -> [Route] {
        [
            Route(.post, "/api/v1/assays", tag: "assays", "Pass files through the gauntlet") { request in
                var fields = try request.fields()
                let files = files(&fields)
                try fields.finish()
                // Scanning is work for the processor; it has threads of its own.
                let assays = await pool.run {
                    files.map { file in
                        var json = engine.assay(Array(file.text.utf8), path: file.path).json
                        json["path"] = .string(file.path)
                        return json
                    }
                }
                return .json(["items": .array(assays)])
            }
            .body(
                Schema.object([("files", Schema.array(Schema.object([("path", Schema.text), ("text", Schema.text)])))]),
                maximumBytes: limit
            )
            .answering(200, "An assay a file", Schema.object([("items", Schema.array(schema))]))
        ]
    }

    /// Files in one request.
    static let maximumFiles = 1000

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
