import CupelCore

/// Finds workers whose heart stands still, by one observer's own monotonic clock: no wall clock, of this machine or of
/// another, can make a live worker look dead.
///
/// Each look compares beats with the look before. A worker is presumed dead when its beat stayed the same over looks
/// that span the window without a gap; a gap means that the observer itself was stopped, or could not look, and starts
/// the window anew.
package struct WorkerWatch: Sendable {
    private struct Sight {
        var beat: Int
        var since: Duration
    }

    private var sights: [WorkerID: Sight] = [:]
    private var lastLook: Duration?
    private let window: Duration
    private let maximumGap: Duration

    /// A watch that presumes death within one lease of the last beat, looking every tenth of a lease.
    package init(lease: Duration) {
        window = lease * 4 / 5
        maximumGap = lease * 3 / 10
    }

    /// Takes in who is there now.
    /// - Returns: the workers that are presumed dead, with the beat at which each stands still.
    package mutating func look(_ workers: [WorkerCard], at now: Duration) -> [WorkerCard] {
        if let lastLook, now - lastLook > maximumGap { sights = [:] }
        lastLook = now
        var dead: [WorkerCard] = []
        var current: [WorkerID: Sight] = [:]
        for worker in workers {
            var sight = sights[worker.id] ?? Sight(beat: worker.beat, since: now)
            if sight.beat != worker.beat { sight = Sight(beat: worker.beat, since: now) }
            current[worker.id] = sight
            if now - sight.since >= window { dead.append(worker) }
        }
        sights = current
        return dead
    }
}
