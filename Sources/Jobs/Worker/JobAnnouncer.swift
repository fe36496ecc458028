import CupelCore
import ServiceLifecycle

/// Carries word of the queue between processes, so that a worker elsewhere need not wait for its next look.
///
/// Nothing rests on it: whoever misses a word looks again within a second, and a running job that is to end hears of it
/// at its worker's next heartbeat.
package struct JobAnnouncer: Service {
    /// What passes between processes.
    package protocol Channel: Sendable {
        /// Tells the other processes.
        func publish(_ text: String) async throws
        /// What the others say; `nil` for "something may have been missed". `nil` as a whole when there are no others.
        func messages() async -> AsyncStream<String?>?
    }

    private let queue: JobQueue
    private let channel: any Channel

    /// The least time between two words: with many commits, one word stands for all.
    private static let pause = Duration.milliseconds(20)
    private static let interruptPrefix = "end "

    /// An announcer of this process's queue.
    package init(queue: JobQueue, channel: any Channel) {
        self.queue = queue
        self.channel = channel
    }

    /// Tells and listens until a graceful stop.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await tell() }
                group.addTask { await listen() }
            }
        }
    }

    private func tell() async {
        var told = queue.committed.generation
        while !Task.isCancelled {
            await queue.committed.wait(after: told)
            if Task.isCancelled { return }
            told = queue.committed.generation
            let endings = queue.takeInterruptsToTell()
            // A word that does not arrive is made up for by the others' next look.
            if endings.isEmpty { try? await channel.publish("") }
            for id in endings { try? await channel.publish(Self.interruptPrefix + id.description) }
            try? await queue.time.sleep(for: Self.pause)
        }
    }

    private func listen() async {
        guard let messages = await channel.messages() else { return }
        for await message in messages {
            if let message, message.hasPrefix(Self.interruptPrefix) {
                if let id = JobID(message.dropFirst(Self.interruptPrefix.count)) { queue.interrupt(id) }
            }
            queue.signal.wake()
        }
    }
}
