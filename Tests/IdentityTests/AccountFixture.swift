import CupelCore
import CupelTesting
import Identity
import Storage

/// A database with the accounts' tables, and a store over it whose clock a test moves.
enum AccountFixture {
    static let engines: [DatabaseEngine] = [.sqlite, .postgres]

    static func run(
        _ engine: DatabaseEngine = .sqlite,
        _ body: (AccountStore, any Database, TestClock) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let database: any Database =
            switch engine {
            case .sqlite: try SQLiteDatabase(path: directory.path + "/t.db")
            case .postgres: try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
            }
        _ = try await Migrator(AccountMigrations.all).up(database)
        let clock = TestClock()
        try await body(AccountStore(database: database, time: clock), database, clock)
        await database.close()
    }

    /// The facts that a secret finds.
    static func facts(_ secret: Secret, _ snapshot: AccountSnapshot) -> KeyFacts? {
        var text = secret.expose()
        let digest = text.withUTF8 { KeySecret.digest(of: UnsafeRawBufferPointer($0)) }
        return digest.flatMap { snapshot.facts(for: $0) }
    }
}

extension AccountStore {
    /// A key of a new person.
    func makeKey(_ name: String = "k", expiresAt: Timestamp? = nil) async throws -> (key: APIKey, secret: Secret) {
        try await write(by: "test") { accounts in
            let person = try accounts.createPerson(name: "owner of " + name)
            return try accounts.createKey(KeyDraft(name: name, owner: .person(person.id), expiresAt: expiresAt))
        }
    }
}
