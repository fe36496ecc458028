import CupelCore
import CupelServer
import CupelTesting
import Foundation
import Testing

/// Documents that are made from the code, and held to it. `make docs` writes them anew.
@Suite struct GeneratedDocumentsTests {
    private func hold(_ path: String, to expected: String) throws {
        let full = CupelProcess.root + "/" + path
        if ProcessInfo.processInfo.environment["CUPEL_WRITE_DOCS"] != nil {
            try BoundedFile.replace(full, with: Array(expected.utf8))
        }
        let found = (try? BoundedFile.text(at: full, limit: 4 << 20)) ?? ""
        #expect(found == expected, "\(path) is not what the code says; run: make docs")
    }

    @Test func `ERROR_CODES lists every code with its status and how to recover`() throws {
        #expect(Set(ErrorCode.all.map(\.rawValue)).count == ErrorCode.all.count)
        let rows = ErrorCode.all.map { "| `\($0.rawValue)` | \($0.status) | \($0.title) | \($0.recovery) |" }
        let text =
            """
            # Error codes

            Made from the code by `make docs`. The code is the `type` of a problem answer
            (`application/problem+json`, RFC 9457); the command line prints the same messages.

            | code | status | what | how to recover |
            | --- | --- | --- | --- |
            \(rows.joined(separator: "\n"))

            """
        try hold("ERROR_CODES.md", to: text)
    }

    @Test func `DEFAULTS lists every setting with its default and range`() throws {
        let settings = try CupelSettings(sources: try SettingsSources(), home: "~")
        let text =
            """
            # Settings and their defaults

            Made from the typed settings by `make docs`. Strongest first: command line (`--set key=value`), environment,
            `cupel.yaml`, default. Every secret has a twin variable ending in `_FILE` that names a file. A wrong value or
            an unknown key stops the start and is named with its origin; `cupel config show --origin` prints what is in
            force. `Tests/Contract` exercises the limits at N and N+1.

            \(SettingsDocument.table(settings.entries))
            ## Fixed bounds

            | what | bound | beyond it |
            | --- | --- | --- |
            | an ask | 8 KiB of text | 422 `validation_error` |
            | items on a page | 50, at most 200 | 422 `validation_error` |
            | `Idempotency-Key` | 255 bytes, kept 24 h | 422 `validation_error` |
            | a job's payload | 1 MiB | 413 `payload_too_large` |
            | events kept of a job | 2,000 | later ones are not kept |
            | a job's lease | 10 s, three deaths of its worker | quarantined |
            | job retry | min(2^failures, 60) s, less up to a quarter | |
            | entries that wait for the ledger | 50,000 | 503 `storage_unavailable` |
            | a model's name, a contract | 256 and 1,024 bytes | 422 `validation_error` |
            | a usage report | 10,000 lines, 3,660 days | 422 `validation_error` |
            | tries of a model call | 3, on transient errors | `provider_connection_failed` |
            | answers for one ask | 3, fewer when nothing changes | `generation_failed` |
            | database at start | 10 tries, 2^n s apart, at most 60 | exit 1 with the database named |
            | files of an assay answered at once | 1,000, 8 MiB | a job with more bytes; 422 for more files |
            | findings kept of an assay by a job | 10,000 | `truncated` |
            | an artefact | 64 MiB | 413 `payload_too_large` |
            | a browser session | 7 days, at most 1,000 at once in one process; with Redis 10,000 are copied | the oldest ends |
            | Redis: connect, answer, commands that wait | 1 s, 1 s, 10,000 a connection | at once without Redis; docs/storage.md |

            """
        try hold("docs/DEFAULTS.md", to: text)
    }

    @Test func `the configuration that init writes is valid and changes nothing`() throws {
        let standard = try CupelSettings(sources: try SettingsSources(), home: "/home/x")
        let text = SettingsDocument.yaml(standard.entries)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("# Cupel") && !$0.hasPrefix("#   #") }
        let yaml = lines.map { String($0.dropFirst(2)) }.filter { !$0.contains("  dir: /home/x") }
        let read = try CupelSettings(
            sources: try SettingsSources(file: (path: "cupel.yaml", text: yaml.joined(separator: "\n"))),
            home: "/home/x"
        )
        #expect(read.entries.map(\.value) == standard.entries.map(\.value))
        #expect(read.entries.contains { $0.origin != .standard })
    }
}
