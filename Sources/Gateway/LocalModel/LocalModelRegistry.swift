package import CupelCore

/// A model that runs on this machine: the packages that bring it and the file that it is.
package struct LocalModel: Sendable, Hashable {
    /// What people call it.
    package var name: String
    /// Its full name.
    package var title: String
    /// Its licence, as SPDX names it.
    package var licence: String
    /// The pinned PyPI packages that hold it and its server.
    package var packages: [String]
    /// The GGUF file, relative to the environment's packages.
    package var file: String
    /// Bytes of the file.
    package var bytes: Int
    /// SHA-256 of the file.
    package var digest: Digest
    /// Tokens of question and answer together.
    package var context: Int
    /// Megabytes on disk with everything it brings along.
    package var installedMegabytes: Int
    /// Megabytes of memory while it runs.
    package var memoryMegabytes: Int

    init?(_ json: JSON) {
        guard let name = json["name"]?.stringValue, let title = json["title"]?.stringValue,
            let licence = json["licence"]?.stringValue, let file = json["file"]?.stringValue,
            let packages = json["packages"]?.arrayValue?.compactMap(\.stringValue), let bytes = json["bytes"]?.intValue,
            let digest = (json["sha256"]?.stringValue).flatMap({ Digest($0) }),
            let context = json["context"]?.intValue, let disk = json["installed_megabytes"]?.intValue,
            let memory = json["memory_megabytes"]?.intValue
        else { return nil }
        (self.name, self.title, self.licence, self.file) = (name, title, licence, file)
        (self.packages, self.bytes, self.digest, self.context) = (packages, bytes, digest, context)
        (installedMegabytes, memoryMegabytes) = (disk, memory)
    }
}

/// The models that Cupel knows how to run itself.
package enum LocalModelRegistry {
    /// All of them, the recommended one first.
    package static let models: [LocalModel] = {
        // Our own resource: a test holds it to its shape.
        let json = try? JSON(parsing: PackageResources.local_models_json)
        return json?.arrayValue?.compactMap(LocalModel.init) ?? []
    }()

    /// The model of this name.
    /// - Throws: `model_not_available`, listing those there are.
    package static func model(_ name: String) throws -> LocalModel {
        if let model = models.first(where: { $0.name == name }) { return model }
        let known = models.map(\.name).joined(separator: ", ")
        throw CupelError(.modelNotAvailable, "There is no local model \(name). Those there are: \(known).")
    }
}
