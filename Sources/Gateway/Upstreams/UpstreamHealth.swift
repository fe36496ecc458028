import CupelCore
import Synchronization

/// What is known of one upstream: whether calls go to it and how fast it answers.
///
/// It is the one view of availability: every event loop, route, explanation and page asks it, and all see the same. The
/// breaker opens after ``threshold`` failures in a row, stays open for a time that doubles, and then lets one probe
/// through at a time until one succeeds.
package final class UpstreamHealth: Sendable {
    /// What an upstream says to a call.
    package enum Admission: Sendable, Equatable {
        /// Calls may go to it.
        case open
        /// This call, and no other meanwhile, may see whether it is back.
        case probe
        /// No call goes to it until then, in nanoseconds of the monotonic clock.
        case closed(until: Int64)
    }

    /// Failures in a row that open the breaker.
    package static let threshold = 5
    /// How long it stays open first.
    static let firstPause = Int64(1_000_000_000)
    /// How long it stays open at most.
    static let longestPause = Int64(30_000_000_000)

    private let failures = Atomic<Int>(0)
    private let openings = Atomic<Int>(0)
    private let closedUntil = Atomic<Int64>(0)
    /// When the probe under way began; zero when there is none.
    private let probeSince = Atomic<Int64>(0)
    private let latency = Atomic<Int64>(0)

    /// An upstream that nothing is known of: calls go to it.
    package init() {}

    /// Whether calls go to it, without asking for the probe.
    package func isAvailable(now: Int64) -> Bool {
        let until = closedUntil.load(ordering: .acquiring)
        return until == 0 || until <= now
    }

    /// Until when no calls go to it; `nil` while they do.
    package func closed(now: Int64) -> Int64? {
        let until = closedUntil.load(ordering: .acquiring)
        return until > now ? until : nil
    }

    /// Asks for one call.
    package func admit(now: Int64) -> Admission {
        let until = closedUntil.load(ordering: .acquiring)
        if until == 0 { return .open }
        guard until <= now else { return .closed(until: until) }
        let since = probeSince.load(ordering: .relaxed)
        // A probe that never ended must not keep the others out.
        guard since == 0 || now - since > Self.longestPause else { return .closed(until: now + Self.firstPause) }
        let (isMine, _) = probeSince.compareExchange(expected: since, desired: max(now, 1), ordering: .relaxed)
        return isMine ? .probe : .closed(until: now + Self.firstPause)
    }

    /// A call went well.
    /// - Parameter firstByte: nanoseconds from the request to the answer's first byte.
    package func succeeded(firstByte: Int64) {
        if failures.load(ordering: .relaxed) != 0 { failures.store(0, ordering: .relaxed) }
        if closedUntil.load(ordering: .relaxed) != 0 {
            openings.store(0, ordering: .relaxed)
            closedUntil.store(0, ordering: .releasing)
        }
        if probeSince.load(ordering: .relaxed) != 0 { probeSince.store(0, ordering: .relaxed) }
        let known = latency.load(ordering: .relaxed)
        // A moving average over some eight calls; a lost update between loops does no harm.
        latency.store(known == 0 ? firstByte : known + (firstByte - known) / 8, ordering: .relaxed)
    }

    /// A call failed in a way that may be the upstream's; `isProbe` for one that was let through to see.
    ///
    /// Calls that were under way when the breaker opened fail too, and say nothing new: only the probe keeps it open.
    package func failed(now: Int64, isProbe: Bool = false) {
        let count = failures.wrappingAdd(1, ordering: .relaxed).newValue
        if isProbe {
            close(now: now)
            probeSince.store(0, ordering: .releasing)
        } else if count >= Self.threshold, closedUntil.load(ordering: .acquiring) == 0 {
            close(now: now)
        }
    }

    private func close(now: Int64) {
        let times = openings.wrappingAdd(1, ordering: .relaxed).newValue
        let pause = min(Self.firstPause << Int64(min(times - 1, 5)), Self.longestPause)
        closedUntil.store(now + pause, ordering: .releasing)
    }

    /// The probe ended in a way that says nothing of the upstream: another may be it.
    package func abandonedProbe() { probeSince.store(0, ordering: .releasing) }

    /// Nanoseconds to the first byte, averaged; `nil` while nothing is known.
    package var firstByte: Int64? {
        let known = latency.load(ordering: .relaxed)
        return known == 0 ? nil : known
    }
}
