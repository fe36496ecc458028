import CupelCore
import Gateway
import Identity
import Logging
import Playbooks
import Policy
import Sandbox
import SecretStore
import Storage
import Telemetry

extension Engines {
    /// The gateway to the configured endpoint, or to the local model, which is then served as a child.
    static func makeGateway(
        _ settings: CupelSettings,
        _ environment: [String: String],
        _ calls: CallStore,
        _ logger: Logger
    ) async throws -> (ModelGateway, LocalModelServer?) {
        let sink: CallSink = { call in
            do {
                try await calls.store(call)
            } catch {
                logger.log(.error, "a call was not recorded", [.error: "\(error)"])
            }
        }
        let model = settings.model
        guard model.url.isEmpty else {
            let upstream = Upstream(
                name: model.url,
                baseURL: model.url,
                apiKey: try await key(settings, environment),
                model: model.name,
                limits: UpstreamLimits(whole: model.timeout)
            )
            return (ModelGateway(sink: sink) { upstream }, nil)
        }
        guard !model.local.isEmpty else {
            return (ModelGateway(sink: sink) { throw CupelError(.noModelConfigured, "No model is configured.") }, nil)
        }
        let server = LocalModelServer(
            model: try LocalModelRegistry.model(model.local),
            environment: PythonEnvironment(directory: settings.data.tools),
            limits: UpstreamLimits(whole: model.timeout),
            logger: logger
        )
        return (ModelGateway(sink: sink) { try await server.ready() }, server)
    }

    /// What keeps the gateway true.
    static func makeDirector(
        _ settings: CupelSettings,
        _ accounts: AccountStore,
        _ policy: PolicySource,
        _ front: GatewayEngine,
        _ token: AccessToken,
        _ localModel: LocalModelServer?,
        _ database: any Database,
        _ logger: Logger
    ) -> GatewayDirector {
        GatewayDirector(
            GatewayDirector.Parts(
                accounts: accounts,
                providers: settings.gateway.providers,
                routes: settings.gateway.routes,
                dataDirectory: settings.data.directory,
                owner: token.secret,
                policy: policy,
                local: { localModel?.upstream ?? configured(settings) }
            ),
            engine: front,
            database: database,
            logger: logger
        )
    }

    /// The endpoint of `model.url`, which calls through `/v1` may go to as well.
    private static func configured(_ settings: CupelSettings) -> Upstream? {
        guard !settings.model.url.isEmpty else { return nil }
        return Upstream(
            name: settings.model.url,
            baseURL: settings.model.url,
            apiKey: settings.model.key,
            model: settings.model.name,
            limits: UpstreamLimits(whole: settings.model.timeout)
        )
    }

    /// The endpoint's key: as it was set, else from the secret store.
    static func key(_ settings: CupelSettings, _ environment: [String: String]) async throws -> Secret? {
        if let key = settings.model.key { return key }
        var providers: [any SecretProvider] = [EnvironmentSecrets(environment)]
        if !settings.data.secrets.isEmpty { providers.append(FileSecrets(directory: settings.data.secrets)) }
        return try await SecretStore(providers).secret(named: "OPENAI_API_KEY")
    }

    /// The linter in its sandbox; started by its first use, so that a server starts at once.
    static func makeLinter(_ settings: CupelSettings, _ logger: Logger) async throws -> AnsibleLinter {
        AnsibleLinter(tools: AnsibleTools(directory: settings.data.tools), sandbox: try await Sandbox.open())
    }
}
