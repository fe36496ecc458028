import ArgumentParser
import CupelCore
import CupelServer
import Gauntlet
import Glibc
import Policy
import SecretStore
import Storage

struct HallmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hallmark",
        abstract: "Sign that artefacts passed the gauntlet, and verify it.",
        subcommands: [HallmarkSign.self, HallmarkVerify.self, HallmarkKeyCommand.self]
    )
}

/// Where the key for hallmarks comes from.
private enum HallmarkKeyFile {
    static let secretName = "CUPEL_HALLMARK_KEY"
    static let maximumBytes = 1024

    static func path(_ settings: CupelSettings) -> String { settings.data.directory + "/hallmark.key" }

    /// The key of the environment, or of the data directory; made there when there is none and that is wanted.
    static func signer(_ options: CommonOptions, makesOne: Bool) async throws -> HallmarkSigner {
        let environment = try options.environment()
        if let file = environment[secretName + "_FILE"] {
            return try HallmarkSigner(Secret(try BoundedFile.text(at: file, limit: maximumBytes)))
        }
        let store = SecretStore([EnvironmentSecrets(environment)])
        if let secret = try await store.secret(named: secretName) { return try HallmarkSigner(secret) }
        let path = path(try options.settings())
        if access(path, F_OK) == 0 {
            return try HallmarkSigner(Secret(try BoundedFile.text(at: path, limit: maximumBytes)))
        }
        guard makesOne else {
            throw CupelError(
                .configurationInvalid,
                "There is no key for hallmarks: set \(secretName), or make one with `cupel hallmark key --new`."
            )
        }
        return try make(at: path, options)
    }

    static func make(at path: String, _ options: CommonOptions) throws -> HallmarkSigner {
        _ = try DataDirectory(using: try options.settings().data.directory)
        let signer = HallmarkSigner()
        try BoundedFile.replace(path, with: Array((signer.secret.expose() + "\n").utf8), mode: 0o600)
        Terminal.standard.say("a key for hallmarks was made: \(path)")
        return signer
    }
}

struct HallmarkSign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Pass files through the gauntlet, and sign the verdict.",
        discussion: "Exit codes: 0 signed; 1 they did not pass, nothing is signed; 2 a file or an option is wrong."
    )

    @Argument(help: "Files.") var files: [String]
    @Option(name: .shortAndLong, help: "Write the hallmark there. Default: FILE.hallmark.json for one file.")
    var output: String?
    @Option(help: "The model that made them.") var model: String?
    @Option(help: "The call that they were made in.") var call: String?
    @Option(help: "Who looked at them and said yes; a verdict of review needs one.") var approver: String?
    @OptionGroup var judging: ScanPolicyOptions
    @OptionGroup var options: CommonOptions

    func run() async throws {
        guard files.count == 1 || output != nil else {
            throw CupelError(.validationError, "Name the hallmark of several files with --output.")
        }
        let (policy, engine) = try judging.engine(try options.settings())
        let assays = try files.map { file in
            let bytes = try BoundedFile.bytes(at: file, limit: GauntletEngine.maximumBytes)
            return (file, engine.assay(bytes, path: file, policy: VerdictPolicy(policy.artefacts)))
        }
        let worst = assays.map(\.1).max { $0.verdict < $1.verdict }
        guard let worst, worst.verdict == .pass || worst.verdict == .review && approver != nil else {
            return try refuse(assays.map(\.1))
        }
        let statement = HallmarkStatement(
            subjects: assays.map { .init(name: $0.0, digest: $0.1.digest) },
            verdict: worst.verdict,
            reason: worst.reason,
            policy: policy.version.description,
            rulePack: engine.rulePackVersion,
            layers: engine.layers,
            model: model,
            call: call,
            approver: approver,
            time: SystemTime().now,
            program: "cupel \(Version.current)"
        )
        let signer = try await HallmarkKeyFile.signer(options, makesOne: true)
        let hallmark = try Hallmark(statement, signedWith: signer)
        let target = output ?? files[0] + ".hallmark.json"
        try BoundedFile.replace(target, with: Array((hallmark.json.text(.pretty) + "\n").utf8))
        Terminal.standard.say("\(worst.verdict.rawValue): signed by \(signer.verifier.identifier) in \(target)")
    }

    private func refuse(_ assays: [Assay]) throws {
        for assay in assays where assay.verdict > .pass {
            Terminal.standard.say("\(assay.verdict.rawValue): \(assay.reason)")
        }
        let isReview = assays.allSatisfy { $0.verdict < .block }
        let advice = isReview ? " Whoever looked at them can be named with --approver." : ""
        Terminal.standard.say("nothing was signed.\(advice)")
        throw ExitCode(1)
    }
}

struct HallmarkVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Look whether a hallmark holds; needs no network.",
        discussion: "Exit codes: 0 it holds; 1 it does not; 2 it, a key or a file cannot be read."
    )

    @Argument(help: "The hallmark.") var hallmark: String
    @Argument(help: "The files it is of, as they are now.") var files: [String] = []
    @Option(help: ArgumentHelp("Public keys that are trusted. Default: the one that signs here.", valueName: "pem"))
    var key: [String] = []
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let envelope = try Hallmark(parsing: try BoundedFile.bytes(at: hallmark, limit: Hallmark.maximumBytes))
        var keys = try key.map { try HallmarkVerifier(pem: try BoundedFile.text(at: $0, limit: 64 << 10)) }
        if keys.isEmpty { keys = [try await HallmarkKeyFile.signer(options, makesOne: false).verifier] }
        let content = try files.map { file in
            (name: file, digest: Digest(of: try BoundedFile.bytes(at: file, limit: GauntletEngine.maximumBytes)))
        }
        let faults = envelope.verify(with: keys, content: content)
        if options.json {
            let json: JSON = [
                "holds": .bool(faults.isEmpty), "faults": .array(faults.map { .string($0.description) }),
                "statement": envelope.statement.json,
            ]
            Terminal.standard.print(json.text(.pretty))
        } else {
            for fault in faults { Terminal.standard.say("\(hallmark): \(fault.description)") }
        }
        if !faults.isEmpty { throw ExitCode(1) }
        if !options.json { show(envelope.statement) }
    }

    private func show(_ statement: HallmarkStatement) {
        let names = statement.subjects.map(\.name).joined(separator: ", ")
        let approver = statement.approver.map { ", approved by \($0)" } ?? ""
        let model = statement.model.map { ", made by \($0)" } ?? ""
        Terminal.standard.print(
            "it holds: \(names): \(statement.verdict.rawValue) on \(statement.time.description.prefix(19))Z\(approver)\(model), "
                + "rules \(statement.rulePack), policy \(statement.policy.prefix(19))"
        )
        if files.isEmpty { Terminal.standard.say("The files themselves were not compared; name them to do so.") }
    }
}

struct HallmarkKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Print the public key that verifies what is signed here."
    )

    @Flag(help: "Make a key, when there is none.") var new = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let verifier = try await HallmarkKeyFile.signer(options, makesOne: new).verifier
        if options.json {
            let json: JSON = ["keyid": .string(verifier.identifier), "pem": .string(verifier.pem)]
            return Terminal.standard.print(json.text(.pretty))
        }
        Terminal.standard.say("key \(verifier.identifier)")
        Terminal.standard.write(verifier.pem, STDOUT_FILENO)
    }
}
