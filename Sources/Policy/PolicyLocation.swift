// Policy: the one file that says what is allowed, `cupel.policy.yaml`: parsed with line and column, decided, explained,
// dry-run. It knows nothing of HTTP, models' wire formats or the database.

/// A place in the policy file, counted from 1.
package struct PolicyLocation: Sendable, Hashable {
    /// The line.
    package var line: Int
    /// The column.
    package var column: Int

    /// Names a place.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}
