import CupelCore
import Gauntlet
import Jobs

/// The job that looks at what was sent to be looked at later.
struct AssayJob: Job {
    static let kind = "assay.scan"
    static let options = JobOptions(queue: "assays", timeout: .seconds(900))

    /// What was sent.
    enum Form: String, CaseIterable {
        /// An archive.
        case archive
        /// A request with files, as JSON.
        case files
    }

    let assay: AssayID
    let form: Form
    /// What it is called in the assay.
    let path: String

    /// Bytes of a name, at most.
    static let maximumPathBytes = 300

    init(assay: AssayID, form: Form, path: String) {
        self.assay = assay
        self.form = form
        self.path = path
    }

    init(json: JSON) throws {
        var fields = try JSONFields(json)
        let id = AssayID(fields.text("assay", limit: 64))
        if id == nil { fields.problem("assay", "must be an identifier") }
        let form = Form(rawValue: fields.text("form", limit: 64))
        if form == nil { fields.problem("form", "must be archive or files") }
        path = fields.text("path", limit: Self.maximumPathBytes)
        try fields.finish()
        guard let id, let form else { throw CupelError(.internalError, "The job of an assay cannot be read.") }
        assay = id
        self.form = form
    }

    var json: JSON {
        ["assay": .string(assay.description), "form": .string(form.rawValue), "path": .string(path)]
    }
}

/// Runs ``AssayJob``: what was sent comes out of the store part by part, is looked at, and the assay takes its place.
struct AssayBench: Sendable {
    let store: AssayStore
    let assayer: Assayer
    /// Where what was sent is laid down meanwhile.
    let directory: String

    /// The largest request with files, in bytes.
    static let maximumRequestBytes = 1 << 30

    /// Makes the job known.
    func register(in registry: inout JobRegistry) {
        registry.register(AssayJob.self) { job, context in try await run(job, context) }
    }

    private func run(_ job: AssayJob, _ context: JobContext) async throws -> JobOutcome {
        let (spool, digest) = try await received(job)
        let tell: @Sendable (TreeProgress, Double) async -> Void = { progress, share in
            let note = "\(progress.files) files, \(progress.bytes >> 20) MiB, \(progress.findings) findings"
            // Progress is not promised; the end of the job is.
            try? await context.progress(0.05 + 0.9 * share, note)
        }
        let assay = try await assayer.assay(job.path, digest: digest) { engine, options in
            switch job.form {
            case .archive:
                spool.rewind()
                let report = await engine.scanUpload(
                    spool.descriptor,
                    shown: job.path,
                    options: options,
                    pool: assayer.pool,
                    progress: tell
                )
                try Self.checkReadable(report)
                return report
            case .files:
                let files = try AssayRequest(try Self.all(of: spool)).files
                return await engine.scanFiles(files, options: options, pool: assayer.pool, progress: tell)
            }
        }
        try Task.checkCancellation()
        let result: JSON = [
            "assay": .string(job.assay.description), "verdict": .string(assay.verdict.rawValue),
            "findings": .integer(Int64(assay.findings.count)), "files": .integer(Int64(assay.statistics.files)),
        ]
        return JobOutcome(result) { transaction in
            try store.complete(job.assay, assay, job: context.id.description, in: transaction)
        }
    }

    /// What was sent, laid down in a file, with its digest.
    private func received(_ job: AssayJob) async throws -> (SpoolFile, Digest) {
        let spool = try SpoolFile(in: directory)
        var hash = SHA256()
        var number = 0
        while let bytes = try await store.part(number, of: job.assay) {
            hash.update(bytes)
            try spool.append(bytes)
            number += 1
        }
        guard number > 0 else {
            throw CupelError(.notFound, "What was sent for the assay \(job.assay) is no longer kept; send it again.")
        }
        return (spool, Digest(finishing: &hash))
    }

    private static func all(of spool: SpoolFile) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < maximumRequestBytes {
            let part = try spool.bytes(at: bytes.count, count: AssayStore.partBytes)
            if part.isEmpty { break }
            bytes += part
        }
        return bytes
    }

    /// An archive of which nothing could be read was not looked at: that is no pass.
    private static func checkReadable(_ report: TreeReport) throws {
        guard report.files == 0, let problem = report.problems.first else { return }
        throw CupelError(
            .validationError,
            "Nothing of the archive could be looked at (\(problem.kind.rawValue)): \(problem.detail)."
        )
    }
}
