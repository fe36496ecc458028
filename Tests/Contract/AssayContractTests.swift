import CupelCore
import CupelTesting
import Foundation
import NIOHTTP1
import Testing

/// Assays over a live socket of the real binary: inline, as jobs, of playbooks, and what people say of findings.
@Suite(.serialized, .timeLimit(.minutes(8)))
struct AssayContractTests {
    private static let counters = [
        "processed", "skipped_low_quality", "skipped_malicious", "skipped_secrets", "skipped_license",
    ]
    /// A made-up password that no list of placeholders knows, joined at run time.
    private static var line: String { "password: hunter2-" + "Zq81xPw0Lm\n" }
    private static let clean = "def total(prices):\n    \"\"\"Adds prices up.\"\"\"\n    return sum(prices)\n"

    private func withServer(
        _ environment: [String: String] = [:],
        _ body: (RunningServer, CupelProcess) async throws -> Void
    ) async throws {
        let model = try await ScriptedModel { _, _ in .answer(HTTPContractTests.answer) }
        var all = environment
        all["CUPEL_MODEL_URL"] = model.url
        all["CUPEL_MODEL_NAME"] = "scripted"
        let cupel = try CupelProcess(environment: all)
        let server = try await cupel.serve()
        try await body(server, cupel)
        _ = await server.stop()
        try await model.stop()
    }

