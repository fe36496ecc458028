import CupelCore
import Gateway
import Jobs

/// One job's place in the workshop: an author over the gateway and the linter, remembering what they said last.
actor Bench {
    private let workshop: Workshop
    private let job: JobID
    private(set) var model = ""
    private(set) var inspection: JSON = .null
    private var modelTime = Duration.zero
    private var lintTime = Duration.zero
    private let began = ProcessorTime.ofThisProcess

    init(workshop: Workshop, job: JobID) {
        self.workshop = workshop
        self.job = job
    }

    /// An author that reports its steps.
    nonisolated func author(_ report: @escaping @Sendable (Step) -> Void) -> PlaybookAuthor {
        PlaybookAuthor(
            catalog: workshop.catalog,
            time: workshop.time,
            complete: { try await self.complete($0) },
            lint: { yaml in
                let inspection = try await self.inspect(yaml)
                return inspection.syntax + inspection.lint
            },
            progress: { report(Step($0)) }
        )
    }

    private func complete(_ prompt: AuthorPrompt) async throws -> AuthorAnswer {
        let before = workshop.modelProcess().flatMap(ProcessorTime.ofProcess)
        let answer = try await workshop.gateway.answer(
            ModelRequest(
                system: prompt.system,
                messages: [.init(.user, prompt.user)],
                shape: .init(name: "playbook", schema: prompt.schema),
                maxTokens: prompt.maximumTokens,
                temperature: 0,
                seed: 1,
                purpose: "playbook.create"
            )
        )
        if let before, let after = workshop.modelProcess().flatMap(ProcessorTime.ofProcess), after > before {
            modelTime += after - before
        }
        model = answer.record.modelAnswered ?? answer.record.modelAsked
        return AuthorAnswer(
            text: answer.json?.text() ?? answer.text,
            isCut: answer.isCut,
            promptTokens: answer.usage.input,
            answerTokens: answer.usage.output
        )
    }

    /// Processor time so far by who used it; the model's only when it runs on this machine.
    var processorTimes: [(name: String, total: Duration)] {
        [
            ("model", modelTime), ("syntax check and lint", lintTime),
            ("cupel itself", ProcessorTime.ofThisProcess - began),
        ]
    }

    /// What the tools say of a playbook.
    func inspect(_ yaml: String) async throws -> Inspection {
        let result = try await workshop.linter.check(yaml)
        inspection = result.json
        lintTime += result.syntaxCost.cpu + result.lintCost.cpu
        return Inspection(syntax: result.syntax, lint: result.lint)
    }
}

extension Step {
    /// An author's step, as it is kept and shown.
    init(_ step: AuthorStep) {
        switch step {
        case .planned(let plan, let took):
            let modules = plan.tasks.flatMap { $0.offers.map(\.module) }.joined(separator: ", ")
            self.init(0.1, "modules chosen: \(modules)", "planned", took, ["plan": plan.json])
        case .answered(let answer, let attempt, let took):
            self.init(
                0.5,
                "the model answered",
                "answered",
                took,
                ["attempt": .integer(Int64(attempt)), "answer": .string(answer.text), "cut": .bool(answer.isCut)]
            )
        case .composed(let yaml, _, let took):
            self.init(0.6, "playbook composed", "composed", took, ["yaml": .string(yaml)])
        case .checked(let problems, _, let took):
            let note = problems.isEmpty ? "arguments are valid" : "\(problems.count) argument problems"
            self.init(0.7, note, "checked", took, ["problems": .array(problems.map { .string($0.text) })])
        case .linted(let findings, _, let took):
            let note = findings.isEmpty ? "syntax check and ansible-lint are clean" : "\(findings.count) lint findings"
            self.init(0.9, note, "linted", took, ["findings": .array(findings.map { .string($0.text) })])
        case .rejected(let problems, let attempt):
            self.init(
                0.3,
                "answer \(attempt) was rejected: \(problems.first ?? "")",
                "rejected",
                .zero,
                ["problems": .array(problems.map { .string($0) })]
            )
        }
    }

    private init(_ fraction: Double, _ note: String, _ step: String, _ took: Duration, _ data: JSON) {
        var data = data
        data["step"] = .string(step)
        data["took_ms"] = .number(took.inMilliseconds)
        self.init(fraction: fraction, note: note, data: data)
    }
}
