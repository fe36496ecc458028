package import CupelCore
import Foundation

/// A PostgreSQL of the tests' own on a Unix socket and a free port, started once and stopped with the process.
package final class PostgresServer: Sendable {
    private let directory: TemporaryDirectory
    private let port: Int
    private let owner: String?

    /// The one server of this test process.
    /// - Throws: `tool_missing` when PostgreSQL is not installed.
    package static func shared() throws -> PostgresServer { try sharedResult.get() }

    private static let sharedResult = Result { try PostgresServer() }

    /// The address of a database made for one test.
    package func makeDatabase() throws -> Secret {
        let name = "t" + "\(Identifier<PostgresServer>())".filter { $0 != "-" }
        try run([try Self.tool("createdb"), "-h", directory.path, "-p", "\(port)", "-U", "cupel", name])
        let host = directory.path.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? directory.path
        return Secret("postgres://cupel@/\(name)?host=\(host)&port=\(port)")
    }

    private init() throws {
        directory = try TemporaryDirectory()
        port = Int.random(in: 20_000...30_000)
        // PostgreSQL refuses to run as root; the Debian package made the user postgres.
        owner = getuid() == 0 ? "postgres" : nil
        let data = directory.path + "/data"
        if owner != nil { try TestProcess.run(["chown", "postgres", directory.path]) }
        try run([try Self.tool("initdb"), "-D", data, "-U", "cupel", "-A", "trust", "--no-sync", "-E", "UTF8"])
        let server = [
            try Self.tool("postgres"), "-D", data, "-k", directory.path, "-p", "\(port)", "-c", "listen_addresses=",
            "-c", "fsync=off", "-c", "max_connections=400",
        ]
        _ = try TestProcess.start(asOwner(server), output: directory.path + "/log")
        let ready = [try Self.tool("pg_isready"), "-h", directory.path, "-p", "\(port)", "-t", "1"]
        for _ in 0..<200 {
            if (try? TestProcess.run(ready)) != nil { return }
            usleep(50_000)
        }
        throw CupelError(.toolFailed, "PostgreSQL did not start; see \(directory.path)/log.")
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
