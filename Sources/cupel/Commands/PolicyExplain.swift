import ArgumentParser
import CupelCore
import CupelServer
import Gauntlet
import Glibc
import Policy

struct PolicyExplain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what the policy makes of a file, a rule or a licence, and which line of it decides.",
        discussion: """
            Needs no server. Exit codes: 0 it was explained, whatever the verdict; 2 the policy, a name or a file is wrong.
            """
    )

    @Argument(help: "A file, which is looked at.") var file: String?
    @Option(help: ArgumentHelp("A rule, as findings name it.", valueName: "id")) var rule: String?
    @Option(help: ArgumentHelp("With --rule: in this file.", valueName: "path")) var at: String?
    @Option(help: ArgumentHelp("A licence, as an SPDX expression.", valueName: "expression")) var licence: String?
    @OptionGroup var judging: PolicyFileOption
    @OptionGroup var options: CommonOptions

    func validate() throws {
        guard [file, rule, licence].count(where: { $0 != nil }) == 1 else {
            throw ValidationError("Give a file, --rule or --licence, and only one of them.")
        }
        guard at == nil || rule != nil else { throw ValidationError("--at goes with --rule.") }
    }

    func run() async throws {
        let settings = try options.settings()
        let (policy, directory) = try judging.read(settings)
        let explainer = PolicyExplainer(policy.artefacts, at: SystemTime().now)
        let explanations: [PolicyExplanation]
        if let licence {
            guard let index = LicenceIndex.builtIn,
                let expression = LicenceExpression(parsing: licence, index: index, isStrict: false)
            else {
                throw CupelError(.validationError, "'\(licence)' is no SPDX expression, as MIT OR Apache-2.0.")
            }
            explanations = [explainer.explain(licence: expression)]
        } else if let rule {
            explanations = [try explain(rule, explainer, policy, directory)]
        } else {
            let name = file ?? ""
            let bytes = try BoundedFile.bytes(at: name, limit: GauntletEngine.maximumBytes)
            let engine = try GauntletEngine.make(
                under: policy.artefacts,
                packsFrom: directory,
                cacheDirectory: settings.data.directory + "/cache"
            )
            let assay = engine.assay(bytes, path: name, policy: VerdictPolicy(policy.artefacts))
            explanations = explainer.explain(assay, path: name)
        }
        if options.json {
            return Terminal.standard.print(JSON.array(explanations.map(\.json)).text(.pretty))
        }
        let path = judging.path(settings)
        Terminal.standard.print(explanations.map { $0.text(file: path) }.joined().trimmingSuffix("\n"))
    }

    private func explain(
        _ rule: String,
        _ explainer: PolicyExplainer,
        _ policy: PolicyFile,
        _ directory: String
    ) throws -> PolicyExplanation {
        let pack = try RulePack.all(of: policy.artefacts, packsFrom: directory)
        guard let card = pack.identity(of: rule) else {
            let names = pack.rules.map(\.id) + pack.combinations.map(\.id)
            let hint = rule.nearest(among: names).map { " Did you mean \($0)?" } ?? ""
            throw CupelError(.validationError, "There is no rule '\(rule)'.\(hint)")
        }
        return explainer.explain(rule: rule, layer: card.layer, severity: card.severity, path: at)
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
