import ArgumentParser
import CupelCore
import Glibc
import Storage

/// Where a command writes: results to standard output, messages to standard error; colours only where a person looks.
struct Terminal: Sendable {
    /// This process's terminal.
    static let standard = Terminal(
        isColoured: isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil
            && getenv("TERM").map { String(cString: $0) } != "dumb"
    )

    /// What a piece of text says by its colour.
    enum Style: String {
        case good = "32"
        case warning = "33"
        case bad = "31"
        case strong = "1"
        case faint = "2"
    }

    let isColoured: Bool

    /// Writes a result.
    func print(_ text: String) { write(text + "\n", STDOUT_FILENO) }

    /// Writes a message.
    func say(_ text: String) { write(text + "\n", STDERR_FILENO) }

    /// Shows progress on a line that is written over.
    func show(_ text: String) { write(text, STDERR_FILENO) }

    /// Shows how far a backup is, where a person looks.
    var progress: @Sendable (BackupProgress) -> Void {
        { step in
            guard isatty(STDERR_FILENO) == 1 else { return }
            show("\r\u{1B}[K\(step.phase) \(step.table): \(step.rows) rows")
        }
    }

    /// Clears the line of progress.
    func endProgress() {
        if isatty(STDERR_FILENO) == 1 { show("\r\u{1B}[K") }
    }

    /// The text in a style, where colours are wanted.
    func styled(_ text: String, _ style: Style) -> String {
        isColoured ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// The style of a verdict.
    func styled(verdict: String) -> String {
        styled(verdict, verdict == "pass" ? .good : verdict == "block" ? .bad : .warning)
    }

    /// Says what went wrong and what to do, and ends with the exit code that fits.
    func fail(_ error: CupelError) -> Never {
        say("error: \(Redactor.shared.redact(error.message))")
        for field in error.fields { say("  \(field.field): \(Redactor.shared.redact(field.message))") }
        if error.code != .validationError { say("help: \(error.code.recovery)") }
        let isInput: Set<ErrorCode> = [
            .configurationInvalid, .invalidPolicy, .validationError, .malformedRequest, .notFound,
        ]
        Cupel.exit(withError: ExitCode(isInput.contains(error.code) ? 2 : 1))
    }

    /// Lays rows out in columns, the first row being the head.
    func table(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.enumerated().map { number, row in
            let line = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }.joined(separator: "  ")
            return number == 0 ? styled(line, .faint) : line
        }.joined(separator: "\n")
    }

    /// Writes bytes as they are.
    func write(_ text: String, _ descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest.removeFirst(count)
        }
    }
}
