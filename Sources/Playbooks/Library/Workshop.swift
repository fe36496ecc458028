package import Artefacts
package import CupelCore
package import Gateway
package import Gauntlet
package import Jobs
import Storage

/// Where playbooks are made: the author with a real model behind it, the linter, the gauntlet and the store.
package struct Workshop: Sendable {
    package let catalog: ModuleCatalog
    package let gateway: ModelGateway
    package let linter: AnsibleLinter
    package let assayer: Assayer
    package let assays: AssayStore
    package let artefacts: ArtefactStore
    /// The process of the local model, while it runs.
    package let modelProcess: @Sendable () -> Int32?
    package let time: any TimeSource

    /// A workshop over its engines.
    package init(
        catalog: ModuleCatalog,
        gateway: ModelGateway,
        linter: AnsibleLinter,
        assayer: Assayer,
        assays: AssayStore,
        artefacts: ArtefactStore,
        modelProcess: @escaping @Sendable () -> Int32? = { nil },
        time: any TimeSource = SystemTime()
    ) {
        self.catalog = catalog
        self.gateway = gateway
        self.linter = linter
        self.assayer = assayer
        self.assays = assays
        self.artefacts = artefacts
        self.modelProcess = modelProcess
        self.time = time
    }

    /// Says how this workshop's jobs are run.
    package func register(in registry: inout JobRegistry) {
        registry.register(CreatePlaybook.self) { job, context in try await create(job, context) }
        registry.register(EvaluatePlaybooks.self) { job, context in try await evaluate(job, context) }
    }

    private func create(_ job: CreatePlaybook, _ context: JobContext) async throws -> JobOutcome {
        let bench = Bench(workshop: self, job: context.id)
        let authored = try await StepFeed.run(context) { report in
            try await bench.author(report).write(ask: job.ask)
        }
        let bytes = Array(authored.yaml.utf8)
        guard let assay = try await assayer.assays([(path: "playbook.yml", bytes: bytes)]).first else {
            throw CupelError(.internalError, "The gauntlet gave no assay of the playbook.")
        }
        let reason = assay.json["reason"]?.stringValue ?? ""
        try await context.progress(
            0.95,
            "gauntlet: \(assay.verdict.rawValue)",
            data: ["step": "assayed", "assay": assay.json]
        )
        let id = PlaybookID(at: time.now)
        let (now, digest, model) = (time.now, assay.digest, await bench.model)
        let inspection = await bench.inspection
        let result: JSON = [
            "playbook": .string(id.description), "digest": .string(digest.description),
            "verdict": .string(assay.verdict.rawValue),
        ]
        return JobOutcome(result) { transaction in
            try artefacts.store(bytes, kind: "playbook", mediaType: "application/yaml", in: transaction)
            try transaction.execute(
                """
                INSERT INTO playbooks (id, ask, digest, verdict, reason, model, job_id, authored, assay, inspection,
                    created_at)
                VALUES (\(id), \(job.ask), \(digest), \(assay.verdict.rawValue), \(reason), \(model),
                    \(context.id), \(authored.json), \(assay.json), \(inspection), \(now))
                """
            )
            try assays.insert(
                assay,
                owner: AssayOwner(kind: "playbook", id: id.description),
                job: context.id.description,
                in: transaction
            )
        }
    }

    private func evaluate(_ job: EvaluatePlaybooks, _ context: JobContext) async throws -> JobOutcome {
        let cases = try EvaluationCase.cases(job.cases)
        let evaluation = PlaybookEvaluation(catalog: catalog, cases: cases)
        let bench = Bench(workshop: self, job: context.id)
        var report = try await StepFeed.run(context) { report in
            let author = bench.author { _ in }
            let done = Counter()
            return try await evaluation.run(
                write: { try await author.write(ask: $0) },
                inspect: { try await bench.inspect($0) },
                progress: { outcome in
                    let count = done.next()
                    let mark = outcome.hasRightIntent ? "right" : outcome.failure ?? "other intent"
                    report(
                        Step(
                            fraction: Double(count) / Double(cases.count),
                            note: "\(count)/\(cases.count) \(mark): \(outcome.ask.prefix(80))",
                            data: .null
                        )
                    )
                }
            )
        }
        report.processorTimes = await bench.processorTimes
        return JobOutcome(["report": report.json, "table": .string(report.table)])
    }
}
