import CupelCore
import Storage
import Synchronization

/// Collects the commands of concurrent callers and carries out many in one transaction: one commit, one `fsync`.
///
/// While as many batches are under way as the engine can take, commands gather; nothing ever waits for a timer.
final class JobBatcher: Sendable {
    /// Commands that belong together, and who waits for their replies.
    private struct Entry {
        let commands: [JobCommand]
        let answer: CheckedContinuation<[JobReply], any Error>
    }

    private struct State {
        var pending: [Entry] = []
        var underway = 0
    }

    private let store: any JobStore
    private let time: any TimeSource
    private let onCommit: @Sendable () -> Void
    private let state = Mutex(State())

    /// Commands in one transaction.
    static let maximumBatch = 256
    /// Callers that may wait; more are refused.
    static let maximumPending = 10_000

    init(store: any JobStore, time: any TimeSource, onCommit: @escaping @Sendable () -> Void) {
        self.store = store
        self.time = time
        self.onCommit = onCommit
    }

    /// Carries out commands in one transaction, with others' perhaps.
    /// - Throws: `storage_unavailable` when the engine cannot be used or too many wait.
    func send(_ commands: [JobCommand]) async throws -> [JobReply] {
        try await withCheckedThrowingContinuation { continuation in
            let entry = Entry(commands: commands, answer: continuation)
            let (isAccepted, mustStart) = state.withLock { state in
                guard state.pending.count < Self.maximumPending else { return (false, false) }
                state.pending.append(entry)
                guard state.underway < store.width else { return (true, false) }
                state.underway += 1
                return (true, true)
            }
            guard isAccepted else {
                continuation.resume(
                    throwing: CupelError(
                        .storageUnavailable,
                        "More than \(Self.maximumPending) requests wait for the queue's store; try again in a moment.",
                        retryAfterSeconds: 1
                    )
                )
                return
            }
            // Ends when nothing waits; whoever waits holds a continuation that it resumes.
            if mustStart { Task { await drain() } }
        }
    }

    private func drain() async {
        while let batch = next() { await carryOut(batch) }
    }

    private func next() -> [Entry]? {
        state.withLock { state in
            var count = 0
            var size = 0
            while count < state.pending.count, size < Self.maximumBatch {
                size += state.pending[count].commands.count
                count += 1
            }
            guard count > 0 else {
                state.underway -= 1
                return nil
            }
            defer { state.pending.removeFirst(count) }
            return Array(state.pending.prefix(count))
        }
    }

    private func carryOut(_ batch: [Entry]) async {
        let commands = batch.flatMap(\.commands)
        do {
            let replies = try await process(commands)
            if replies.contains(where: \.isNews) { onCommit() }
            var start = 0
            for entry in batch {
                entry.answer.resume(returning: Array(replies[start..<start + entry.commands.count]))
                start += entry.commands.count
            }
        } catch let error as CupelError where Self.isOfTheStore(error) || batch.count == 1 {
            for entry in batch { entry.answer.resume(throwing: error) }
        } catch {
            // One of them is at fault; the others must not suffer for it.
            for entry in batch {
                do {
                    let replies = try await process(entry.commands)
                    if replies.contains(where: \.isNews) { onCommit() }
                    entry.answer.resume(returning: replies)
                } catch {
                    entry.answer.resume(throwing: error)
                }
            }
        }
    }

    private func process(_ commands: [JobCommand]) async throws -> [JobReply] {
        let time = time
        return try await store.change { try JobMachine.process(commands, on: $0, at: time.now) }
    }

    private static func isOfTheStore(_ error: CupelError) -> Bool {
        error.code == .storageUnavailable || error.code == .outcomeUnknown
    }
}
