import ArgumentParser
import CupelCore
import CupelServer
import Gateway
import Logging
import ServiceLifecycle
import UnixSignals

struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Install and run local models.",
        subcommands: [ModelList.self, ModelInstall.self, ModelRemove.self, ModelRun.self]
    )
}

struct ModelList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List local models.")

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let installer = try installer(options)
        let models = try await installer.list()
        if options.json {
            let items = models.map { status -> JSON in
                [
                    "name": .string(status.model.name), "installed": .bool(status.path != nil),
                    "licence": .string(status.model.licence), "path": status.path.map { .string($0) } ?? .null,
                ]
            }
            return Terminal.standard.print(JSON.array(items).text(.pretty))
        }
        let rows = models.map { status in
            [
                status.model.name, status.path == nil ? "no" : "yes", status.model.licence,
                "\(status.model.installedMegabytes) MB", status.model.title,
            ]
        }
        Terminal.standard.print(Terminal.standard.table([["NAME", "INSTALLED", "LICENCE", "DISK", "WHAT"]] + rows))
    }
}

struct ModelInstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Install a local model and the server that runs it."
    )

    @Argument(help: "A name of `cupel model list`.") var name: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let path = try await installer(options).install(try LocalModelRegistry.model(name)) { line in
            Terminal.standard.say("  \(line)")
        }
        Terminal.standard.say("installed \(name): \(path)")
    }
}

struct ModelRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Remove a local model.")

    @Argument(help: "A name of `cupel model list`.") var name: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        try await installer(options).remove(try LocalModelRegistry.model(name))
        Terminal.standard.say("removed \(name)")
    }
}

struct ModelRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Serve a local model on its own until Ctrl-C, and print its address."
    )

    @Argument(help: "A name of `cupel model list`.") var name: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let logger = options.quietLogger()
        let server = LocalModelServer(
            model: try LocalModelRegistry.model(name),
            environment: PythonEnvironment(directory: try options.settings().data.tools),
            logger: logger
        )
        let group = ServiceGroup(services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            Terminal.standard.print("model.url=\(try await server.ready().baseURL)")
            try await tasks.waitForAll()
        }
    }
}

/// The installer of the settings' tools directory.
private func installer(_ options: CommonOptions) throws -> LocalModelInstaller {
    LocalModelInstaller(environment: PythonEnvironment(directory: try options.settings().data.tools))
}
