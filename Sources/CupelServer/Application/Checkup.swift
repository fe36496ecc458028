import CupelCore
import Gateway
import Playbooks
import Sandbox
import Storage

/// Looks at everything that Cupel needs on a machine.
package struct Checkup: Sendable {
    private let settings: CupelSettings
    private let environment: [String: String]

    /// One part and what is wrong with it.
    package struct Result: Sendable {
        /// What was looked at.
        package let part: String
        /// What is wrong and what to do; `nil` when all is well.
        package let problem: String?
    }

    /// A look at what some settings need.
    package init(settings: CupelSettings, environment: [String: String]) {
        self.settings = settings
        self.environment = environment
    }

    /// Looks at every part; none keeps the others from being looked at.
    package func run() async -> [Result] {
        let data = settings.data
        return [
            await look("data directory \(data.directory)") {
                // A directory that a server owns was proven by it.
                if DataDirectory.owner(of: data.directory) == nil { _ = try DataDirectory(owning: data.directory) }
            },
            await look("database") {
                if let url = data.database { await (try await PostgresDatabase(url: url)).close() }
            },
            await look("redis") { try await checkRedis() },
            await look("sandbox") { _ = try await Sandbox.open() },
            await look("Ansible's tools in \(data.tools)") { try AnsibleTools(directory: data.tools).check() },
            await look("model") { try await checkModel() },
        ]
    }

    private func checkRedis() async throws {
        guard let address = settings.redis.address else { return }
        let client = RedisClient(address)
        let outcome = await Deadline.problem(within: .seconds(5)) { _ = try await client.run(RedisCommand("PING")) }
        await client.close()
        if let outcome { throw CupelError(.storageUnavailable, outcome) }
    }

    private func checkModel() async throws {
        let model = settings.model
        guard model.url.isEmpty else {
            let upstream = Upstream(
                name: model.url,
                baseURL: model.url,
                apiKey: try await Engines.key(settings, environment),
                model: model.name
            )
            let gateway = ModelGateway(sink: { _ in }, upstream: { upstream })
            let outcome = await Deadline.problem(within: .seconds(10)) { try await gateway.check() }
            await gateway.close()
            if let outcome { throw CupelError(.providerConnectionFailed, outcome) }
            return
        }
        let local = try LocalModelRegistry.model(model.local)
        guard LocalModelInstaller(environment: PythonEnvironment(directory: settings.data.tools)).path(of: local) != nil
        else { throw CupelError(.noModelConfigured, "Not installed; run: cupel model install \(model.local)") }
    }

    private func look(_ part: String, _ check: @Sendable () async throws -> Void) async -> Result {
        do {
            try await check()
            return Result(part: part, problem: nil)
        } catch let error as CupelError {
            return Result(part: part, problem: "\(error.message) \(error.code.recovery)")
        } catch {
            return Result(part: part, problem: "\(error)")
        }
    }
}