    /// A tar of files (POSIX.1-1988 ustar).
    private static func tar(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        var result: [UInt8] = []
        for (name, bytes) in files {
            var head = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, at offset: Int) {
                for (index, byte) in text.utf8.enumerated() { head[offset + index] = byte }
            }
            func octal(_ number: Int, _ width: Int) -> String {
                let digits = String(number, radix: 8)
                return String(repeating: "0", count: width - digits.count) + digits
            }
            put(name, at: 0)
            put(octal(0o644, 7), at: 100)
            put(octal(0, 7), at: 108)
            put(octal(0, 7), at: 116)
            put(octal(bytes.count, 11), at: 124)
            put(octal(0, 11), at: 136)
            put("        ", at: 148)
            put("0", at: 156)
            put("ustar", at: 257)
            put("00", at: 263)
            put(octal(head.reduce(0) { $0 + Int($1) }, 6), at: 148)
            head[154] = 0
            result += head + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
        }
        return result + [UInt8](repeating: 0, count: 1024)
    }

    private func send(
        _ bytes: [UInt8],
        _ server: RunningServer,
        type: String = "application/x-tar",
        key: String? = nil
    ) async throws -> HTTP.Answer {
        var headers = [("Content-Type", type)]
        if let key { headers.append(("Idempotency-Key", key)) }
        return try await HTTP.send(
            "POST",
            server.base + "/api/v1/assays?path=code.tar",
            token: server.token,
            headers: headers,
            body: bytes
        )
    }

    private func sum(_ counts: JSON?) -> Int { Self.counters.map { counts?[$0]?.intValue ?? -1000 }.reduce(0, +) }

    @Test func `an assay says quality, licences and what each layer did, and its counters add up`() async throws {
        try await withServer { server, _ in
            let text = "# SPDX-License-Identifier: MIT\n" + Self.clean
            let made = try await server.post(
                "/api/v1/assays",
                [
                    "files": [
                        ["path": "total.py", "text": .string(text)], ["path": "v.yml", "text": .string(Self.line)],
                    ]
                ]
            )
            #expect(made.status == 200, "\(made.text)")
            let items = made.json["items"]?.arrayValue ?? []
            let (good, bad) = (try #require(items.first), try #require(items.last))
            #expect(good["licence"]?.stringValue == "MIT")
            #expect((good["quality"]?["score"]?.doubleValue ?? 0) > 0.5)
            #expect(good["statistics"]?["processed"]?.intValue == 1)
            #expect(bad["statistics"]?["skipped_secrets"]?.intValue == 1)
            for item in items {
                #expect(sum(item["statistics"]) == item["statistics"]?["files"]?.intValue)
                #expect(item["status"]?.stringValue == "done")
                for layer in ["quality", "malice", "secrets", "licence"] {
                    #expect(item["statistics"]?["layers"]?[layer]?["microseconds"]?.intValue != nil, "\(layer)")
                }
            }
            let list = try await server.get("/api/v1/assays").json["items"]?.arrayValue ?? []
            #expect(list.count == 2)
            #expect(list.allSatisfy { $0["findings"] == nil && sum($0["statistics"]) == 1 })
            #expect(list.map { $0["finding_count"]?.intValue ?? -1 }.max() == 1)
            let metrics = try await server.get("/metrics").text
            for outcome in ["processed", "skipped_secrets"] {
                #expect(metrics.contains("cupel_gauntlet_files_total{outcome=\"\(outcome)\"} 1"), "\(outcome)")
            }
            #expect(metrics.contains("cupel_gauntlet_layer_seconds"))
        }
    }

    @Test func `an archive becomes a job, once for one key, and its assay names the members`() async throws {
        try await withServer { server, _ in
            let bytes = Self.tar([("src/total.py", Array(Self.clean.utf8)), ("vars.yml", Array(Self.line.utf8))])
            let accepted = try await send(bytes, server, key: "once")
            #expect(accepted.status == 202, "\(accepted.text)")
            let id = try #require(accepted.json["id"]?.stringValue)
            #expect(accepted.headers["Location"].first == "/api/v1/assays/\(id)")
            let again = try await send(bytes, server, key: "once")
            #expect(again.json["id"]?.stringValue == id)
            let other = try await send(bytes + [0], server, key: "once")
            #expect(other.status == 422)
            let job = try await server.finished(accepted.json["job"]?.stringValue ?? "")
            #expect(job["state"]?.stringValue == "succeeded", "\(job.text())")
            #expect(job["result"]?["assay"]?.stringValue == id)
            let assay = try await server.get("/api/v1/assays/\(id)").json
            #expect(assay["status"]?.stringValue == "done")
            #expect(assay["verdict"]?.stringValue != "pass")
            #expect(assay["findings"]?[0]?["path"]?.stringValue == "code.tar!/vars.yml")
            #expect(assay["statistics"]?["files"]?.intValue == 2)
            #expect(sum(assay["statistics"]) == 2)
            #expect(try await server.get("/api/v1/assays").json["items"]?.arrayValue?.count == 1)
        }
    }

    @Test func `what is no archive or a damaged one is refused with its reason`() async throws {
        try await withServer { server, _ in
            let gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
            let cases: [([UInt8], String)] = [
                ([], "no archive"), (Array("plain text".utf8), "no archive"), (gzip, "damaged"),
                (Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 7, count: 60), "damaged"),
            ]
            for (bytes, word) in cases {
                let answer = try await send(bytes, server)
                #expect(answer.status == 422, "\(bytes.count) bytes: \(answer.text)")
                #expect(answer.json["errors"]?[0]?["field"]?.stringValue == "body")
                #expect(answer.json["errors"]?[0]?["message"]?.stringValue?.contains(word) == true, "\(answer.text)")
            }
            #expect(try await server.get("/api/v1/assays").json["items"]?.arrayValue == [])
            #expect(try await server.get("/api/v1/jobs").json["items"]?.arrayValue == [])
        }
    }

    @Test func `inline files become a job when nobody waits, and asked wrongly they are refused at once`() async throws
    {
        try await withServer { server, _ in
            let body: JSON = ["files": [["path": "v.yml", "text": .string(Self.line)]], "wait": false]
            let accepted = try await server.post("/api/v1/assays", body)
            #expect(accepted.status == 202, "\(accepted.text)")
            _ = try await server.finished(accepted.json["job"]?.stringValue ?? "")
            let assay = try await server.get("/api/v1/assays/\(accepted.json["id"]?.stringValue ?? "")").json
            #expect(assay["findings"]?[0]?["path"]?.stringValue == "v.yml", "\(assay.text())")
            let wrong = try await server.post("/api/v1/assays", ["files": [], "wait": "no"])
            #expect(wrong.status == 422)
            let fields = wrong.json["errors"]?.arrayValue?.compactMap { $0["field"]?.stringValue }
            #expect(fields == ["files", "wait"])
        }
    }

    @Test func `a job that a kill cut off runs again, and leaves one assay`() async throws {
        let cupel = try CupelProcess(environment: ["CUPEL_MODEL_LOCAL": ""])
        let first = try await cupel.serve()
        // Enough for some seconds of a debug build.
        let code = (0..<400).map { (name: "f\($0).py", bytes: Array(String(repeating: Self.clean, count: 120).utf8)) }
        let accepted = try await send(Self.tar(code + [("v.yml", Array(Self.line.utf8))]), first)
        #expect(accepted.status == 202, "\(accepted.text)")
        let (id, job) = (accepted.json["id"]?.stringValue ?? "", accepted.json["job"]?.stringValue ?? "")
        _ = try await first.get("/api/v1/jobs/\(job)/events?after=1&wait=10")
        let before = try await first.get("/api/v1/assays/\(id)").json["status"]?.stringValue
        #expect(before == "running" || before == "queued", "the scan was over before the kill")
        await first.kill()
        let second = try await cupel.serve()
        let done = try await second.finished(job)
        #expect(done["state"]?.stringValue == "succeeded", "\(done.text())")
        let assay = try await second.get("/api/v1/assays/\(id)").json
        #expect(assay["statistics"]?["files"]?.intValue == 401)
        #expect(assay["statistics"]?["skipped_secrets"]?.intValue == 1)
        let totals = try await second.get("/api/v1/assays/statistics").json
        #expect(totals["assays"]?.intValue == 1)
        #expect(totals["files"]?.intValue == 401)
        _ = await second.stop()
    }

    @Test func `a false alarm is marked, counted, shown wherever it is found, and taken back`() async throws {
        try await withServer { server, cupel in
            let body: JSON = ["files": [["path": "v.yml", "text": .string(Self.line)]]]
            let made = try await server.post("/api/v1/assays", body).json["items"]?[0]
            let (id, finding) = (made?["id"]?.stringValue ?? "", made?["findings"]?[0])
            let print = try #require(finding?["fingerprint"]?.stringValue)
            let path = "/api/v1/assays/\(id)/findings/\(print)/false-alarm"
            let marked = try await server.post(path, ["reason": "a made-up one", "by": "ana"])
            #expect(marked.json["false_alarm"]?["by"]?.stringValue == "ana", "\(marked.text)")
            // Found again, it is known, and counts once.
            let again = try await server.post("/api/v1/assays", body).json["items"]?[0]?["id"]?.stringValue ?? ""
            let shown = try await server.get("/api/v1/assays/\(again)").json["findings"]?[0]
            #expect(shown?["false_alarm"]?["reason"]?.stringValue == "a made-up one")
            let totals = try await server.get("/api/v1/assays/statistics").json
            #expect(totals["layers"]?["secrets"]?["findings"]?.intValue == 1)
            #expect(totals["layers"]?["secrets"]?["false_alarm_rate"]?.doubleValue == 1)
            #expect(totals["rules"]?[0]?["rule"] == finding?["rule"])
            let metrics = try await server.get("/metrics").text
            #expect(metrics.contains("cupel_gauntlet_false_alarm_rate{layer=\"secrets\"} 1"))

            let back = try await cupel.run(["assays", "unmark", print])
            #expect(back.exitCode == 0, "\(back.errors)")
            let cleared = try await server.get("/api/v1/assays/statistics").json
            #expect(cleared["layers"]?["secrets"]?["false_alarms"]?.intValue == 0)
            let mark = try await cupel.run(["assays", "mark", print, "--reason", "test data", "--by", "ben"])
            #expect(mark.exitCode == 0, "\(mark.errors)")
            let list = try await cupel.run(["assays", "show", again])
            #expect(list.output.contains("false alarm: test data"), "\(list.output)")

            let missing = try await server.post("/api/v1/assays/\(id)/findings/ffff/false-alarm", ["reason": "x"])
            #expect(missing.status == 404)
            let empty = try await server.post(path, [:])
            #expect(empty.json["errors"]?[0]?["field"]?.stringValue == "reason")
        }
    }

    @Test func `a playbook's assay is among the assays and says whose it is`() async throws {
        try await withServer { server, _ in
            let accepted = try await server.post("/api/v1/playbooks", ["ask": "install nginx"])
            let job = try await server.finished(accepted.json["id"]?.stringValue ?? "")
            let playbook = try #require(job["result"]?["playbook"]?.stringValue)
            let list = try await server.get("/api/v1/assays").json["items"]?.arrayValue ?? []
            #expect(list.count == 1)
            #expect(list.first?["belongs_to"]?["kind"]?.stringValue == "playbook")
            #expect(list.first?["belongs_to"]?["id"]?.stringValue == playbook)
            let one = try await server.get("/api/v1/assays/\(list.first?["id"]?.stringValue ?? "")").json
            #expect(one["digest"]?.stringValue == job["result"]?["digest"]?.stringValue)
        }
    }

    @Test func `rules change without a restart, and a wrong pack leaves the old ones in force`() async throws {
        let folder = try TemporaryDirectory()
        let (file, pack) = (folder.path + "/cupel.policy.yaml", folder.path + "/ours.yaml")
        try BoundedFile.replace(file, with: Array("version: 1\n".utf8))
        try await withServer(["CUPEL_POLICY_FILE": file]) { server, _ in
            func assay() async throws -> JSON? {
                let body: JSON = ["files": [["path": "a.txt", "text": "the word zebra-quagga-42 stands here\n"]]]
                return try await server.post("/api/v1/assays", body).json["items"]?[0]
            }
            let before = try await assay()
            #expect(before?["findings"]?.arrayValue == [])
            let rules = """
                layer: secrets
                category: services
                severity: high
                rules:
                  - {id: zebra-word, description: a word, pattern: 'zebra-quagga-\\d\\d', references: ['https://example.org']}

                """
            try BoundedFile.replace(pack, with: Array(rules.utf8))
            let policy = "version: 1\nartefacts:\n  rules: {packs: [ours.yaml]}\n"
            try BoundedFile.replace(file, with: Array(policy.utf8))
            let reloaded = try await server.post("/api/v1/admin/policy/reload", [:])
            #expect(reloaded.status == 200, "\(reloaded.text)")
            let after = try await assay()
            #expect(after?["findings"]?[0]?["rule"]?.stringValue == "zebra-word", "\(after?.text() ?? "")")
            #expect(after?["rule_pack"] != before?["rule_pack"])
            #expect(after?["policy"] != before?["policy"])

            try BoundedFile.replace(pack, with: Array((rules + "  - {id: broken}\n").utf8))
            let refused = try await server.post("/api/v1/admin/policy/reload", [:])
            #expect(refused.status == 422, "\(refused.text)")
            #expect(refused.text.contains("ours.yaml"), "\(refused.text)")
            let still = try await assay()
            #expect(still?["rule_pack"] == after?["rule_pack"])
        }
    }

    @Test func `the pages show counts, findings a page at a time, and nothing of the secret`() async throws {
        try await withServer { server, _ in
            let page = try await HTTP.send("GET", server.base + "/gauntlet")
            #expect(page.status == 303)
            let empty = try await server.get("/gauntlet/live")
            #expect(empty.status == 200 && empty.text.contains("None yet"), "\(empty.text)")
            let lines = (0..<250).map { "password_\($0): hunter\($0)-" + "Zq81xPw0Lm\n" }.joined()
            let name = "a<b>/" + String(repeating: "long-", count: 40) + ".yml"
            let body: JSON = ["files": [["path": .string(name), "text": .string(lines)]]]
            let made = try await server.post("/api/v1/assays", body).json["items"]?[0]
            let count = made?["findings"]?.arrayValue?.count ?? 0
            #expect(count > 200, "\(count)")
            let id = made?["id"]?.stringValue ?? ""
            let live = try await server.get("/gauntlet/live").text
            #expect(
                live.contains("/gauntlet/\(id)") && live.contains("a&lt;b&gt;/") && live.contains("\(count) secrets")
            )
            let signedIn = try await HTTP.send(
                "POST",
                server.base + "/login",
                body: Array("token=\(server.token)".utf8)
            )
            let cookie = ("Cookie", String(try #require(signedIn.headers["Set-Cookie"].first).prefix { $0 != ";" }))
            let first = try await HTTP.send("GET", server.base + "/gauntlet/\(id)", headers: [cookie])
            #expect(first.status == 200 && first.text.contains("1 to 100 of \(count)"), "\(first.text.prefix(300))")
            #expect(first.text.contains("?page=2") && !first.text.contains("Zq81x" + "Pw0Lm"))
            let last = try await HTTP.send("GET", server.base + "/gauntlet/\(id)?page=3", headers: [cookie])
            #expect(last.text.contains("201 to \(count) of \(count)") && !last.text.contains("?page=4"))
        }
    }
}
