import CupelCore
import OrderedCollections
import Testing

@testable import Playbooks

@Suite struct PlaybookEvaluationTests {
    private func playbook(_ module: String, _ arguments: JSON) -> Playbook {
        Playbook(
            plays: [
                Play(
                    name: "Play",
                    hosts: "all",
                    tasks: [PlaybookTask(name: "Task", module: "ansible.builtin." + module, arguments: arguments)]
                )
            ])
    }

    private func matches(_ expectation: String, _ playbook: Playbook) throws -> Bool {
        try EvaluationCase.cases("asks:\n  - ask: x\n    expect: \(expectation)\n")[0].matches(playbook)
    }

    @Test(arguments: [
        ("[{module: [file], args: {mode: '0644'}}]", true), ("[{module: file, args: {mode: 644}}]", true),
        ("[{module: [copy]}]", false), ("[{module: [file], args: {recurse: 'yes'}}]", true),
        ("[{module: [file], args: {owner: {absent: true}}}]", true), ("[{module: [file], args: {owner: root}}]", false),
        ("[{module: [file], args: {path: {has: etc}}}]", true),
        ("[{module: [file], args: {path: {any: [/a, /etc/x]}}}]", true),
        ("[{module: [file], args: {path: {has: var}}}]", false), ("[{module: [file]}, {module: [file]}]", false),
        ("[]", false), ("[]\n    or: [[{module: ansible.builtin.file}]]", true),
    ])
    func `an expectation is held against a playbook`(_ expectation: String, _ right: Bool) throws {
        let made = playbook("file", ["path": "/etc/x", "mode": "0644", "recurse": true])
        #expect(try matches(expectation, made) == right)
    }

    @Test func `a list is compared whatever its order, and one element is the element`() throws {
        let made = playbook("package", ["name": ["git", "curl", "vim"]])
        #expect(try matches("[{module: [package], args: {name: {has: [vim, git]}}}]", made))
        let other = try matches("[{module: [package], args: {name: {has: [vim, nano]}}}]", made)
        #expect(!other)
        #expect(try matches("[{module: [package], args: {name: git}}]", playbook("package", ["name": ["git"]])))
    }

    @Test(arguments: ["", "asks: []", "asks: 5", "asks: [{expect: []}]", "asks: [{ask: x, expect: 5}]", "{"])
    func `a file that holds no asks is refused`(_ text: String) {
        #expect(throws: CupelError.self) { try EvaluationCase.cases(text) }
    }

    @Test func `a run counts what went right and keeps why not`() async throws {
        let catalog = try ModuleCatalog.load()
        let author = PlaybookAuthor(
            catalog: catalog,
            complete: {
                AuthorAnswer(
                    text: Scripted.firstChoice($0.schema).text(),
                    isCut: false,
                    promptTokens: 3,
                    answerTokens: 2
                )
            },
            lint: { _ in [] }
        )
        let cases = try EvaluationCase.cases(
            """
            asks:
              - {ask: install nginx, expect: [{module: [package], args: {name: nginx}}]}
              - {ask: restart nginx, expect: [{module: [package]}]}
              - {ask: sing me a song, expect: [{module: [debug]}]}
            """
        )
        let report = try await PlaybookEvaluation(catalog: catalog, cases: cases).run(
            write: { try await author.write(ask: $0) },
            inspect: { yaml in
                Inspection(
                    syntax: [],
                    lint: yaml.contains("restarted") ? [LintFinding(rule: "odd", message: "no")] : []
                )
            }
        )
        #expect(report.counts.map(\.count) == [2, 2, 2, 1, 1])
        #expect(report.tokens == (6, 4))
        #expect(report.table.contains("right intent"))
        #expect(report.table.contains("- sing me a song: nothing_fits"))
        #expect(report.table.contains("- restart nginx: odd: no; another intent than expected"))
        #expect(report.json["counts"]?["right intent"] == 1)
        #expect(report.json["outcomes"]?[2]?["failure"]?.stringValue?.hasPrefix("nothing_fits") == true)
    }
}
