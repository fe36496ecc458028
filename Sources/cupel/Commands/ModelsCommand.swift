import ArgumentParser
import CupelCore
import CupelServer
import Gateway
import OrderedCollections
import Storage

struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "See and update the registry of models: who serves them, what they can, what they cost.",
        discussion: """
            The registry is built in; `models.json` in the data directory overlays it, model by model. Prices are US \
            dollars a million tokens. For models that run on this machine see `cupel model`.
            """,
        subcommands: [ModelsList.self, ModelsShow.self, ModelsDiff.self, ModelsUpdate.self]
    )
}

struct ModelsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the models of the registry.")

    @Option(help: "Only models of this family, as anthropic.") var family: String?
    @Option(help: "Only models that this provider serves, as bedrock.") var provider: String?
    @Option(help: "Only models that satisfy this contract, as 'tools, context>=200k, tier<=2'.") var contract: String?
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let contract = try RouteContract(parsing: contract ?? "")
        let cards = try registry(options).models.filter { card in
            (family == nil || card.family == family) && (provider == nil || card.served(by: provider ?? "") != nil)
                && card.satisfies(contract)
        }
        if options.json { return Terminal.standard.print(JSON.array(cards.map(\.json)).text(.pretty)) }
        let rows = cards.map { card in
            [
                card.id, card.family, String(card.tier), card.context.map { "\($0)" } ?? "-",
                card.prices?.base.input.dollarsPerMillion ?? "-", card.prices?.base.output?.dollarsPerMillion ?? "-",
                card.checked?.description ?? "-", card.capabilities.words.joined(separator: " "),
            ]
        }
        let head = ["NAME", "FAMILY", "TIER", "CONTEXT", "INPUT", "OUTPUT", "CHECKED", "CAN"]
        Terminal.standard.print(Terminal.standard.table([head] + rows))
    }
}

struct ModelsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show all that is known of a model, and where it stands."
    )

    @Argument(help: "A name or alias of `cupel models list`.") var name: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let registry = try registry(options)
        guard let (card, _) = registry.find(name) else {
            let nearest = registry.nearest(to: name)
            let help = nearest.isEmpty ? "" : " Did you mean \(nearest.joined(separator: ", "))?"
            throw CupelError(.modelNotAvailable, "There is no model \(name) in the registry.\(help)")
        }
        if options.json { return Terminal.standard.print(card.json.text(.pretty)) }
        let fields = card.fields.map { [$0.name, $0.value] }
        Terminal.standard.print(Terminal.standard.table([["FIELD", "VALUE"]] + fields))
        let offers = card.served.map { offer in
            let rates = card.prices(of: offer)?.base
            return [
                offer.provider, offer.region ?? "-", rates?.input.dollarsPerMillion ?? "not known",
                rates?.output?.dollarsPerMillion ?? "-", offer.name,
            ]
        }
        Terminal.standard.print("")
        Terminal.standard.print(
            Terminal.standard.table([["PROVIDER", "REGION", "INPUT", "OUTPUT", "NAME THERE"]] + offers)
        )
    }
}

struct ModelsDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what an update would change, and write nothing."
    )

    @Argument(help: "A registry file, in the form that `models.json` has.") var file: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let current = try registry(options)
        let diff = current.diff(try ModelRegistry.builtIn.merge(update: try readRegistry(file)))
        if options.json { return Terminal.standard.print(diff.json.text(.pretty)) }
        if diff.isEmpty { return Terminal.standard.say("Nothing would change.") }
        Terminal.standard.print(diff.lines.joined(separator: "\n"))
    }
}

struct ModelsUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Check a registry file and lay it over the built-in registry.",
        discussion: """
            The file replaces an earlier overlay as a whole. A running server takes it up at its next reload (SIGHUP).
            """
    )

    @Argument(help: "A registry file, in the form that `models.json` has.") var file: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let directory = try options.settings().data.directory
        let update = try readRegistry(file)
        // An overlay that is broken must not keep a good one from taking its place.
        let current = (try? ModelRegistry.load(dataDirectory: directory)) ?? .builtIn
        let merged = try ModelRegistry.builtIn.merge(update: update)
        _ = try DataDirectory(using: directory)
        let path = ModelRegistry.overlayPath(in: directory)
        try BoundedFile.replace(path, with: Array(update.fileText.utf8))
        let diff = current.diff(merged)
        if options.json { return Terminal.standard.print(diff.json.text(.pretty)) }
        if !diff.isEmpty { Terminal.standard.print(diff.lines.joined(separator: "\n")) }
        Terminal.standard.say("\(update.models.count) models of \(file) lie over the built-in registry: \(path)")
    }
}

/// The registry in force, the data directory's overlay included.
private func registry(_ options: CommonOptions) throws -> ModelRegistry {
    try ModelRegistry.load(dataDirectory: try options.settings().data.directory)
}

/// A registry's file.
private func readRegistry(_ path: String) throws -> ModelRegistry {
    try ModelRegistry(parsing: try BoundedFile.bytes(at: path, limit: ModelRegistry.fileLimits.bytes))
}
