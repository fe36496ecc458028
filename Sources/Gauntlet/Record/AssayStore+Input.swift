import CupelCore
import Storage

/// What was sent to be looked at by a job, kept in parts until it was, so that nobody holds it whole.
extension AssayStore {
    /// Bytes of one part, at most.
    package static let partBytes = 1 << 20
    /// How long what nobody looked at is kept: what was cut off on its way, or belongs to a job that ended otherwise.
    package static let inputLifetime = Duration.seconds(14 * 86_400)

    /// Keeps the next part.
    /// - Throws: `payload_too_large` for a part over ``partBytes``; what the store throws.
    package func addPart(_ number: Int, _ bytes: [UInt8], of id: AssayID) async throws {
        guard bytes.count <= Self.partBytes else {
            throw CupelError(.payloadTooLarge, "A part is over \(Self.partBytes) bytes.")
        }
        let now = time.now
        _ = try await database.execute(
            "INSERT INTO assay_inputs (assay_id, part, bytes, created_at) VALUES (\(id), \(number), \(bytes), \(now))"
        )
    }

    /// One part; `nil` behind the last.
    package func part(_ number: Int, of id: AssayID) async throws -> [UInt8]? {
        try await database.query("SELECT bytes FROM assay_inputs WHERE assay_id = \(id) AND part = \(number)").first
            .map { try $0.bytes("bytes") }
    }

    /// Lets go of all parts.
    package func dropParts(of id: AssayID) async throws {
        _ = try await database.execute("DELETE FROM assay_inputs WHERE assay_id = \(id)")
    }

    func dropParts(of id: AssayID, in transaction: any Transaction) throws {
        try transaction.execute("DELETE FROM assay_inputs WHERE assay_id = \(id)")
    }
}
