import CupelCore
import OrderedCollections
import Testing
import Yams

@testable import Playbooks

/// Chance that repeats: SplitMix64.
struct Chance: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

@Suite struct PlaybookYAMLTests {
    private static let alphabet = Array(
        "abcXYZ019 \t\n\r:#-?[]{}&*!|>'\"%@`,\\/=.~<$éß世😀\u{0}\u{7}\u{85}\u{A0}\u{2028}\u{FEFF}\u{FFFE}".unicodeScalars
    )
    private static let awkward = [
        "yes", "No", "~", "null", "0644", "1e3", "0x1F", "12:30:45", "2024-01-01", "", " ", " a", "a ", "a: b", "a #b",
        "- a", "? a", "{{ name }}", "a\n", "a\n\n", "\na", "a\n b", " a\nb", "a\tb\n", "---", "...", "=", "<<", ".inf",
        "a:", ":a", "\"", "'", "\\", "%a", "@a", "`a", "!a", "&a", "*a", "|", ">", "y", "n", "On", "1_000", "+1", "-",
        ".5",
    ]

    private func play(_ arguments: JSON) -> Playbook {
        Playbook(
            plays: [
                Play(
                    name: "Play",
                    hosts: "all",
                    tasks: [PlaybookTask(name: "Task", module: "ansible.builtin.debug", arguments: arguments)]
                )
            ])
    }

    /// The value as another YAML reader sees it.
    private func readBack(_ value: JSON) throws -> Node? {
        let node = try Yams.compose(yaml: play(["msg": value]).yaml())
        return node?[0]?["tasks"]?[0]?["ansible.builtin.debug"]?["msg"]
    }

    @Test func `every text comes back as it was, and as text`() throws {
        var chance = Chance(state: 7)
        var texts = Self.awkward
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<40, using: &chance)
            var text = ""
            for _ in 0..<count { text.unicodeScalars.append(Self.alphabet.randomElement(using: &chance) ?? "a") }
            texts.append(text)
        }
        for text in texts {
            // Yams itself drops a byte order mark at the start of a scalar.
            if text.unicodeScalars.first == "\u{FEFF}" { continue }
            let node = try readBack(.string(text))
            #expect(
                node?.scalar?.string.unicodeScalars.elementsEqual(text.unicodeScalars) == true,
                "\(JSON.string(text).text())"
            )
            #expect(node?.tag == Tag(.str), "\(JSON.string(text).text())")
        }
    }

    @Test func `long texts are broken into lines under 160 columns and come back whole`() throws {
        var chance = Chance(state: 11)
        for length in [130, 150, 400, 3000] {
            var text = ""
            for _ in 0..<length {
                text.unicodeScalars.append("ab c:\\\"#é".unicodeScalars.randomElement(using: &chance) ?? "a")
            }
            let yaml = play(["msg": .string(text)]).yaml()
            #expect(yaml.split(separator: "\n").allSatisfy { $0.count < 160 })
            #expect(try readBack(.string(text))?.scalar?.string == text)
        }
    }

    @Test func `a text of several lines stands as a block`() {
        #expect(play(["msg": "one\ntwo\n"]).yaml().contains("msg: |\n          one\n          two\n"))
        #expect(play(["msg": "one\ntwo"]).yaml().contains("msg: |-\n"))
    }

    @Test func `no line ends in a space and there is no tab`() {
        var chance = Chance(state: 3)
        for _ in 0..<500 {
            var text = ""
            for _ in 0..<60 { text.unicodeScalars.append(Self.alphabet.randomElement(using: &chance) ?? "a") }
            let yaml = play(["msg": .string(text), "list": [.string(text), ["a": .string(text)]]]).yaml()
            #expect(!yaml.contains("\t"))
            #expect(yaml.split(separator: "\n").allSatisfy { $0.last != " " }, "\(yaml)")
        }
    }

    @Test func `a whole playbook looks as a person would write it`() {
        let playbook = Playbook(
            plays: [
                Play(
                    name: "Create user deploy",
                    hosts: "all",
                    keywords: ["become": true],
                    tasks: [
                        PlaybookTask(
                            name: "Create user deploy",
                            module: "ansible.builtin.user",
                            arguments: ["name": "deploy", "groups": ["sudo"], "append": true]
                        ),
                        PlaybookTask(
                            name: "Run it",
                            module: "ansible.builtin.command",
                            arguments: ["cmd": "uptime"],
                            keywords: ["when": ["a is defined", "b"], "changed_when": false],
                            lintExceptions: ["no-changed-when"]
                        ),
                        PlaybookTask(name: "Ping", module: "ansible.builtin.ping"),
                    ]
                )
            ])
        #expect(
            playbook.yaml() == """
                ---
                - name: Create user deploy
                  hosts: all
                  become: true
                  tasks:
                    - name: Create user deploy
                      ansible.builtin.user:
                        name: deploy
                        groups:
                          - sudo
                        append: true

                    - name: Run it # noqa: no-changed-when
                      ansible.builtin.command:
                        cmd: uptime
                      when:
                        - a is defined
                        - b
                      changed_when: false

                    - name: Ping
                      ansible.builtin.ping:

                """
        )
    }

    @Test func `nested values come back through our own parser`() throws {
        let catalog = try ModuleCatalog.load()
        let value: JSON = [
            "msg": [["a": [1, 2, ["b": "c"]], "d": [:]], [["x"], ["y"]], "plain", true, 2.5, "0644"], "verbosity": 1,
        ]
        #expect(try PlaybookParser(catalog: catalog).parse(play(value).yaml()) == play(value))
    }
}

