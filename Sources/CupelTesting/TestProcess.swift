import CLinux
import CupelCore
import Foundation

/// Processes that tests start; none outlives the test process.
package enum TestProcess {
    /// Starts a command with its output going to a file, killed when the test process dies.
    /// - Returns: the process id.
    package static func start(_ command: [String], output: String) throws -> Int32 {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        let log = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer {
            close(null)
            close(log)
        }
        let started = SpawnThread.shared.run {
            withCStrings(command) { argv in
                withCStrings(ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }) { environment in
                    clinux_spawn(argv, environment, "/tmp", [null, log, log], 3)
                }
            }
        }
        guard started > 0 else { throw CupelError(.toolMissing, "\(command[0]) cannot be started.") }
        return started
    }

    /// Runs a command to its end.
    /// - Throws: `tool_failed` with what it printed when it does not exit with 0.
    package static func run(_ command: [String]) throws {
        let output = NSTemporaryDirectory() + "/cupel-run-\(Identifier<Int>())"
        defer { unlink(output) }
        let child = try start(command, output: output)
        var status: Int32 = 0
        waitpid(child, &status, 0)
        guard status == 0 else {
            let text = (try? BoundedFile.text(at: output, limit: 1 << 20)) ?? ""
            throw CupelError(.toolFailed, "\(command.joined(separator: " ")) failed: \(text)")
        }
    }

    private static func withCStrings<Result>(
        _ texts: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies.map { UnsafePointer($0) } + [nil])
    }
}

/// The one thread that starts processes: the kernel sends a child its parent's death signal when the starting
/// thread ends, and threads of a pool do end.
private final class SpawnThread: Sendable {
    static let shared = SpawnThread()
    private let requests = DispatchSemaphore(value: 0)
    private let work = LockedWork()

    private init() {
        let (requests, work) = (requests, work)
        Thread.detachNewThread {
            while true {
                requests.wait()
                work.take()?()
            }
        }
    }

    func run(_ body: @escaping @Sendable () -> Int32) -> pid_t {
        let done = DispatchSemaphore(value: 0)
        let result = LockedResult()
        work.add {
            result.value = body()
            done.signal()
        }
        requests.signal()
        done.wait()
        return result.value
    }
}

/// Unchecked: every access holds the lock.
private final class LockedWork: @unchecked Sendable {
    private let lock = NSLock()
    private var items: [@Sendable () -> Void] = []

    func add(_ item: @escaping @Sendable () -> Void) { lock.withLock { items.append(item) } }
    func take() -> (@Sendable () -> Void)? { lock.withLock { items.isEmpty ? nil : items.removeFirst() } }
}

/// Unchecked: written before and read after a semaphore.
private final class LockedResult: @unchecked Sendable {
    var value: Int32 = -1
}
