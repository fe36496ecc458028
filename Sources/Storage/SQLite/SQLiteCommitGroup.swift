import CupelCore
import GRDB
import Synchronization

/// The one writer: whatever waits is run in one transaction, each body in a savepoint, and answered after COMMIT.
///
/// One commit costs one `fsync`, however many bodies it holds, which is what makes `synchronous=FULL` affordable.
final class SQLiteCommitGroup: Sendable {
    /// Answers a caller: with the body's own result when there is no error, else with the error.
    private typealias Answer = @Sendable (_ commitError: (any Error)?) -> Void

    /// Runs a body; gives its answer, and whether its savepoint is to be undone.
    private typealias Entry = @Sendable (SQLiteTransaction) -> (answer: Answer, isFailed: Bool)

    /// Bodies in one commit.
    static let maximumGroup = 512

    private struct State {
        var pending: [Entry] = []
        var isDraining = false
    }

    private let pool: DatabasePool
    private let disk: SQLiteDiskWatch
    private let maximumPending: Int
    private let state = Mutex(State())
    private let statements = SQLiteStatements()

    private static let begin = SQL(FixedSQL("BEGIN IMMEDIATE"), [])
    private static let commit = SQL(FixedSQL("COMMIT"), [])
    private static let savepoint = SQL(FixedSQL("SAVEPOINT body"), [])
    private static let undo = SQL(FixedSQL("ROLLBACK TO body"), [])
    private static let release = SQL(FixedSQL("RELEASE body"), [])

    init(pool: DatabasePool, disk: SQLiteDiskWatch, maximumPending: Int) {
        self.pool = pool
        self.disk = disk
        self.maximumPending = maximumPending
    }

    func run<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let entry: Entry = { transaction in
                let result = Result { try body(transaction) }
                let answer: Answer = { error in
                    continuation.resume(with: error.map { .failure($0) } ?? result.mapError { self.translated($0) })
                }
                if case .failure = result { return (answer, true) }
                return (answer, false)
            }
            enqueue(entry) { continuation.resume(throwing: $0) }
        }
    }

    /// Runs a body with the next group; `then` hears of its end on the writer's thread.
    func submit(
        _ body: @escaping @Sendable (any Transaction) throws -> Void,
        then: @escaping @Sendable ((any Error)?) -> Void
    ) {
        let entry: Entry = { transaction in
            do {
                try body(transaction)
                return ({ then($0) }, false)
            } catch {
                return ({ then($0 ?? self.translated(error)) }, true)
            }
        }
        enqueue(entry) { then($0) }
    }

    private func enqueue(_ entry: @escaping Entry, refuse: (CupelError) -> Void) {
        let (isAccepted, mustStart) = state.withLock { state in
            guard state.pending.count < maximumPending else { return (false, false) }
            state.pending.append(entry)
            defer { state.isDraining = true }
            return (true, !state.isDraining)
        }
        guard isAccepted else {
            refuse(
                CupelError(
                    .storageUnavailable,
                    "More than \(maximumPending) writes wait for the disk; try again in a moment.",
                    retryAfterSeconds: 1
                )
            )
            return
        }
        if mustStart { pool.asyncWriteWithoutTransaction { self.drain($0) } }
    }

    /// Commits groups until nothing waits; runs on the writer's own thread.
    private func drain(_ database: GRDB.Database) {
        while true {
            let group = state.withLock { state in
                let group = Array(state.pending.prefix(Self.maximumGroup))
                state.pending.removeFirst(group.count)
                state.isDraining = !group.isEmpty
                return group
            }
            if group.isEmpty { return }
            commit(group, database)
        }
    }

    private func commit(_ group: [Entry], _ database: GRDB.Database) {
        var answers: [Answer] = []
        var failure: (any Error)?
        do {
            try run(Self.begin, database)
            for entry in group { try inSavepoint(entry, database, answers: &answers) }
            try run(Self.commit, database)
        } catch {
            failure = translated(error)
            if (failure as? CupelError)?.code == .storageUnavailable { disk.noteFailure() }
            if database.isInsideTransaction { try? database.execute(sql: "ROLLBACK") }
            // Bodies that had no turn are told as well: run them against nothing is no option.
            if answers.count < group.count { answers += refused(group.dropFirst(answers.count), database) }
        }
        for answer in answers { answer(failure) }
    }

    private func inSavepoint(_ entry: Entry, _ database: GRDB.Database, answers: inout [Answer]) throws {
        try run(Self.savepoint, database)
        let (answer, isFailed) = entry(SQLiteTransaction(database: database, statements: statements))
        answers.append(answer)
        // A full disk may roll the whole transaction back; then no body of the group has happened.
        guard database.isInsideTransaction else {
            throw SQLiteTransaction.diskFull("writing", cause: nil)
        }
        if isFailed { try run(Self.undo, database) }
        try run(Self.release, database)
    }

    private func run(_ sql: SQL, _ database: GRDB.Database) throws {
        try statements.statement(for: sql, database).run(sql) { _ in }
    }

    /// Runs after everything that waits, and lets go of what was prepared; nothing may be written afterwards.
    func close() async {
        _ = try? await run { _ in }
        // Outside a group, since the end of one prepares its own COMMIT again; a statement that is left keeps the
        // connection open, and with it the log.
        try? await pool.writeWithoutTransaction { [statements] _ in statements.removeAll() }
    }

    /// Runs bodies against a transaction that refuses every statement, so that each caller gets its answer.
    private func refused(_ entries: ArraySlice<Entry>, _ database: GRDB.Database) -> [Answer] {
        entries.map { $0(SQLiteTransaction(database: database, isRefusing: true, statements: statements)).answer }
    }

    /// Writes a page that is as it was, so that it is known whether the disk takes writes again.
    func prove() async throws {
        try await run { transaction in
            let version = try transaction.query("PRAGMA user_version").first?.integer("user_version") ?? 0
            try transaction.execute("PRAGMA user_version = \(raw: "\(version)")")
        }
        disk.noteSuccess()
    }

    private func translated(_ error: any Error) -> any Error {
        SQLiteTransaction.translate(error, doing: "writing", on: disk)
    }
}