@Suite struct PlaybookParserTests {
    let parser: PlaybookParser

    init() throws { parser = PlaybookParser(catalog: try ModuleCatalog.load()) }

    @Test func `a larger model's YAML becomes the same tree`() throws {
        let playbook = try parser.parse(
            """
            Here you are:
            ```yaml
            - hosts: web
              become: yes
              tasks:
                - apt: name=nginx state=present
                - name: look
                  shell: uptime
                  with_items: [1, 2]
                - copy:
                    src: a
                    dest: /a
                    mode: 0644
              handlers:
                - name: restart
                  service: {name: nginx, state: restarted}
            ```
            """
        )
        let play = playbook.plays[0]
        #expect(play.keywords == ["become": true])
        #expect(play.tasks.map(\.module) == ["ansible.builtin.apt", "ansible.builtin.shell", "ansible.builtin.copy"])
        #expect(play.tasks[0].arguments == ["name": "nginx", "state": "present"])
        #expect(play.tasks[1].arguments == ["cmd": "uptime"])
        #expect(play.tasks[1].keywords == ["loop": [1, 2]])
        #expect(play.tasks[2].arguments["mode"] == "0644")
        #expect(play.handlers[0].arguments["state"] == "restarted")
    }

    @Test(arguments: [
        ("", "it is empty"), ("a: 1", "list of plays"), ("- tasks: []", "no hosts"),
        ("- hosts: all\n  roles: [x]", "roles"),
        ("- hosts: all\n  tasks:\n    - name: x", "names no module"),
        ("- hosts: all\n  tasks:\n    - usr: {name: x}", "near it are user"),
        ("- hosts: all\n  tasks:\n    - ping:\n      debug:", "has both"),
        ("- hosts: all\n  tasks:\n    - user: bob", "free-form"), ("- hosts: &a all", "anchors"),
        ("- hosts: *a", "not YAML"),
        ("- hosts: all\n  hosts: b", "not"), ("[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", "nested deeper"),
        ("- hosts: all\n  tasks: 5", "not a list"), ("\t- a", "not YAML"),
        ("- hosts: all\n  tasks:\n    - ping: [1]", "not a mapping"),
    ])
    func `what the tree cannot hold is refused with a reason`(_ yaml: String, _ words: String) {
        let error = #expect(throws: CupelError.self) { try parser.parse(yaml) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func `bytes and values are refused at one over the limit`() throws {
        let head = "- hosts: all\n  name: "
        _ = try parser.parse(head + String(repeating: "a", count: PlaybookParser.maximumBytes - head.utf8.count))
        #expect(throws: CupelError.self) {
            try parser.parse(head + String(repeating: "a", count: PlaybookParser.maximumBytes - head.utf8.count + 1))
        }
        func numbers(_ count: Int) -> String { "[" + String(repeating: "1,", count: count) + "]" }
        // The list of plays, the play, hosts, vars, the variable's list, and tasks take seven values.
        let rest = "- {hosts: all, vars: {a: "
        _ = try parser.parse(rest + numbers(PlaybookParser.maximumNodes - 5) + "}}")
        #expect(throws: CupelError.self) { try parser.parse(rest + numbers(PlaybookParser.maximumNodes - 4) + "}}") }
    }

    @Test func `random bytes and damaged playbooks never crash it`() {
        var chance = Chance(state: 5)
        let seed = Array("- hosts: all\n  tasks:\n    - user: {name: bob, groups: [a, b]}\n      when: x\n".utf8)
        let alphabet = Array("-:[]{}&*!|>'\"%@`, \n\tab01?~#\\".utf8)
        for round in 0..<2000 {
            var bytes = round % 2 == 0 ? seed : []
            for _ in 0..<Int.random(in: 1..<30, using: &chance) {
                let byte = alphabet.randomElement(using: &chance) ?? 0
                bytes.insert(byte, at: Int.random(in: 0...bytes.count, using: &chance))
            }
            _ = try? parser.parse(String(decoding: bytes, as: UTF8.self))
        }
    }
}
