import CPostgres
import CupelCore
import Dispatch
import Synchronization

/// One connection, used only on its own serial queue.
final class PostgresConnection: Sendable {
    private let queue: DispatchQueue
    private let session: Session
    private let wake: WakeDescriptor
    private let usable = Atomic<Bool>(false)

    init(number: Int, address: PostgresAddress, options: PostgresOptions, canceller: PostgresCanceller) {
        queue = DispatchQueue(label: "cupel.postgres.\(number)")
        let link = PostgresLink(options: options, canceller: canceller)
        wake = link.wake
        session = Session(link: link, address: address, options: options)
    }

    /// Whether the connection can serve another body.
    var isUsable: Bool { usable.load(ordering: .acquiring) }

    /// Runs work on the connection's queue, so that no cooperative thread waits for the network; when the task is
    /// cancelled, the statement that runs is.
    func run<Value: Sendable>(_ work: @escaping @Sendable (Session) throws -> Value) async throws -> Value {
        let cancellation = PostgresCancellation(wake)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async {
                    self.session.link.cancellation = cancellation
                    let result = Result { try work(self.session) }
                    self.usable.store(self.session.link.isIdle, ordering: .releasing)
                    continuation.resume(with: result)
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// Closes after what runs now.
    func close(_ completion: @escaping @Sendable () -> Void) {
        queue.async {
            self.session.close()
            completion()
        }
    }

    /// The libpq handle and its prepared statements.
    ///
    /// Unchecked because it is touched only from the owning connection's serial queue.
    final class Session: @unchecked Sendable {
        let link: PostgresLink
        private let address: PostgresAddress
        private let options: PostgresOptions
        private var prepared: [String: String] = [:]
        private var cursors = 0
        /// The code of the last refusal in this transaction.
        private var lastState = ""

        /// Prepared statements kept on one connection.
        static let maximumPrepared = 256

        /// `serialization_failure` and `deadlock_detected`: the same body may succeed when it is run again.
        static let conflictStates: Set<String> = ["40001", "40P01"]

        /// `feature_not_supported`, which is what a prepared statement gets whose table has changed.
        static let staleStates: Set<String> = ["0A000"]

        fileprivate init(link: PostgresLink, address: PostgresAddress, options: PostgresOptions) {
            self.link = link
            self.address = address
            self.options = options
        }

        /// Sees to it that the connection answers, opening it anew if need be.
        func makeReady(validating: Bool) throws -> Bool {
            do {
                if !link.isClosedByServer() {
                    guard validating else { return false }
                    let answer = try? link.answer(limit: options.connectLimit) { PQsendQuery(link.handle, "SELECT 1") }
                    if answer?.isSuccess == true, link.isIdle { return false }
                }
                try open()
                return true
            } catch {
                throw PostgresFailure.link(error, "opening a connection")
            }
        }

        private func open() throws {
            let deadline = SystemTime().monotonic + options.connectLimit
            var tries = 0
            while true {
                close()
                do {
                    try link.open(address)
                    for (name, value) in options.session.sorted(by: { $0.key < $1.key }) {
                        try command("SET \(name) = \(value)")
                    }
                    return
                } catch let error as CupelError where error.code == .storageUnavailable {
                    tries += 1
                    guard tries < options.openTries, SystemTime().monotonic < deadline else { throw error }
                    try link.pause(.milliseconds(Int.random(in: 20...60) * tries))
                }
            }
        }

        /// Runs a body in a transaction, again when the server could not order it among others.
        func transaction<Value>(_ kind: Kind, _ body: (any Transaction) throws -> Value) throws -> Value {
            var retries = 0
            while true {
                lastState = ""
                do {
                    return try once(kind, body)
                } catch {
                    let isStale = Self.staleStates.contains(lastState)
                    guard isStale || Self.conflictStates.contains(lastState), retries < options.conflictRetries,
                        link.isIdle
                    else { throw error }
                    retries += 1
                    if isStale { try makeFresh() }
                    do {
                        try link.pause(.milliseconds(Int.random(in: 2...10) << retries))
                    } catch {
                        throw PostgresFailure.link(error, "waiting to try again")
                    }
                }
            }
        }

        private func once<Value>(_ kind: Kind, _ body: (any Transaction) throws -> Value) throws -> Value {
            try begin(kind)
            let value: Value
            do {
                value = try body(PostgresTransaction(session: self))
            } catch {
                rollBack()
                throw error
            }
            try commit(kind)
            return value
        }

        /// Begins; a connection that turns out to be lost has done nothing yet, so it is opened anew.
        private func begin(_ kind: Kind) throws {
            do {
                _ = try command(kind.rawValue)
            } catch let error as CupelError where error.code == .storageUnavailable && !link.isOpen {
                _ = try makeReady(validating: false)
                _ = try command(kind.rawValue)
            }
        }

        /// Runs one statement with its parameters, prepared under its text.
        func run(_ sql: SQL) throws -> PostgresResult {
            let text = sql.text { "$\($0)" }
            let values = sql.values.map(PostgresParameter.init)
            let key = values.reduce(into: text) { $0 += "|\($1.type)" }
            let name = try prepared[key] ?? prepare(text, values.map(\.type), key)
            return try PostgresParameter.withPointers(values) { pointers, lengths, formats in
                try checked("running a statement") {
                    PQsendQueryPrepared(link.handle, name, Int32(values.count), pointers, lengths, formats, 0)
                }
            }
        }

        /// Runs one statement that will not come again in this form, without preparing it.
        func runOnce(_ sql: SQL) throws -> PostgresResult {
            let values = sql.values.map(PostgresParameter.init)
            let (text, types) = (sql.text { "$\($0)" }, values.map(\.type))
            return try PostgresParameter.withPointers(values) { pointers, lengths, formats in
                try checked("running a statement") {
                    PQsendQueryParams(link.handle, text, Int32(values.count), types, pointers, lengths, formats, 0)
                }
            }
        }

        /// Rows that are held at once when they are streamed.
        static let fetchCount = 500

        /// Hands over the rows of one statement through a cursor, ``fetchCount`` at a time.
        func stream(_ sql: SQL, _ body: (Row) throws -> Void) throws {
            cursors += 1
            let name = "cupel_rows_\(cursors)"
            _ = try runOnce("DECLARE \(raw: name) NO SCROLL CURSOR FOR \(sql)")
            while true {
                let rows = try command("FETCH \(Self.fetchCount) FROM \(name)").rows()
                for row in rows { try body(row) }
                if rows.count < Self.fetchCount { break }
            }
            _ = try command("CLOSE \(name)")
        }

        func close() {
            link.close()
            prepared = [:]
        }

        private func makeFresh() throws {
            close()
            _ = try makeReady(validating: false)
        }

        private func prepare(_ text: String, _ types: [Oid], _ key: String) throws -> String {
            if prepared.count >= Self.maximumPrepared {
                _ = try command("DEALLOCATE ALL")
                prepared = [:]
            }
            let name = "s\(prepared.count)"
            _ = try checked("preparing a statement") {
                PQsendPrepare(link.handle, name, text, Int32(types.count), types)
            }
            prepared[key] = name
            return name
        }

        /// Runs a statement of our own without parameters.
        @discardableResult
        func command(_ text: String) throws -> PostgresResult {
            try checked("running \(text.prefix(20))") { PQsendQuery(link.handle, text) }
        }

        private func commit(_ kind: Kind) throws {
            guard link.isOpen else { throw PostgresFailure.link(PostgresLinkError.lost(link.message), "committing") }
            guard PQtransactionStatus(link.handle) == PQTRANS_INTRANS else {
                rollBack()
                throw CupelError(.storageUnavailable, "PostgreSQL ended the transaction; nothing was written.")
            }
            let result: PostgresResult
            do {
                result = try link.answer(isCancellable: false) { PQsendQuery(link.handle, "COMMIT") }
            } catch {
                let failure = PostgresFailure.link(error, "committing")
                throw kind == .write ? PostgresFailure.unknownOutcome(failure) : failure
            }
            if result.isSuccess { return }
            let failure = refused(result)
            throw link.isOpen || kind == .read ? failure : PostgresFailure.unknownOutcome(failure)
        }

        private func rollBack() {
            guard link.isOpen, !link.isIdle else { return }
            let result = try? link.answer(isCancellable: false, limit: options.cancelGrace) {
                PQsendQuery(link.handle, "ROLLBACK")
            }
            if result?.isSuccess != true { close() }
        }

        private func checked(_ doing: String, _ send: () -> Int32) throws -> PostgresResult {
            let result: PostgresResult
            do {
                result = try link.answer(send)
            } catch {
                throw PostgresFailure.link(error, doing)
            }
            guard result.isSuccess else { throw refused(result) }
            return result
        }

        private func refused(_ result: PostgresResult) -> CupelError {
            lastState = result.sqlState
            // libpq itself says that the connection is gone, in a result without a code.
            if lastState.isEmpty, !link.isOpen {
                return PostgresFailure.lost(result.message, "running a statement")
            }
            return PostgresFailure.statement(result.sqlState, result.message)
        }
    }

    /// How a transaction begins.
    enum Kind: String {
        case read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        case write = "BEGIN"
    }
}

/// A transaction body's view of PostgreSQL.
struct PostgresTransaction: Transaction {
    let engine = DatabaseEngine.postgres
    let session: PostgresConnection.Session

    func query(_ sql: SQL) throws -> [Row] { try session.run(sql).rows() }

    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Void) throws { try session.stream(sql, body) }

    func execute(_ sql: SQL) throws -> Int { try session.run(sql).changedRows }

    /// Runs a statement that will not come again in this form, so that nothing is kept prepared for it.
    @discardableResult
    func executeOnce(_ sql: SQL) throws -> Int { try session.runOnce(sql).changedRows }
}
