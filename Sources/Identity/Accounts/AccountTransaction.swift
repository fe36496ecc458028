package import CupelCore
package import Storage

/// Changes of accounts within one transaction; each writes its audit row and the version before its effect.
package struct AccountTransaction {
    /// The transaction, for what else belongs to the change.
    package let transaction: any Transaction
    /// Who does it.
    package let actor: String
    /// The moment of the change.
    package let now: Timestamp

    /// The longest name of an account, in bytes.
    package static let maximumNameBytes = 100

    // MARK: What every change does

    /// Writes the audit row, and tells every process that there is something to read.
    func record(_ action: String, _ target: String, _ detail: JSON = [:]) throws {
        try transaction.execute(
            """
            INSERT INTO audit (id, at, actor, action, target, detail)
            VALUES (\(Identifier<AuditRecord>(at: now)), \(now), \(bounded(actor)), \(action), \(target), \(detail))
            """
        )
        try transaction.execute("UPDATE account_state SET version = version + 1 WHERE id = 1")
    }

    /// Checks a name: 1 to ``maximumNameBytes`` bytes, nothing invisible, no star, since patterns of the policy name it.
    /// - Throws: `validation_error`.
    func check(name: String) throws {
        let isVisible = name.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
                && !scalar.properties.isDefaultIgnorableCodePoint
        }
        guard (1...Self.maximumNameBytes).contains(name.utf8.count), isVisible, !name.contains("*"),
            name.first?.isWhitespace == false, name.last?.isWhitespace == false
        else {
            throw Self.wrong(
                "name",
                "must have 1 to \(Self.maximumNameBytes) visible bytes, no '*', and no space at its ends"
            )
        }
    }

    /// Checks that a name is free in a table.
    /// - Throws: `conflict`.
    func checkFree(_ name: String, in table: String, _ word: String, except id: String?) throws {
        let live: SQL = table == "api_keys" ? "AND revoked_at IS NULL" : ""
        let rows = try transaction.query("SELECT id FROM \(raw: table) WHERE name = \(name) \(live)")
        guard let other = try rows.first?.text("id"), other != id else { return }
        throw CupelError(.conflict, "There is a \(word) '\(name)' already; choose another name.")
    }

    /// Checks that one more fits a table.
    /// - Throws: `conflict`.
    func checkRoom(in table: String, _ words: String) throws {
        let live: SQL = table == "api_keys" ? "WHERE revoked_at IS NULL" : ""
        let rows = try transaction.query("SELECT count(*) AS n FROM \(raw: table) \(live)")
        let count = try rows.first?.integer("n") ?? 0
        guard count < AccountStore.maximumCount else {
            throw CupelError(.conflict, "There are \(count) \(words), as many as are allowed; remove some first.")
        }
    }

    /// The row of a table.
    /// - Throws: `not_found`.
    func row(_ id: String, in table: String, _ word: String) throws -> Row {
        let lock: SQL = transaction.engine == .postgres ? "FOR UPDATE" : ""
        guard let row = try transaction.query("SELECT * FROM \(raw: table) WHERE id = \(id) \(lock)").first else {
            throw CupelError(.notFound, "There is no \(word) \(id).")
        }
        return row
    }

    /// Counts the rows that stand in the way of a removal.
    func count(_ table: String, where condition: SQL) throws -> Int {
        try transaction.query("SELECT count(*) AS n FROM \(raw: table) WHERE \(condition)").first?.integer("n") ?? 0
    }

    /// Ends the budgets of something that goes away.
    func removeBudgets(of scope: BudgetScope) throws {
        try transaction.execute(
            "DELETE FROM budgets WHERE scope = \(scope.word) AND subject = \(scope.subject)"
        )
    }

    static func wrong(_ field: String, _ message: String) -> CupelError {
        CupelError(.validationError, "The request has wrong fields.", fields: [FieldProblem(field, message)])
    }

    private func bounded(_ text: String) -> String {
        String(decoding: text.utf8.prefix(AuditRecord.maximumActorBytes), as: UTF8.self)
    }
}
