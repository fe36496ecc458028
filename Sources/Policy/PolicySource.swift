import CupelCore
import Synchronization

/// The policy in force: read from its file at the start and again when somebody asks for it.
package final class PolicySource: Sendable {
    /// The file; `nil` where there is none and the standard policy is in force.
    package let path: String?

    private struct State {
        var file: PolicyFile
        var text: String
    }

    private let state: Mutex<State>

    /// Reads the file that is named, or takes the standard policy.
    /// - Throws: `invalid_policy` with every problem; what reading the file throws.
    package init(path: String?) throws {
        self.path = path
        state = Mutex(try Self.read(path))
    }

    /// What is in force.
    package var current: PolicyFile { state.withLock { $0.file } }

    /// The text of what is in force; empty where there is no file.
    package var text: String { state.withLock { $0.text } }

    /// Reads the file again; the policy in force stays when the file is wrong.
    /// - Throws: as ``init(path:)``.
    @discardableResult
    package func reload() throws -> PolicyFile {
        let fresh = try Self.read(path)
        state.withLock { $0 = fresh }
        return fresh.file
    }

    private static func read(_ path: String?) throws -> State {
        guard let path else { return State(file: .standard, text: "") }
        let text = try BoundedFile.text(at: path, limit: PolicyFile.maximumBytes)
        do {
            return State(file: try PolicyFile(text), text: text)
        } catch var error as CupelError {
            error.message = "\(path): \(error.message)"
            throw error
        }
    }
}
