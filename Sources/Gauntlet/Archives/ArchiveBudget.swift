import CupelCore

/// What is left of the limits of one outermost archive; every archive inside draws on the same.
final class ArchiveBudget {
    /// Why nothing more is read.
    struct Stop: Hashable {
        var kind: TreeProblem.Kind
        var detail: String
    }

    let limits: ArchiveLimits
    private(set) var stop: Stop?
    private let packed: Int
    private let time: any TimeSource
    private let deadline: Duration
    private let isCancelled: @Sendable () -> Bool
    private var expanded = 0
    private var entries = 0

    /// A budget for an archive of so many bytes, from now on.
    init(
        _ limits: ArchiveLimits,
        packed: Int,
        time: any TimeSource,
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.limits = limits
        self.packed = packed
        self.time = time
        self.isCancelled = isCancelled
        deadline = time.monotonic + limits.time
    }

    /// Counts a member; false when there may be no more.
    func countEntry() -> Bool {
        entries += 1
        if entries > limits.entries { halt(.tooMany, "more than \(limits.entries) members") }
        return stop == nil && isInTime()
    }

    /// Counts bytes that came out; false when there may be no more.
    func count(bytes: Int) -> Bool {
        expanded += bytes
        if expanded > limits.expandedBytes {
            halt(.tooLarge, "more than \(limits.expandedBytes) bytes come out of it; the rest was not looked at")
        } else if expanded > limits.freeBytes, expanded / limits.ratio > packed {
            halt(.bomb, "more than \(limits.ratio) times its size comes out of it; the rest was not looked at")
        }
        return stop == nil && isInTime()
    }

    /// Whether there is time left, and nobody wants it to end.
    func isInTime() -> Bool {
        if stop == nil, time.monotonic > deadline {
            halt(.tooSlow, "opening it took more than \(limits.time.components.seconds) seconds")
        }
        if stop == nil, isCancelled() { halt(.tooSlow, "the scan was ended") }
        return stop == nil
    }

    private func halt(_ kind: TreeProblem.Kind, _ detail: String) {
        if stop == nil { stop = Stop(kind: kind, detail: detail) }
    }
}
