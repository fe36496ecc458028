import Synchronization

/// Whether the server is on its way out.
package final class Lifecycle: Sendable {
    private let stopping = Mutex(false)

    package init() {}

    /// Whether a stop was asked for: readiness says 503 from then on.
    package var isStopping: Bool { stopping.withLock { $0 } }

    /// Says that a stop was asked for.
    package func beginStop() { stopping.withLock { $0 = true } }
}

/// The version of this binary.
package enum Version {
    /// By Semantic Versioning; CHANGELOG.md tells what is in it.
    package static let current = "0.1.0"
}
