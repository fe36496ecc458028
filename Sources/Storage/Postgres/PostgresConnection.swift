import CPostgres
import CupelCore
import Dispatch

/// One connection, used only on its own serial queue.
final class PostgresConnection: Sendable {
    private let queue: DispatchQueue
    private let session: Session

    init(url: Secret, number: Int) {
        queue = DispatchQueue(label: "cupel.postgres.\(number)")
        session = Session(url: url)
    }

    /// Runs work on the connection's queue, so that no cooperative thread waits for the network.
    func run<Value: Sendable>(_ work: @escaping @Sendable (Session) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work(self.session) }) }
        }
    }

    func close() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.session.close()
                continuation.resume()
            }
        }
    }

    /// The libpq handle and its prepared statements.
    ///
    /// Unchecked because it is touched only from the owning connection's serial queue.
    final class Session: @unchecked Sendable {
        private let url: Secret
        private var handle: OpaquePointer?
        private var prepared: [String: String] = [:]

        /// Prepared statements kept on one connection.
        static let maximumPrepared = 256

        fileprivate init(url: Secret) { self.url = url }

        deinit { close() }

        func transaction<Value>(_ begin: String, _ body: (any Transaction) throws -> Value) throws -> Value {
            try connect()
            try command(begin)
            do {
                let value = try body(PostgresTransaction(session: self))
                try commit()
                return value
            } catch {
                if isOpen { try? command("ROLLBACK") }
                throw error
            }
        }

        /// Runs one statement with its parameters, prepared under its text.
        func run(_ sql: SQL) throws -> PostgresResult {
            let text = sql.text { "$\($0)" }
            let values = sql.values.map(PostgresParameter.init)
            let types = values.map(\.type)
            let key = text + "|" + types.map { String($0) }.joined(separator: ",")
            let name = try prepared[key] ?? prepare(text, types, key)
            return try PostgresParameter.withPointers(values) { pointers, lengths, formats in
                try checked(
                    PQexecPrepared(handle, name, Int32(values.count), pointers, lengths, formats, 0),
                    "running a statement"
                )
            }
        }

        /// Runs one statement that will not come again in this form, without preparing it.
        func runOnce(_ sql: SQL) throws -> PostgresResult {
            let values = sql.values.map(PostgresParameter.init)
            return try PostgresParameter.withPointers(values) { pointers, lengths, formats in
                try checked(
                    PQexecParams(
                        handle,
                        sql.text { "$\($0)" },
                        Int32(values.count),
                        values.map(\.type),
                        pointers,
                        lengths,
                        formats,
                        0
                    ),
                    "running a statement"
                )
            }
        }

        /// Hands over the rows of one statement as they arrive: libpq holds one at a time (its single-row mode).
        func stream(_ sql: SQL, _ body: (Row) throws -> Void) throws {
            let values = sql.values.map(PostgresParameter.init)
            let isSent = PostgresParameter.withPointers(values) { pointers, lengths, formats in
                PQsendQueryParams(
                    handle,
                    sql.text { "$\($0)" },
                    Int32(values.count),
                    values.map(\.type),
                    pointers,
                    lengths,
                    formats,
                    0
                )
            }
            guard isSent == 1, PQsetSingleRowMode(handle) == 1 else {
                throw failure(PostgresResult(nil), "running a statement")
            }
            do {
                while let pointer = PQgetResult(handle) {
                    try checked(pointer, "running a statement").rows().forEach(body)
                }
            } catch {
                abandon()
                throw error
            }
        }

        /// Ends the statement that runs and drops what it still sends.
        private func abandon() {
            if let cancel = PQgetCancel(handle) {
                var reason = [CChar](repeating: 0, count: 256)
                PQcancel(cancel, &reason, Int32(reason.count))
                PQfreeCancel(cancel)
            }
            while let pointer = PQgetResult(handle) { PQclear(pointer) }
        }

        func close() {
            PQfinish(handle)
            handle = nil
            prepared = [:]
        }

        private var isOpen: Bool { handle != nil && PQstatus(handle) == CONNECTION_OK }

        private func connect() throws {
            if isOpen, PQtransactionStatus(handle) == PQTRANS_IDLE { return }
            close()
            handle = PQconnectdb(Self.withTimeout(url.expose()))
            guard isOpen else {
                let reason = message
                close()
                throw CupelError(.storageUnavailable, "PostgreSQL cannot be reached: \(reason). Check database.url.")
            }
            PQsetNoticeReceiver(handle, { _, _ in }, nil)
        }

        private static func withTimeout(_ url: String) -> String {
            guard !url.contains("connect_timeout") else { return url }
            return url + (url.contains("?") ? "&" : "?") + "connect_timeout=5"
        }

        private func prepare(_ text: String, _ types: [Oid], _ key: String) throws -> String {
            if prepared.count >= Self.maximumPrepared {
                try command("DEALLOCATE ALL")
                prepared = [:]
            }
            let name = "s\(prepared.count)"
            _ = try checked(PQprepare(handle, name, text, Int32(types.count), types), "preparing a statement")
            prepared[key] = name
            return name
        }

        private func command(_ text: String) throws {
            _ = try checked(PQexec(handle, text), text)
        }

        private func commit() throws {
            guard PQtransactionStatus(handle) == PQTRANS_INTRANS else {
                throw CupelError(.storageUnavailable, "PostgreSQL ended the transaction; nothing was written.")
            }
            let result = PostgresResult(PQexec(handle, "COMMIT"))
            if result.isSuccess { return }
            guard isOpen else {
                throw CupelError(
                    .storageUnavailable,
                    "The connection to PostgreSQL was lost during COMMIT: whether it was written is unknown."
                )
            }
            throw failure(result, "COMMIT")
        }

        private func checked(_ pointer: OpaquePointer?, _ doing: String) throws -> PostgresResult {
            let result = PostgresResult(pointer)
            guard result.isSuccess else { throw failure(result, doing) }
            return result
        }

        private func failure(_ result: PostgresResult, _ doing: String) -> CupelError {
            guard isOpen else {
                return CupelError(.storageUnavailable, "The connection to PostgreSQL was lost (\(doing)): \(message)")
            }
            // Class 23 is an integrity violation (PostgreSQL documentation, appendix A).
            if result.sqlState.hasPrefix("23") {
                return CupelError(.conflict, "It is there already, or refers to what is not.", cause: cause(result))
            }
            // Classes 53, 57 and 58: out of resources, operator intervention, system error.
            if ["53", "57", "58"].contains(String(result.sqlState.prefix(2))) {
                return CupelError(.storageUnavailable, "PostgreSQL cannot serve us: \(message)", cause: cause(result))
            }
            return CupelError(.internalError, "PostgreSQL refused a statement.", cause: cause(result))
        }

        private func cause(_ result: PostgresResult) -> CupelError {
            CupelError(.internalError, "\(result.sqlState): \(message)")
        }

        private var message: String {
            let text = String(cString: PQerrorMessage(handle)).split(whereSeparator: \.isNewline).joined(separator: " ")
            return Redactor.shared.redact(text)
        }
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
