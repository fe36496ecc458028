import CupelCore
import Synchronization

/// Where in the order a PostgreSQL claim begins to look.
///
/// Jobs that are done leave dead index entries at the head of the queue, and while anybody holds an old snapshot open
/// no vacuum may clear them: each claim would walk over all of them again. So a process remembers where the last claim
/// found its first job. When a look from the very beginning was slow, claims begin just before that place, and a look
/// from the beginning, for what was given back or committed late, takes place no oftener than costs a twentieth of the
/// time, at least once a second when it is cheap.
final class ClaimHorizon: Sendable {
    struct Lane: Hashable {
        let queue: String
        let priority: JobPriority
    }

    private struct State {
        var bounds: [Lane: Timestamp] = [:]
        var lastFullLook: Duration?
        var cost = Duration.zero
    }

    private let state = Mutex(State())

    /// A look from the beginning that takes no longer than this is not worth avoiding.
    static let cheap = Duration.milliseconds(4)
    /// How far before the first job a claim looks, for transactions that commit a little late.
    static let before = Duration.milliseconds(-100)
    /// The share of the time that looks from the beginning may take: one part in this.
    static let share = 20

    /// Whether the next claim looks from the beginning.
    func isFullLookDue(at now: Duration) -> Bool {
        state.withLock { state in
            guard state.cost > Self.cheap, let last = state.lastFullLook else { return true }
            return now - last >= max(.seconds(1), state.cost * Self.share)
        }
    }

    /// Where a claim in a lane begins when it does not look from the beginning.
    func bound(of lane: Lane) -> Timestamp {
        state.withLock { $0.bounds[lane] } ?? Timestamp(microseconds: 0)
    }

    /// Takes in what a claim found.
    /// - Parameter first: the first job's moment in each lane that had one.
    func looked(
        _ lanes: [Lane],
        first: [Lane: Timestamp],
        isFull: Bool,
        began: Duration,
        ended: Duration,
        now: Timestamp
    ) {
        state.withLock { state in
            for lane in lanes {
                if let moment = first[lane] {
                    state.bounds[lane] = moment + Self.before
                } else if isFull {
                    state.bounds[lane] = now + Self.before
                }
            }
            if isFull {
                state.lastFullLook = ended
                state.cost = ended - began
            }
        }
    }
}
