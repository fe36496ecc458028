import CupelCore
import CupelTesting
import Foundation
import NIOHTTP1
import Testing

/// A PostgreSQL that is down, comes, goes, or hangs, under the real binary.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct DatabaseFaultTests {
    private static let answer =
        #"{"name":"Install nginx","hosts":"all","task1":{"module":"package","name":"Install nginx","args":{"name":"nginx","state":"present"}}}"#

    /// Short leases, so that what a lost connection leaves behind is run again soon.
    private static let quick = ["CUPEL_MODEL_LOCAL": "", "CUPEL_JOBS_LEASE_SECONDS": "2"]

    private func wait(_ what: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<1200 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw CupelError(.timeout, "Waited in vain until \(what).")
    }

    private func readiness(_ server: RunningServer) async throws -> (status: Int, database: String) {
        let answer = try await server.get("/health/ready")
        return (answer.status, answer.json["parts"]?["database"]?.stringValue ?? "")
    }

    /// An address over TCP, so that host and port are what an operator would read.
    private func address(_ server: PostgresServer) throws -> (url: String, name: String) {
        let path = try server.makeDatabase().expose().drop { $0 != "@" }.dropFirst(2)
        let name = String(path.prefix { $0 != "?" })
        return ("postgres://cupel@127.0.0.1:\(server.port)/\(name)", name)
    }

    @Test(arguments: [
        ("mysql://cupel@127.0.0.1/cupel", "it must begin with postgres://"),
        ("postgres://cupel:%WORD%@127.0.0.1:port/cupel", "the port must be a number from 1 to 65535"),
        ("postgres://cupel:%WORD%@127.0.0.1:70000/cupel", "the port must be a number from 1 to 65535"),
        ("postgres://cupel:%WORD%%zz@127.0.0.1/cupel", "the password holds a % that begins no escape"),
        ("postgres://cupel:%WORD%@[::1/cupel", "the host's [ has no ]"),
        ("postgres://cupel:%WORD%@127.0.0.1/cup%el", "the database name holds a %"),
        ("postgres://cupel:%WORD%@127.0.0.1/cupel?sslmoed=require", "there is no parameter sslmoed"),
    ])
    func `an address that is wrong in a part ends the start at once, with that part and no password`(
        _ template: String,
        _ part: String
    ) async throws {
        let word = "w\(Identifier<PostgresServer>())"
        let url = template.replacingOccurrences(of: "%WORD%", with: word)
        let cupel = try CupelProcess(environment: ["CUPEL_DATABASE_URL": url])
        let outcome = try await cupel.run(["serve", "--port", "0"])
        #expect(outcome.exitCode == 2, "\(outcome.errors)")
        #expect(outcome.errors.contains("database.url"), "\(outcome.errors)")
        #expect(outcome.errors.contains(part), "\(outcome.errors)")
        #expect(!outcome.errors.contains(word) && !outcome.output.contains(word))
        #expect(!FileManager.default.fileExists(atPath: cupel.dataDirectory))
    }

    @Test func `what the server refuses ends the start at once too`() async throws {
        let word = "w\(Identifier<PostgresServer>())"
        let postgres = try PostgresServer(access: [
            "local all all trust", "host all cupel 127.0.0.1/32 trust", "host all all 127.0.0.1/32 scram-sha-256",
        ])
        let (url, name) = try address(postgres)
        let place = "127.0.0.1:\(postgres.port)"
        let wrong = [
            ("postgres://stranger:\(word)@\(place)/\(name)", "stranger"),
            ("postgres://cupel:\(word)@\(place)/nowhere", "there is no database nowhere at \(place)"),
            (url + "?sslmode=require", "has none"),
        ]
        for (url, part) in wrong {
            let cupel = try CupelProcess(environment: ["CUPEL_DATABASE_URL": url])
            let outcome = try await cupel.run(["serve", "--port", "0"])
            #expect(outcome.exitCode == 2, "\(outcome.errors)")
            #expect(outcome.errors.contains(part), "\(outcome.errors)")
            #expect(!outcome.errors.contains("trying again"), "\(outcome.errors)")
            #expect(!outcome.errors.contains(word) && !outcome.output.contains(word))
        }
    }

    @Test func `a database that stays away is tried as often as configured, then named`() async throws {
        let postgres = try PostgresServer()
        let (url, name) = try address(postgres)
        postgres.stop()
        let word = "w\(Identifier<PostgresServer>())"
        let secret = url.replacingOccurrences(of: "cupel@", with: "cupel:\(word)@")
        let cupel = try CupelProcess(environment: ["CUPEL_DATABASE_URL": secret])
        for (tries, said) in [(1, "in 1 try"), (2, "in 2 tries")] {
            let outcome = try await cupel.run(["serve", "--port", "0", "--set", "database.start_tries=\(tries)"])
            #expect(outcome.exitCode == 1, "\(outcome.errors)")
            #expect(
                outcome.errors.contains("The database \(name) at 127.0.0.1:\(postgres.port) did not answer \(said)"),
                "\(outcome.errors)"
            )
            let warnings = outcome.errors.components(separatedBy: "trying again").count - 1
            #expect(warnings == tries - 1, "\(outcome.errors)")
            #expect(!outcome.errors.contains(word))
        }
        let bound = try await cupel.run(["config", "validate", "--set", "database.start_tries=0"])
        #expect(bound.exitCode == 2)
        #expect(bound.errors.contains("1 to 1000"), "\(bound.errors)")
    }

    @Test func `a database that comes late is waited for`() async throws {
        let postgres = try PostgresServer()
        let (url, _) = try address(postgres)
        postgres.stop()
        let cupel = try CupelProcess(environment: Self.quick)
        let knock = try Knock(port: postgres.port)
        async let starting = cupel.serve(["--database", url])
        // One try to open the database is three to connect, so with the fourth the first try is over.
        var heard = 0
        try await wait("it tries again") {
            if knock.isHeard() { heard += 1 }
            return heard > 3
        }
        knock.close()
        try postgres.start()
        let server = try await starting
        let log = String(decoding: server.child.errorTail, as: UTF8.self)
        #expect(log.contains("the database does not answer; trying again"), "\(log)")
        let ready = try await readiness(server)
        #expect(ready.status == 200, "\(ready.database)")
        let code = await server.stop()
        #expect(code == 0)
    }

    @Test func `a database that goes and comes back loses no acknowledged job, without a restart`() async throws {
        let postgres = try PostgresServer()
        let (url, name) = try address(postgres)
        let model = try await ScriptedModel { _, _ in .answer(Self.answer) }
        let cupel = try CupelProcess(
            environment: Self.quick.merging(["CUPEL_MODEL_URL": model.url, "CUPEL_MODEL_NAME": "m"]) { $1 }
        )
        let server = try await cupel.serve(["--database", url])
        var ids: [String] = []
        for number in 0..<5 {
            let answer = try await server.post("/api/v1/playbooks", ["ask": .string("install nginx \(number)")])
            #expect(answer.status == 202, "\(answer.text)")
            ids.append(try #require(answer.json["id"]?.stringValue))
        }
        postgres.stop()

        let refused = try await server.post("/api/v1/playbooks", ["ask": "install htop"])
        #expect(refused.status == 503, "\(refused.text)")
        #expect(refused.json["type"]?.stringValue == "storage_unavailable")
        #expect(refused.headers["Retry-After"].first != nil)
        let list = try await server.get("/api/v1/jobs")
        #expect(list.status == 503)
        #expect(list.headers["Retry-After"].first != nil)
        let live = try await server.get("/health")
        #expect(live.status == 200)
        let down = try await readiness(server)
        #expect(down.status == 503)
        #expect(down.database.contains("down: Nothing listens at 127.0.0.1:\(postgres.port)"), "\(down.database)")

        try postgres.start()
        try await wait("it is ready again") { try await readiness(server).status == 200 }
        for id in ids {
            let job = try await server.finished(id)
            #expect(job["state"]?.stringValue == "succeeded", "\(job.text())")
        }
        let playbooks = try await server.get("/api/v1/playbooks").json["items"]?.arrayValue
        #expect(playbooks?.count == ids.count, "each job has its effects once, in \(name)")
        let code = await server.stop()
        #expect(code == 0)
        try await model.stop()
    }

    @Test func `a database that hangs gives answers within its limits, and serves on when it goes on`() async throws {
        let postgres = try PostgresServer()
        let (url, _) = try address(postgres)
        let cupel = try CupelProcess(environment: Self.quick)
        let server = try await cupel.serve(["--database", url, "--set", "database.statement_seconds=1"])
        let before = try await server.post("/api/v1/playbooks", ["ask": "install nginx"])
        #expect(before.status == 202)
        postgres.freeze()
        let read = try await server.get("/api/v1/jobs")
        #expect(read.status == 503, "\(read.text)")
        #expect(read.headers["Retry-After"].first != nil)
        let write = try await server.post("/api/v1/playbooks", ["ask": "install htop"])
        #expect(write.status == 503, "\(write.text)")
        let live = try await server.get("/health")
        #expect(live.status == 200)
        let down = try await readiness(server)
        #expect(down.status == 503)
        #expect(down.database.hasPrefix("down: "), "\(down.database)")
        postgres.thaw()
        try await wait("it is ready again") { try await readiness(server).status == 200 }
        let job = try await server.finished(try #require(before.json["id"]?.stringValue))
        #expect(job["state"]?.stringValue == "succeeded", "\(job.text())")
        let code = await server.stop()
        #expect(code == 0)
    }
}

/// Listens where a database should, and hangs up on whoever comes.
private struct Knock {
    private let listener: Int32

    init(port: Int) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound, listen(listener, 8) == 0 else {
            throw CupelError(.toolFailed, "port \(port) cannot be listened on: errno \(errno)")
        }
    }

    /// Whether somebody came since the last look.
    func isHeard() -> Bool {
        let visitor = accept(listener, nil, nil)
        guard visitor >= 0 else { return false }
        Foundation.close(visitor)
        return true
    }

    func close() { Foundation.close(listener) }
}
