package import CupelCore

extension ModelRegistry {
    /// What a registry's file may weigh.
    package static let fileLimits = JSONLimits(bytes: 8 << 20, depth: 12, values: 500_000)

    /// The file's name in the data directory, where it overlays the built-in registry.
    package static func overlayPath(in dataDirectory: String) -> String { dataDirectory + "/models.json" }

    /// The registry that is compiled in.
    package static let builtIn: ModelRegistry = {
        do {
            return try ModelRegistry(parsing: PackageResources.models_json)
        } catch {
            // Our own resource: a test holds it to its shape.
            preconditionFailure("The built-in registry of models is broken: \(error)")
        }
    }()

    /// The registry in force: the built-in one, overlaid by the data directory's file where there is one.
    /// - Throws: `validation_error` naming each wrong field of that file; what keeps it from being read.
    package static func load(dataDirectory: String) throws -> ModelRegistry {
        let path = overlayPath(in: dataDirectory)
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.bytes(at: path, limit: fileLimits.bytes)
        } catch let error as CupelError where error.code == .notFound {
            return builtIn
        }
        do {
            return try builtIn.merge(update: try ModelRegistry(parsing: bytes))
        } catch let error as CupelError {
            throw CupelError(error.code, "\(path): \(error.message)", fields: error.fields, cause: error.cause)
        }
    }

    /// Reads a registry's file.
    /// - Throws: `malformed_request` when it is no JSON, with line and column; `validation_error` naming each wrong
    ///   and unknown field by its path.
    package init(parsing bytes: [UInt8]) throws {
        let json: JSON
        do {
            json = try JSON(parsing: bytes, limits: Self.fileLimits)
        } catch {
            throw CupelError(.malformedRequest, "The registry of models is no JSON: \(error).")
        }
        var reader = DataReader()
        var updated: ModelDate?
        let models = reader.object(json, at: "registry") { fields, reader -> [ModelCard]? in
            _ = fields.integer("version", default: 1, in: 1...1)
            updated = fields.date("updated")
            _ = fields.optionalText("about", limit: 4000)
            guard let list = fields.value("models") else {
                fields.problem("models", "is required")
                return nil
            }
            return reader.list(list, at: "models", most: Self.mostModels) { json, path, reader in
                ModelCard(json: json, at: path, reader: &reader)
            }
        }
        guard reader.problems.isEmpty, let models else {
            throw CupelError(.validationError, "The registry of models is wrong.", fields: reader.problems)
        }
        try self.init(models, updated: updated)
    }

    /// The registry as a file holds it, a model a line.
    package var fileText: String {
        let lines = models.map { $0.json.text() }.joined(separator: ",\n")
        let day = updated.map { "\"updated\": \"\($0)\",\n" } ?? ""
        return "{\n\"version\": 1,\n\(day)\"models\": [\n\(lines)\n]\n}\n"
    }
}
