package import CupelCore
import Foundation
import Synchronization

/// A Redis of one test's own on a Unix socket and a free port of loopback, which can be killed, started again, and
/// stopped in its tracks; it dies with this object, or with the test process.
package final class RedisServer: Sendable {
    private let directory: TemporaryDirectory
    private let options: [String]
    private let password: Secret?
    private let child = Mutex<Int32?>(nil)
    /// The port on loopback.
    package let port: Int

    /// Makes a server that keeps nothing on disk, and starts it.
    /// - Parameters:
    ///   - password: what the server demands of clients.
    ///   - options: further options of `redis-server`.
    ///   - isStarted: whether it runs at first.
    /// - Throws: `tool_missing` when Redis is not installed.
    package init(password: Secret? = nil, options: [String] = [], isStarted: Bool = true) throws {
        directory = try TemporaryDirectory()
        port = try Self.freePort()
        self.password = password
        self.options = options
        if isStarted { try start() }
    }

    deinit { kill() }

    /// The address over loopback.
    package var url: Secret { Secret("redis://\(login)127.0.0.1:\(port)") }

    /// The address of the Unix socket.
    package var socketURL: Secret { Secret("unix://\(login)\(directory.path)/s") }

    private var login: String { password.map { ":\($0.expose())@" } ?? "" }

    /// Starts the server, empty, and returns when it answers.
    package func start() throws {
        guard let tool = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].first(where: Self.isExecutable) else {
            throw CupelError(.toolMissing, "Redis is needed for the tests: apt-get install redis-server")
        }
        let demanded = password.map { ["--requirepass", $0.expose()] } ?? []
        let command =
            [
                tool, "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", directory.path + "/s", "--save", "",
                "--appendonly", "no", "--dir", directory.path, "--databases", "4",
            ] + demanded + options
        let started = try TestProcess.start(command, output: directory.path + "/log")
        child.withLock { $0 = started }
        for _ in 0..<400 {
            if isAnswering { return }
            usleep(10_000)
        }
        throw CupelError(.toolFailed, "redis-server did not start; see \(directory.path)/log.")
    }

    /// Ends the server at once, as a crash would.
    package func kill() {
        guard
            let process = child.withLock({ child in
                defer { child = nil }
                return child
            })
        else { return }
        Glibc.kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    /// Kills the server and starts it again, empty.
    package func restart() throws {
        kill()
        try start()
    }

    /// Stops the process: its sockets take connections and bytes, and nothing answers.
    package func pause() { signal(SIGSTOP) }

    /// Lets the process go on.
    package func resume() { signal(SIGCONT) }

    /// Sends a command as a person would type it, without a password, and gives the first bytes of the answer.
    @discardableResult
    package func command(_ text: String) throws -> String {
        guard let answer = exchange(text + "\r\n") else {
            throw CupelError(.toolFailed, "redis-server does not answer.")
        }
        return answer
    }

    private func signal(_ number: Int32) {
        if let process = child.withLock({ $0 }) { Glibc.kill(process, number) }
    }

    private var isAnswering: Bool { exchange("PING\r\n") != nil }

    private func exchange(_ text: String) -> String? {
        let socket = Self.loopback()
        defer { close(socket) }
        var address = Self.address(port)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0, send(socket, text, text.utf8.count, Int32(MSG_NOSIGNAL)) > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(socket, &bytes, bytes.count, 0)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    private static func isExecutable(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }

    private static func loopback() -> Int32 { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return address
    }

    /// A port that the kernel says is free now.
    private static func freePort() throws -> Int {
        let socket = loopback()
        defer { close(socket) }
        var address = address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(socket, pointer, length) == 0 ? getsockname(socket, pointer, &length) : -1
            }
        }
        guard result == 0 else { throw CupelError(.toolFailed, "No free port on loopback.") }
        return Int(in_port_t(bigEndian: address.sin_port))
    }
}
