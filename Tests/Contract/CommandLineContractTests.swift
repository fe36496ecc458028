import CupelCore
import CupelTesting
import Foundation
import Storage
import Testing

/// What people and scripts rely on at the command line, with the real binary.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct CommandLineContractTests {
    @Test(arguments: [
        (["playbok"], 64, "Did you mean `cupel playbook`?"), (["scan", "/nowhere/at/all"], 2, "cannot be opened"),
        (["scan", "--fail-on", "odd"], 2, "must be one of"), (["config", "show", "--set", "odd"], 2, "key=value"),
        (["config", "validate", "--set", "server.port=99999"], 2, "0 to 65535"),
        (["config", "validate", "--set", "server.prot=1"], 2, "did you mean server.port?"),
        (["model", "install", "odd"], 1, "odd"), (["playbook", "show", "odd"], 2, "no identifier"),
    ])
    func `a mistake is named on standard error with its exit code`(
        _ arguments: [String],
        _ code: Int,
        _ message: String
    ) async throws {
        let outcome = try await CupelProcess().run(arguments)
        #expect(outcome.exitCode == Int32(code), "\(outcome.errors)")
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test func `results go to standard output as JSON when asked, without colours`() async throws {
        let cupel = try CupelProcess()
        let settings = try await cupel.run(["config", "show", "--json"])
        let port = try JSON(parsing: settings.output).arrayValue?.first { $0["key"]?.stringValue == "server.port" }
        #expect(port?["environment"]?.stringValue == "CUPEL_SERVER_PORT")
        let version = try await cupel.run(["version", "--json"])
        #expect(try JSON(parsing: version.output)["version"]?.stringValue != nil)
        let shown = try await cupel.run(["config", "show", "--origin", "--set", "server.port=81"])
        #expect(shown.output.contains("command line --server.port"))
        #expect(!shown.output.contains("\u{1B}"))
    }

    @Test func `an unreachable model leaves a failed job that can be run again`() async throws {
        let cupel = try CupelProcess()
        let nowhere = ["--set", "model.url=http://127.0.0.1:9/v1", "--set", "model.name=m"]
        let failed = try await cupel.run(["playbook", "create", "install nginx"] + nowhere)
        #expect(failed.exitCode == 1)
        #expect(failed.errors.contains("http://127.0.0.1:9/v1"))
        #expect(failed.errors.contains("after 3 tries"))
        let jobs = try await cupel.run(["jobs", "list", "--state", "failed", "--json"])
        let job = try #require(try JSON(parsing: jobs.output)["items"]?[0])
        #expect(job["payload"]?["ask"]?.stringValue == "install nginx")
        #expect(job["error"]?["code"]?.stringValue == "provider_connection_failed")

        let model = try await ScriptedModel { _, _ in .answer(HTTPContractTests.answer) }
        let here = ["--set", "model.url=\(model.url)", "--set", "model.name=m"]
        let retried = try await cupel.run(["jobs", "retry", job["id"]?.stringValue ?? ""] + here)
        #expect(retried.exitCode == 0, "\(retried.errors)")
        let playbooks = try await cupel.run(["playbook", "list", "--json"])
        #expect(try JSON(parsing: playbooks.output)["items"]?.arrayValue?.count == 1)
        try await model.stop()
    }

    @Test(arguments: [
        ("not JSON at all", "generation_failed"), (#"{"name":"x","hosts":"all"}"#, "generation_failed"),
        (
            #"{"name":"x","hosts":"all","task1":{"module":"shell","name":"x","args":{"cmd":"rm -rf /"}}}"#,
            "generation_failed"
        ),
    ])
    func `an answer that is no playbook is refused after at most three`(_ answer: String, _ code: String) async throws {
        let model = try await ScriptedModel { _, _ in .answer(answer) }
        let cupel = try CupelProcess(environment: ["CUPEL_MODEL_URL": model.url, "CUPEL_MODEL_NAME": "m"])
        let outcome = try await cupel.run(["playbook", "create", "install nginx"])
        #expect(outcome.exitCode == 1)
        #expect((1...9).contains(model.calls.count))
        let jobs = try await cupel.run(["jobs", "list", "--json"])
        #expect(
            try JSON(parsing: jobs.output)["items"]?[0]?["error"]?["code"]?.stringValue == code,
            "\(outcome.errors)"
        )
        let playbooks = try await cupel.run(["playbook", "list", "--json"])
        #expect(try JSON(parsing: playbooks.output)["items"]?.arrayValue == [])
        try await model.stop()
    }

    @Test func `an ask that nothing fits says so with what is near`() async throws {
        let model = try await ScriptedModel { _, _ in .answer("{}") }
        let cupel = try CupelProcess(environment: ["CUPEL_MODEL_URL": model.url, "CUPEL_MODEL_NAME": "m"])
        let outcome = try await cupel.run(["playbook", "create", "what a lovely poem about the moon"])
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("No module fits"))
        #expect(model.calls.isEmpty)
        try await model.stop()
    }

    @Test
    func
        `a second server on the same data directory is refused with the owner's pid, and the command line uses the first`()
        async throws
    {
        let cupel = try CupelProcess()
        let server = try await cupel.serve()
        let second = try await cupel.run(["serve", "--port", "0"])
        #expect(second.exitCode == 1)
        #expect(second.errors.contains("in use by process \(server.child.processID)"))
        let jobs = try await cupel.run(["jobs", "list", "--json"])
        #expect(jobs.exitCode == 0)
        let token = try await cupel.run(["token"])
        #expect(token.output == server.token + "\n")
        let code = await server.stop()
        #expect(code == 0)
    }

    @Test func `jobs are submitted, watched, paused, limited, retried and discarded from the command line`()
        async throws
    {
        let cupel = try CupelProcess(environment: ["CUPEL_MODEL_URL": "http://127.0.0.1:9/v1", "CUPEL_MODEL_NAME": "m"])
        let server = try await cupel.serve()
        let poem = #"{"ask":"what a lovely poem about the moon"}"#
        let failed = try await cupel.run(["jobs", "submit", "playbook.create", poem, "--follow"])
        #expect(failed.exitCode == 1)
        #expect(failed.errors.contains("No module fits"))
        let paused = try await cupel.run(["jobs", "pause", "playbooks"])
        #expect(paused.errors.contains("paused playbooks"), "\(paused.errors)")
        let limited = try await cupel.run([
            "jobs", "limit", "playbooks", "--concurrency", "3", "--rate", "60", "--json",
        ])
        #expect(try JSON(parsing: limited.output)["rate_per_minute"]?.intValue == 60)
        let queues = try await cupel.run(["jobs", "queues"])
        #expect(queues.output.contains("paused, 3 at once, 60/min"), "\(queues.output)")
        let piped = try await cupel.run(["jobs", "submit", "playbook.create", "-"], input: poem)
        #expect(piped.exitCode == 0, "\(piped.errors)")
        let retried = try await cupel.run(["jobs", "retry", "--all", "--queue", "playbooks", "--json"])
        #expect(try JSON(parsing: retried.output)["done"]?.intValue == 1)
        let id = String(piped.output.dropLast())
        #expect(try await cupel.run(["jobs", "cancel", id]).exitCode == 0)
        let discarded = try await cupel.run(["jobs", "discard", id])
        #expect(discarded.errors.contains("discarded 1 job"))
        let again = try await cupel.run(["jobs", "discard", id])
        #expect(again.exitCode == 1)
        #expect(again.errors.contains("There is no job"))
        for (arguments, code, message) in [
            (["jobs", "retry"], 64, "--all"), (["jobs", "limit", "playbooks"], 64, "--concurrency or --rate"),
            (["jobs", "pause", "playbook"], 2, "did you mean 'playbooks'?"),
            (["jobs", "submit", "playbook.creat"], 2, "did you mean 'playbook.create'?"),
            (["jobs", "submit", "playbook.create", "{"], 2, "not JSON"),
        ] {
            let wrong = try await cupel.run(arguments)
            #expect(wrong.exitCode == Int32(code), "\(arguments) \(wrong.errors)")
            #expect(wrong.errors.contains(message), "\(arguments) \(wrong.errors)")
        }
        #expect(try await cupel.run(["jobs", "workers"]).output.contains("playbooks"))
        _ = await server.stop()
    }

    @Test func `a newer schema is refused`() async throws {
        let cupel = try CupelProcess()
        #expect(try await cupel.run(["migrate", "up"]).exitCode == 0)
        let database = try SQLiteDatabase(path: cupel.dataDirectory + "/cupel.db")
        let zero = Digest(of: "")
        try await database.execute(
            "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (9999, 'later', \(zero), 0)"
        )
        await database.close()
        let outcome = try await cupel.run(["jobs", "list"])
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("9999"))
    }

    @Test func `a data directory that cannot be written is refused before work starts`() async throws {
        let outcome = try await CupelProcess().run([
            "playbook", "create", "install nginx", "--data-dir", "/proc/nothing",
        ])
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("data.dir"))
    }

    @Test func `a scan fails on a planted secret, shows it redacted, and passes without it`() async throws {
        let cupel = try CupelProcess()
        let secret = "hunter2-" + "Zq81xPw0Lm"
        let path = try cupel.directory.write("db:\n  password: \(secret)\n", to: "tree/vars.yml")
        let folder = (path as NSString).deletingLastPathComponent
        let found = try await cupel.run(["scan", folder])
        #expect(found.exitCode == 1)
        #expect(found.output.contains("vars.yml"))
        #expect(!found.output.contains(secret) && !found.errors.contains(secret))
        try cupel.directory.write("db:\n  password: \"{{ vault_db_password }}\"\n", to: "tree/vars.yml")
        let clean = try await cupel.run(["scan", folder])
        #expect(clean.exitCode == 0, "\(clean.output)")
        let piped = try await cupel.run(["scan", "-", "--json"], input: "password: \(secret)\n")
        #expect(piped.exitCode == 1)
        #expect(try JSON(parsing: piped.output)["findings"]?.arrayValue?.count == 1)
    }

    @Test func `init writes a configuration that validates, and does not write over one`() async throws {
        let cupel = try CupelProcess()
        let path = cupel.directory.path + "/cupel.yaml"
        #expect(try await cupel.run(["config", "init", path]).exitCode == 0)
        #expect(try await cupel.run(["config", "validate", "--config", path]).exitCode == 0)
        let again = try await cupel.run(["config", "init", path])
        #expect(again.exitCode != 0)
        #expect(again.errors.contains("there already"))
    }

    @Test func `doctor looks at every part and names what is missing`() async throws {
        let well = try await CupelProcess().run(["doctor", "--json"])
        #expect(well.exitCode == 0, "\(well.output)")
        let ill = try await CupelProcess(environment: ["CUPEL_TOOLS_DIR": "/nonexistent-tools"]).run(["doctor"])
        #expect(ill.exitCode == 1)
        #expect(ill.output.contains("cupel model install smollm2"))
    }
}
