import CupelCore
package import Sandbox

/// One running worker: the Python program that checks playbooks, in the sandbox, spoken to in lines of JSON.
///
/// One request at a time; ``AnsibleLinter`` sees to that.
package final class AnsibleWorker: Sendable {
    /// Bytes of a playbook that is checked.
    package static let playbookLimit = 1 << 20
    /// Bytes of an answer.
    static let answerLimit = 6 << 20
    /// Time for loading the tools and the self-test.
    static let startLimit = Duration.seconds(120)
    /// Time for one request; the worker itself gives each of its two steps 45 s.
    static let requestLimit = Duration.seconds(100)

    /// How this worker runs the tools.
    package let mode: LintResult.Mode
    private let process: SandboxProcess

    private init(mode: LintResult.Mode, process: SandboxProcess) {
        self.mode = mode
        self.process = process
    }

    /// Starts a worker and waits for its self-test.
    /// - Throws: `tool_missing`; `tool_failed` with what its self-test found; `sandbox_unavailable`; `timeout`.
    package static func start(
        _ mode: LintResult.Mode,
        tools: AnsibleTools,
        sandbox: Sandbox,
        source: String = program
    ) async throws -> AnsibleWorker {
        try tools.check()
        // -I: neither the environment nor the working directory adds to what is imported.
        var arguments = [tools.python, "-I", "-c", source]
        if mode == .plain { arguments.append("--plain") }
        var command = SandboxCommand(arguments)
        command.readOnly = tools.binds
        command.limits = SandboxLimits(
            wall: nil,
            cpuSeconds: nil,
            memoryBytes: 2 << 30,
            processes: 64,
            fileBytes: 16 << 20,
            temporaryBytes: 128 << 20,
            outputBytes: answerLimit + (1 << 20)
        )
        let worker = AnsibleWorker(mode: mode, process: try await sandbox.start(command))
        let ready = try await withDeadline(startLimit, "The start of the Ansible worker") {
            try await worker.answer()
        }
        guard ready["ready"]?.boolValue == true else {
            let reason = ready["error"]?.stringValue ?? "no reason given"
            throw CupelError(.toolFailed, "The Ansible worker's self-test failed: \(reason.prefix(1000))")
        }
        return worker
    }

    /// The worker's source, carried in this binary.
    package static let program = String(decoding: PackageResources.cupel_ansible_worker_py, as: UTF8.self)

    /// Checks a playbook.
    /// - Throws: `tool_failed` when the check crashed or the worker ended; `timeout`; `payload_too_large`.
    package func check(_ playbook: String) async throws -> LintResult {
        let id = Identifier<AnsibleWorker>().description
        let request: JSON = ["id": .string(id), "playbook": .string(playbook)]
        do {
            try process.send(line: request.bytes())
        } catch {
            throw WorkerEnded(reason: "\(error)")
        }
        let answer = try await withDeadline(Self.requestLimit, "The check of the playbook") {
            try await self.answer()
        }
        if let problem = answer["error"] { throw Self.error(problem) }
        guard answer["id"]?.stringValue == id, let result = LintResult(answer, mode: mode) else {
            throw WorkerEnded(reason: "It answered something else than was asked.")
        }
        return result
    }

    /// Whether it has ended.
    package var hasEnded: Bool { process.ending != nil }

    /// Ends the worker and whatever it runs.
    package func stop() async { await process.stop() }

    private func answer() async throws -> JSON {
        guard let line = try await process.nextLine(limit: Self.answerLimit) else {
            // The reason usually is the last thing that Python printed.
            throw WorkerEnded(reason: String(process.errorText.suffix(1000)))
        }
        do {
            return try JSON(parsing: line, limits: JSONLimits(bytes: Self.answerLimit, depth: 16))
        } catch {
            throw WorkerEnded(reason: "Its answer is no JSON: \(error)")
        }
    }

    private static func error(_ problem: JSON) -> CupelError {
        let message = problem["message"]?.stringValue ?? "The check failed."
        return switch problem["code"]?.stringValue {
        case "timeout": CupelError(.timeout, message)
        case "too_large": CupelError(.payloadTooLarge, message)
        default: CupelError(.toolFailed, message)
        }
    }
}

/// The worker is of no more use: it ended, or answers nonsense.
struct WorkerEnded: Error, CustomStringConvertible {
    let reason: String
    var description: String { "The Ansible worker ended: \(reason)" }
}

extension LintResult {
    /// Reads a worker's answer; `nil` when it has another shape.
    init?(_ answer: JSON, mode: Mode) {
        guard let syntax = answer["syntax"]?.arrayValue, let lint = answer["lint"]?.arrayValue,
            let syntaxCost = Cost(answer["times"]?["syntax"]), let lintCost = Cost(answer["times"]?["lint"])
        else { return nil }
        self.init(
            syntax: syntax.compactMap(LintFinding.init),
            lint: lint.compactMap(LintFinding.init),
            syntaxCost: syntaxCost,
            lintCost: lintCost,
            mode: mode
        )
        guard self.syntax.count == syntax.count, self.lint.count == lint.count else { return nil }
    }
}

extension LintResult.Cost {
    fileprivate init?(_ json: JSON?) {
        guard let cpu = json?["cpu"]?.doubleValue, let wall = json?["wall"]?.doubleValue else { return nil }
        self.init(cpu: .seconds(cpu), wall: .seconds(wall))
    }
}

extension LintFinding {
    fileprivate init?(_ json: JSON) {
        guard let rule = json["rule"]?.stringValue, let message = json["message"]?.stringValue,
            let severity = json["severity"]?.stringValue.flatMap(Severity.init), let line = json["line"]?.intValue
        else { return nil }
        self.init(rule: rule, severity: severity, message: message, line: line, column: json["column"]?.intValue)
    }
}
