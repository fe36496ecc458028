import CupelCore
import CupelTesting
import Foundation
import Testing

/// `cupel policy check` and `explain` on a file alone.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct PolicyCommandTests {
    private func file(_ cupel: CupelProcess, _ artefacts: String) throws -> String {
        let path = cupel.directory.path + "/p.yaml"
        try BoundedFile.replace(path, with: Array("version: 1\nartefacts:\n\(artefacts)".utf8))
        return path
    }

    @Test func `a file alone is checked without a server, with places and nearest names`() async throws {
        let cupel = try CupelProcess()
        let right = try file(cupel, "  rules:\n    off: [jwt]\n")
        let good = try await cupel.run(["policy", "check", right])
        #expect(good.exitCode == 0, "\(good.errors)")
        #expect(good.errors.contains("is valid"))
        #expect(!FileManager.default.fileExists(atPath: cupel.dataDirectory + "/cupel.db"), "no database is made")

        let doubtful = try file(cupel, "  rules:\n    off:\n      - jwtt\n  licences:\n    block: [AGPL-3.0-onli]\n")
        let warned = try await cupel.run(["policy", "check", doubtful])
        #expect(warned.exitCode == 0)
        #expect(warned.errors.contains("line 5, column 9: warning:"), "\(warned.errors)")
        #expect(warned.errors.contains("did you mean jwt?"), "\(warned.errors)")
        #expect(warned.errors.contains("did you mean AGPL-3.0-only?"), "\(warned.errors)")
        let strict = try await cupel.run(["policy", "check", doubtful, "--strict"])
        #expect(strict.exitCode == 2)

        let wrong = try file(cupel, "  thresholds:\n    secret: {review: low, block: high}\n")
        let refused = try await cupel.run(["policy", "check", wrong])
        #expect(refused.exitCode == 2)
        #expect(refused.errors.contains("line 4, column 5"), "\(refused.errors)")
        #expect(refused.errors.contains("did you mean secrets?"), "\(refused.errors)")

        let absent = try file(cupel, "  rules:\n    packs: [nowhere.yaml]\n")
        let pack = try await cupel.run(["policy", "check", absent, "--json"])
        #expect(pack.exitCode == 2)
        let answer = try JSON(parsing: Array(pack.output.utf8))
        #expect(answer["remarks"]?[0]?["error"]?.boolValue == true)
        #expect(answer["remarks"]?[0]?["line"]?.intValue == 4)
    }

    @Test func `what decides is explained with its line`() async throws {
        let cupel = try CupelProcess()
        let policy = try file(
            cupel,
            """
              thresholds:
                secrets: {review: low, block: critical}
              licences:
                allow: [MPL-2.0]
              rules:
                severity: {jwt: low}
              exceptions:
                - {rule: "password-*", path: "tests/**", reason: made up, owner: ana, expires: 2999-01-01}

            """
        )
        let rule = try await cupel.run(["policy", "explain", "--rule", "jwt", "--policy", policy])
        #expect(rule.exitCode == 0, "\(rule.errors)")
        #expect(rule.output.hasPrefix("review: jwt"), "\(rule.output)")
        #expect(rule.output.contains("p.yaml:8:"), "the severity's line: \(rule.output)")
        #expect(rule.output.contains("p.yaml:4:"), "the threshold's line: \(rule.output)")

        let excepted = try await cupel.run(
            ["policy", "explain", "--rule", "password-assigned", "--at", "tests/a.py", "--policy", policy, "--json"]
        )
        let json = try JSON(parsing: Array(excepted.output.utf8))
        #expect(json[0]?["verdict"]?.stringValue == "pass")
        #expect(json[0]?["steps"]?.arrayValue?.last?["line"]?.intValue == 10)

        let licence = try await cupel.run(
            ["policy", "explain", "--licence", "MPL-2.0 OR AGPL-3.0-only", "--policy", policy]
        )
        #expect(licence.output.hasPrefix("pass:"), "\(licence.output)")
        #expect(licence.output.contains("p.yaml:6:"), "\(licence.output)")

        let secret = cupel.directory.path + "/vars.yml"
        try BoundedFile.replace(secret, with: Array(("password: hunter2-" + "Zq81xPw0Lm\n").utf8))
        let scanned = try await cupel.run(["policy", "explain", secret, "--policy", policy])
        #expect(scanned.exitCode == 0, "\(scanned.errors)")
        #expect(scanned.output.contains("password-assigned at \(secret):1"), "\(scanned.output)")
        #expect(!scanned.output.contains("Zq81x" + "Pw0Lm"))

        let unknown = try await cupel.run(["policy", "explain", "--rule", "jwtt", "--policy", policy])
        #expect(unknown.exitCode != 0)
        #expect(unknown.errors.contains("Did you mean jwt?"), "\(unknown.errors)")
    }
}
