import CLinux
import Glibc
import Synchronization

/// The thread that starts, feeds, reads and collects this process's children.
///
/// The kernel's promise to kill a child when its parent dies is tied to the parent's thread, and threads of a
/// cooperative pool may end at any time; so one thread that lives as long as the process starts them all. It waits in
/// poll(2) for pipes and pidfds, so no child costs a thread and none stays a zombie.
package final class ProcessLoop: Sendable {
    /// The loop of this process: children are a fact about the process, not about a component.
    package static let shared = ProcessLoop()

    private let event: Int32
    private let requests = Mutex<[Request]>([])

    private struct Request {
        var command: ProcessCommand
        var continuation: CheckedContinuation<ChildProcess, any Error>
    }

    private init() {
        event = clinux_open_event()
        precondition(event >= 0, "no descriptor is left for the loop of child processes")
        var thread = pthread_t()
        let created = pthread_create(
            &thread,
            nil,
            { context in
                if let context { Unmanaged<ProcessLoop>.fromOpaque(context).takeRetainedValue().work() }
                return nil
            },
            Unmanaged.passRetained(self).toOpaque()
        )
        precondition(created == 0, "no thread is left for the loop of child processes")
        pthread_detach(thread)
    }

    /// Starts a program. The caller ends it: by ``ChildProcess/kill()``, by its own end, or by a wall limit.
    /// - Throws: ``ProcessStartError`` when it cannot be started.
    package func start(_ command: ProcessCommand) async throws -> ChildProcess {
        try await withCheckedThrowingContinuation { continuation in
            requests.withLock { $0.append(Request(command: command, continuation: continuation)) }
            wake()
        }
    }

    /// Runs a program to its end; cancelling the task kills it and waits until it is gone.
    /// - Throws: ``ProcessStartError``; `CancellationError`.
    package func run(_ command: ProcessCommand) async throws -> ProcessResult {
        let child = try await start(command)
        let ending = await withTaskCancellationHandler {
            await child.waitForEnd()
        } onCancel: {
            child.kill()
        }
        try Task.checkCancellation()
        return ProcessResult(ending: ending, output: child.takeOutput(), errorOutput: child.errorTail)
    }

    /// Makes the thread look at requests and buffers again.
    func wake() {
        var one: UInt64 = 1
        _ = write(event, &one, 8)
    }

    /// The thread's body; it never returns.
    private func work() {
        var signals = sigset_t()
        sigfillset(&signals)
        // A write to a pipe that its reader closed must be an error here, not the end of the process.
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        // A sandbox that is killed leaves its first process to whoever adopts it. In a container that may be nobody who
        // collects the dead, so it is us.
        _ = clinux_adopt_orphans()
        var children: [RunningChild] = []
        var groups: [Int32] = []
        while true {
            for request in takeRequests() {
                do throws(ProcessStartError) {
                    let running = try RunningChild(starting: request.command, loop: self)
                    children.append(running)
                    request.continuation.resume(returning: running.child)
                } catch {
                    request.continuation.resume(throwing: error)
                }
            }
            for index in children.indices { children[index].writeInput() }
            wait(for: &children, atMost: groups.isEmpty ? nil : 20)
            groups += children.filter(\.isGone).map(\.child.processID)
            children.removeAll { $0.isGone }
            groups.removeAll { clinux_reap_group($0) == 0 }
        }
    }

    private func takeRequests() -> [Request] {
        requests.withLock { requests in
            defer { requests = [] }
            return requests
        }
    }

    private func wait(for children: inout [RunningChild], atMost milliseconds: Int32?) {
        var polled = [pollfd(fd: event, events: Int16(POLLIN), revents: 0)]
        for child in children { polled += child.interests }
        let timeout = (children.compactMap(\.millisecondsLeft) + [milliseconds].compactMap { $0 }).min() ?? -1
        _ = poll(&polled, nfds_t(polled.count), timeout)
        if polled[0].revents != 0 {
            var count: UInt64 = 0
            _ = read(event, &count, 8)
        }
        let ready = Set(polled.dropFirst().filter { $0.revents != 0 }.map(\.fd))
        for index in children.indices { children[index].handle(ready) }
    }
}
