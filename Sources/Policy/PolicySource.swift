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

    /// What else is made of the policy: it is prepared from a new file and says how to put it in force, or what is wrong.
    package typealias Follower = @Sendable (PolicyFile) throws -> @Sendable () -> Void

    private let state: Mutex<State>
    private let followers = Mutex<[Follower]>([])
    /// Reads happen one after the other, so that what is in force is of one file.
    private let reading = Mutex(())

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

    /// Has something else follow the policy from the next reading on.
    package func follow(_ follower: @escaping Follower) { followers.withLock { $0.append(follower) } }

    /// Reads the file again; the policy in force stays, with all that follows it, when something is wrong.
    /// - Throws: as ``init(path:)``; what a follower throws.
    @discardableResult
    package func reload() throws -> PolicyFile {
        try reading.withLock { _ in
            let fresh = try Self.read(path)
            let prepared = try followers.withLock { $0 }.map { try $0(fresh.file) }
            state.withLock { $0 = fresh }
            for apply in prepared { apply() }
            return fresh.file
        }
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
