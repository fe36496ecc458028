package import CupelCore
import Synchronization

/// An open session of a browser.
package struct SessionRecord: Sendable, Hashable {
    /// When it ends by itself.
    package var until: Timestamp
    /// What is kept with it: who it is; at most ``SessionLimits/dataBytes``.
    package var data: [UInt8]

    package init(until: Timestamp, data: [UInt8] = []) {
        self.until = until
        self.data = data
    }
}

/// Bounds of a keeper of sessions.
package enum SessionLimits {
    /// The most that is kept with a session.
    package static let dataBytes = 4096
    /// Sessions that are open at once in a process of its own; beyond it the one that ends first goes.
    package static let maximumHeld = 1000
    /// Sessions of which a process keeps a copy beside Redis.
    package static let maximumCopied = 10_000
}

/// Keeps open sessions under the SHA-256 of their secret: within one process, or for all replicas.
package protocol SessionKeeper: Sendable {
    /// Opens a session.
    /// - Throws: `payload_too_large` when more than ``SessionLimits/dataBytes`` are to be kept with it.
    func open(_ session: Digest, _ record: SessionRecord) async throws
    /// The session, if it is open.
    func find(_ session: Digest) async -> SessionRecord?
    /// The session as this process saw it last, for those who cannot wait.
    func seen(_ session: Digest) -> SessionRecord?
    /// Ends a session, everywhere.
    func close(_ session: Digest) async
}

/// Sessions of this process; a restart ends them.
package final class InProcessSessions: SessionKeeper {
    private let time: any TimeSource
    private let live = Mutex<[Digest: SessionRecord]>([:])
    private let maximumHeld: Int

    package init(maximumHeld: Int = SessionLimits.maximumHeld, time: any TimeSource = SystemTime()) {
        self.maximumHeld = max(1, maximumHeld)
        self.time = time
    }

    /// Opens a session.
    package func open(_ session: Digest, _ record: SessionRecord) async throws {
        guard record.data.count <= SessionLimits.dataBytes else {
            throw CupelError(.payloadTooLarge, "A session may hold \(SessionLimits.dataBytes) bytes.")
        }
        hold(session, record)
    }

    /// The session, if it is open.
    package func find(_ session: Digest) async -> SessionRecord? { seen(session) }

    /// Ends a session.
    package func close(_ session: Digest) async { drop(session) }

    func hold(_ session: Digest, _ record: SessionRecord) {
        let now = time.now
        live.withLock { live in
            if live.count >= maximumHeld, live[session] == nil {
                live = live.filter { $0.value.until > now }
                if live.count >= maximumHeld, let first = live.min(by: { $0.value.until < $1.value.until })?.key {
                    live.removeValue(forKey: first)
                }
            }
            live[session] = record
        }
    }

    /// The session, if it is open.
    package func seen(_ session: Digest) -> SessionRecord? {
        let now = time.now
        return live.withLock { live in
            guard let record = live[session] else { return nil }
            if record.until > now { return record }
            live.removeValue(forKey: session)
            return nil
        }
    }

    func drop(_ session: Digest) { _ = live.withLock { $0.removeValue(forKey: session) } }
}
