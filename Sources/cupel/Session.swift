import CupelCore
import CupelServer
import Foundation
import Identity
import ServiceLifecycle
import Storage

/// A command's way to the API: of the server that owns the data directory, or of one started for this command alone.
enum Session {
    /// Runs a command's body against the API.
    static func run<Value: Sendable>(
        _ options: CommonOptions,
        _ body: @escaping @Sendable (APIClient) async throws -> Value
    ) async throws -> Value {
        let settings = try options.settings()
        if let client = try owner(of: settings.data.directory) { return try await body(client) }
        return try await alone(options, body)
    }

    /// A client of the server that owns a data directory, if one does.
    static func owner(of directory: String) throws -> APIClient? {
        guard let pid = DataDirectory.owner(of: directory) else { return nil }
        guard let token = try AccessToken.load(at: DataDirectory.tokenPath(in: directory)),
            let base = try? BoundedFile.text(at: DataDirectory.endpointPath(in: directory), limit: 4096)
        else {
            throw CupelError(
                .dataDirectoryLocked,
                "Process \(pid) owns \(directory) but does not say how it is reached yet."
            )
        }
        return APIClient(base: base.trimmingCharacters(in: .whitespacesAndNewlines), token: token.secret)
    }

    private static func alone<Value: Sendable>(
        _ options: CommonOptions,
        _ body: @escaping @Sendable (APIClient) async throws -> Value
    ) async throws -> Value {
        let settings = try options.settings(["server.host": "127.0.0.1", "server.port": "0"])
        let application = try await CupelApplication.make(
            settings,
            environment: try options.environment(),
            logger: options.quietLogger()
        )
        let (ready, signal) = AsyncStream.makeStream(of: String.self)
        let group = application.serviceGroup(signals: []) { signal.yield($0) }
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { signal.finish() }
                try await group.run()
            }
            guard let base = await ready.first(where: { _ in true }) else {
                try await tasks.waitForAll()
                throw CupelError(.internalError, "The server for this command did not start.")
            }
            let result = await Result { try await body(APIClient(base: base, token: application.token)) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            await application.close()
            return try result.get()
        }
    }
}

extension Result where Failure == any Error {
    /// The outcome of asynchronous work.
    init(_ work: () async throws -> Success) async {
        do {
            self = .success(try await work())
        } catch {
            self = .failure(error)
        }
    }
}
