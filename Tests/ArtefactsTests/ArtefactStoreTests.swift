import Artefacts
import CupelCore
import CupelTesting
import Storage
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ArtefactStoreTests {
    private func withStore(_ body: (ArtefactStore, any Database) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let database = try SQLiteDatabase(path: directory.path + "/t.db")
        _ = try await Migrator(ArtefactMigrations.all).up(database)
        try await body(ArtefactStore(database: database), database)
        await database.close()
    }

    @Test func `bytes come back under their digest, and equal bytes are kept once`() async throws {
        try await withStore { store, database in
            let first = try await store.store([1, 2, 3], kind: "playbook", mediaType: "application/yaml")
            let second = try await store.store([1, 2, 3], kind: "playbook", mediaType: "application/yaml")
            #expect(first.digest == second.digest)
            #expect(first.digest == Digest(of: [1, 2, 3]))
            let bytes = try await store.bytes(first.digest)
            #expect(bytes == [1, 2, 3])
            let count = try await database.query("SELECT count(*) AS n FROM artefacts").first?.integer("n")
            #expect(count == 1)
        }
    }

    @Test func `damaged bytes are refused, and an unknown digest is not found`() async throws {
        try await withStore { store, database in
            let artefact = try await store.store([1], kind: "k", mediaType: "m")
            try await database.execute("UPDATE artefacts SET bytes = \([UInt8(2)])")
            let damaged = await #expect(throws: CupelError.self) { try await store.bytes(artefact.digest) }
            #expect(damaged?.code == .storageUnavailable)
            let missing = await #expect(throws: CupelError.self) { try await store.artefact(Digest(of: "x")) }
            #expect(missing?.code == .notFound)
        }
    }

    @Test func `an artefact is refused at one byte over the bound`() async throws {
        try await withStore { store, _ in
            let error = await #expect(throws: CupelError.self) {
                let bytes = [UInt8](repeating: 0, count: ArtefactStore.maximumBytes + 1)
                return try await store.store(bytes, kind: "k", mediaType: "m")
            }
            #expect(error?.code == .payloadTooLarge)
        }
    }
}
