// Target: StorageTests.

import CupelCore
import CupelTesting
import Storage
import Testing

@Suite(.timeLimit(.minutes(5)))
struct BackupDamageTests {
    private func archive(_ directory: TemporaryDirectory) async throws -> BackupSummary {
        let database = try await BackupFixture.filled(.sqlite, directory, rows: 4)
        let summary = try await BackupFixture.backup(database, directory)
        await database.close()
        return summary
    }

    @Test func `a good archive verifies to what was written`() async throws {
        let directory = try TemporaryDirectory()
        let written = try await archive(directory)
        let verified = try BackupReader.verify(written.path)
        #expect(verified.tables == written.tables)
        #expect(verified.manifest == written.manifest)
        #expect(verified.bytes == written.bytes)
    }

    @Test func `a flip of any byte is found and named`() async throws {
        let directory = try TemporaryDirectory()
        let good = try await archive(directory)
        let bytes = try BackupFixture.bytes(good.path)
        let names =
            ["header", "manifest", "end", "no Cupel backup", "has format"] + good.tables.map { "table \($0.name)" }
        let path = directory.path + "/bad.backup"
        var named: Set<String> = []
        for position in bytes.indices {
            var bad = bytes
            bad[position] ^= position.isMultiple(of: 2) ? 0x01 : 0x80
            try BoundedFile.replace(path, with: bad)
            let error = #expect(throws: CupelError.self, "byte \(position)") { try BackupReader.verify(path) }
            let message = error?.message ?? ""
            let name = names.first { message.contains($0) }
            #expect(name != nil, "byte \(position): \(message)")
            named.insert(name ?? "")
        }
        #expect(named.isSuperset(of: ["manifest", "end", "table animals", "table zoo"]))
    }

    @Test func `an archive that is cut anywhere or goes on after its end is refused`() async throws {
        let directory = try TemporaryDirectory()
        let bytes = try BackupFixture.bytes(try await archive(directory).path)
        let path = directory.path + "/cut.backup"
        for length in bytes.indices {
            try BoundedFile.replace(path, with: Array(bytes[..<length]))
            let error = #expect(throws: CupelError.self, "\(length) bytes") { try BackupReader.verify(path) }
            #expect(error?.code == .validationError)
        }
        try BoundedFile.replace(path, with: bytes + [0])
        let longer = #expect(throws: CupelError.self) { try BackupReader.verify(path) }
        #expect(longer?.message.contains("follow its end") == true)
    }

    @Test func `a damaged archive is refused before anything is loaded`() async throws {
        let directory = try TemporaryDirectory()
        var bytes = try BackupFixture.bytes(try await archive(directory).path)
        bytes[bytes.count - 60] ^= 1
        let path = directory.path + "/bad.backup"
        try BoundedFile.replace(path, with: bytes)
        let target = try await BackupFixture.open(.sqlite, directory)
        let error = await #expect(throws: CupelError.self) {
            try await BackupRestorer(target, migrator: Migrator([BackupFixture.first])).restore(path)
        }
        #expect(error?.code == .validationError)
        let tables = try await target.query("SELECT name FROM sqlite_schema")
        #expect(tables.isEmpty)
        await target.close()
    }

    @Test func `what is no archive, a directory or a device is refused by name`() throws {
        let directory = try TemporaryDirectory()
        let text = try directory.write(String(repeating: "no archive ", count: 9), to: "x.backup")
        for path in [text, directory.path, "/dev/zero"] {
            let error = #expect(throws: CupelError.self) { try BackupReader.verify(path) }
            #expect(error?.code == .validationError)
            #expect(error?.message.contains(path) == true)
        }
        let missing = #expect(throws: CupelError.self) { try BackupReader.verify("/nowhere.backup") }
        #expect(missing?.code == .notFound)
    }
}
