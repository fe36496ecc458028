package import CupelCore

/// One forward step of the schema. Numbers are unique over all targets and never reused.
package struct Migration: Sendable {
    /// The place in the one order.
    package let number: Int
    /// What it does, in a few words.
    package let name: String
    /// The statements for an engine.
    package let statements: @Sendable (DatabaseEngine) -> [SQL]

    /// Declares a step.
    package init(_ number: Int, _ name: String, statements: @escaping @Sendable (DatabaseEngine) -> [SQL]) {
        self.number = number
        self.name = name
        self.statements = statements
    }

    /// A digest of the statements, so that a step that was changed after the fact is noticed.
    package func checksum(for engine: DatabaseEngine) -> Digest {
        Digest(of: statements(engine).map { $0.text { _ in "?" } }.joined(separator: ";"))
    }
}

/// A step and whether the database has it.
package struct MigrationStatus: Sendable {
    /// The step's number.
    package let number: Int
    /// The step's name.
    package let name: String
    /// When it was applied; `nil` while it waits.
    package let appliedAt: Timestamp?
}
