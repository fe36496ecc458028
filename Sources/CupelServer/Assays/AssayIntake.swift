import CupelCore
import Gauntlet
import Jobs
import Storage

/// Takes what a job is to look at: on the disk while it comes, then in the store, where any worker finds it.
struct AssayIntake: Sendable {
    let store: AssayStore
    let queue: JobQueue
    let keys: IdempotencyKeys
    let database: any Database
    let pool: ScanPool
    let directory: String

    /// Media types whose body is an archive; which one it is, its first bytes say.
    static let archiveTypes = [
        "application/zip", "application/gzip", "application/x-gzip", "application/x-tar", "application/zstd",
        "application/x-xz", "application/x-bzip2", "application/octet-stream",
    ]

    /// Takes an archive.
    /// - Returns: the assay that a job will make; the earlier one for an `Idempotency-Key` that was used before.
    /// - Throws: `validation_error` when it is no archive or a damaged one; `payload_too_large`.
    func archive(_ request: RouteRequest, _ body: BodyStream, path: String) async throws -> AssayID {
        let spool = try SpoolFile(in: directory)
        var hash = SHA256()
        var count = 0
        try await body.forEach { bytes in
            hash.update(bytes)
            count += bytes.count
            try spool.append(bytes)
        }
        let descriptor = spool.descriptor
        let problem = await pool.run {
            defer { withExtendedLifetime(spool) {} }
            return ArchiveProbe.problem(with: descriptor)
        }
        if let problem {
            throw CupelError(.validationError, "The body cannot be opened.", fields: [FieldProblem("body", problem)])
        }
        return try await take(request, .archive, path, spool, count, Digest(finishing: &hash))
    }

    /// Takes a request with files, which were checked.
    func files(_ request: RouteRequest, path: String) async throws -> AssayID {
        let spool = try SpoolFile(in: directory)
        try spool.append(request.body)
        return try await take(request, .files, path, spool, request.body.count, Digest(of: request.body))
    }

    private func take(
        _ request: RouteRequest,
        _ form: AssayJob.Form,
        _ path: String,
        _ spool: SpoolFile,
        _ bytes: Int,
        _ digest: Digest
    ) async throws -> AssayID {
        let id = AssayID(at: queue.time.now)
        do {
            try await keep(spool, bytes, of: id)
            let (taken, isNew) = try await database.write { transaction in
                try keys.once(request, "assay.create \(path)", body: digest, in: transaction) {
                    let job = AssayJob(assay: id, form: form, path: path)
                    let number = try queue.enqueue(job, in: transaction)
                    _ = try store.open(
                        id,
                        path: path,
                        bytes: bytes,
                        digest: digest,
                        job: number.description,
                        in: transaction
                    )
                    return id
                }
            }
            queue.announce()
            if !isNew { try await store.dropParts(of: id) }
            return taken
        } catch {
            // What nobody will look at; when the store does not answer either, retention lets go of it.
            try? await store.dropParts(of: id)
            throw error
        }
    }

    private func keep(_ spool: SpoolFile, _ bytes: Int, of id: AssayID) async throws {
        var (number, offset) = (0, 0)
        repeat {
            let part = try spool.bytes(at: offset, count: min(AssayStore.partBytes, bytes - offset))
            try await store.addPart(number, part, of: id)
            number += 1
            offset += part.count
            guard !part.isEmpty || bytes == 0 else {
                throw CupelError(.storageUnavailable, "What was sent cannot be read again.")
            }
        } while offset < bytes
    }
}
