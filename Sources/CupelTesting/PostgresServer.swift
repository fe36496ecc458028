package import CupelCore
import Foundation
import Synchronization

/// A PostgreSQL of the tests' own on a Unix socket and a free port of 127.0.0.1, stopped with the process.
package final class PostgresServer: Sendable {
    /// The port, on 127.0.0.1 and in the socket's name.
    package let port: Int
    private let directory: TemporaryDirectory
    private let owner: String?
    private let settings: [String]
    private let process = Mutex<Int32?>(nil)

    /// The one server of this test process.
    /// - Throws: `tool_missing` when PostgreSQL is not installed.
    package static func shared() throws -> PostgresServer { try sharedResult.get() }

    private static let sharedResult = Result { try PostgresServer() }

    /// The authority's certificate of a server with TLS.
    package var certificatePath: String { directory.path + "/data/server.crt" }

    /// The directory of the Unix socket.
    package var socketDirectory: String { directory.path }

    /// Starts a server that the caller owns.
    /// - Parameters:
    ///   - settings: more of `postgresql.conf`, as in `max_connections=5`.
    ///   - access: lines of `pg_hba.conf`; without any, everyone on this machine is trusted.
    ///   - hasTLS: whether it speaks TLS, with a certificate for `localhost` that it signs itself.
    /// - Throws: `tool_missing` when PostgreSQL or openssl is not installed.
    package init(settings: [String] = [], access: [String] = [], hasTLS: Bool = false) throws {
        directory = try TemporaryDirectory()
        port = Int.random(in: 20_000...30_000)
        // PostgreSQL refuses to run as root; the Debian package made the user postgres.
        owner = getuid() == 0 ? "postgres" : nil
        self.settings = settings + (hasTLS ? ["ssl=on"] : [])
        let data = directory.path + "/data"
        if owner != nil { try TestProcess.run(["chown", "postgres", directory.path]) }
        try run([try Self.tool("initdb"), "-D", data, "-U", "cupel", "-A", "trust", "--no-sync", "-E", "UTF8"])
        if hasTLS { try makeCertificate(data) }
        if !access.isEmpty {
            let text = access.joined(separator: "\n") + "\n"
            try run(["sh", "-c", "printf '%s' \"$1\" > \"$2\"", "sh", text, data + "/pg_hba.conf"])
        }
        try start()
    }

    deinit { stop(isImmediate: true) }

    /// The address of a database made for one test.
    package func makeDatabase() throws -> Secret {
        let name = "t" + "\(Identifier<PostgresServer>())".filter { $0 != "-" }
        try run([try Self.tool("createdb"), "-h", directory.path, "-p", "\(port)", "-U", "cupel", name])
        return address(name)
    }

    /// The address of a database over the Unix socket.
    package func address(_ name: String, user: String = "cupel", parameters: String = "") -> Secret {
        let host = directory.path.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? directory.path
        return Secret("postgres://\(user)@/\(name)?host=\(host)&port=\(port)\(parameters)")
    }

    /// Starts the server, again after it was stopped, and waits until it answers.
    package func start() throws {
        let data = directory.path + "/data"
        var server = [
            try Self.tool("postgres"), "-D", data, "-k", directory.path, "-p", "\(port)", "-c",
            "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=400",
        ]
        for setting in settings { server += ["-c", setting] }
        let started = try TestProcess.start(asOwner(server), output: directory.path + "/log")
        process.withLock { $0 = started }
        let ready = [try Self.tool("pg_isready"), "-h", directory.path, "-p", "\(port)", "-t", "1"]
        for _ in 0..<200 {
            if (try? TestProcess.run(ready)) != nil { return }
            usleep(50_000)
        }
        throw CupelError(.toolFailed, "PostgreSQL did not start; see \(directory.path)/log.")
    }

    /// Stops the server and waits for its end; immediate is as a crash, else connections are closed in order.
    package func stop(isImmediate: Bool = true) {
        let running = process.withLock { process in
            defer { process = nil }
            return process
        }
        guard let running else { return }
        signal(SIGCONT, to: running)
        kill(running, isImmediate ? SIGQUIT : SIGINT)
        var status: Int32 = 0
        waitpid(running, &status, 0)
    }

    /// Stops the server and all that serves connections in their tracks, as a machine that hangs.
    package func freeze() { process.withLock { $0.map { signal(SIGSTOP, to: $0) } } }

    /// Lets a frozen server go on.
    package func thaw() { process.withLock { $0.map { signal(SIGCONT, to: $0) } } }

    private func signal(_ number: Int32, to server: Int32) {
        kill(server, number)
        let text = (try? String(contentsOfFile: "/proc/\(server)/task/\(server)/children", encoding: .utf8)) ?? ""
        for child in text.split(separator: " ").compactMap({ Int32($0) }) { kill(child, number) }
    }

    private func makeCertificate(_ data: String) throws {
        try run([
            "openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost", "-newkey", "rsa:2048", "-out", data + "/server.crt", "-keyout",
            data + "/server.key",
        ])
        try run(["chmod", "600", data + "/server.key"])
    }

    private func run(_ command: [String]) throws { try TestProcess.run(asOwner(command)) }

    /// The command as the server's owner; it dies with the test process.
    private func asOwner(_ command: [String]) -> [String] {
        let identity = owner.map { ["--reuid", $0, "--regid", $0, "--clear-groups"] } ?? []
        return ["setpriv", "--pdeathsig", "KILL"] + identity + command
    }

    private static func tool(_ name: String) throws -> String {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted().reversed()
        for version in versions where FileManager.default.isExecutableFile(atPath: "\(root)/\(version)/bin/\(name)") {
            return "\(root)/\(version)/bin/\(name)"
        }
        throw CupelError(.toolMissing, "PostgreSQL is needed for the tests: apt-get install postgresql")
    }
}
