import CupelCore
import OrderedCollections
import Synchronization
import Testing

@testable import Playbooks

/// Models whose answers are written down beforehand.
final class Scripted: Sendable {
    private let answers: Mutex<[AuthorAnswer]>
    let prompts = Mutex<[AuthorPrompt]>([])

    init(_ answers: [AuthorAnswer]) { self.answers = Mutex(answers) }

    /// The next answer; the last one again and again.
    func complete(_ prompt: AuthorPrompt) -> AuthorAnswer {
        prompts.withLock { $0.append(prompt) }
        return answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
    }

    /// The answer that takes the first of every choice.
    static func firstChoice(_ schema: JSON) -> JSON {
        if let value = schema["const"] ?? schema["enum"]?[0] { return value }
        if let form = schema["anyOf"]?[0] { return firstChoice(form) }
        return .object((schema["properties"]?.objectValue ?? [:]).mapValues(firstChoice))
    }
}

@Suite struct PlaybookAuthorTests {
    let catalog: ModuleCatalog

    init() throws { catalog = try ModuleCatalog.load() }

    private func good(_ ask: String) throws -> AuthorAnswer {
        let plan = try AskPlanner(catalog: catalog).plan(try Ask(ask))
        let schema = AnswerSchema(plan: plan, catalog: catalog).schema
        return AuthorAnswer(text: Scripted.firstChoice(schema).text(), isCut: false, promptTokens: 50, answerTokens: 40)
    }

    private func author(
        _ model: Scripted,
        lint: @escaping @Sendable (String) async throws -> [LintFinding] = { _ in [] },
        progress: @escaping @Sendable (AuthorStep) -> Void = { _ in }
    ) -> PlaybookAuthor {
        PlaybookAuthor(catalog: catalog, complete: { model.complete($0) }, lint: lint, progress: progress)
    }

    /// The answer to "install nginx" up to its arguments.
    static let head =
        "{\"name\":\"Install nginx\",\"hosts\":\"all\",\"task1\":{\"module\":\"package\","
        + "\"name\":\"Install nginx\","

    static let ask = "create a deploy user with a home directory and add it to the sudo group"

    @Test func `a good answer becomes a playbook with its record`() async throws {
        let model = Scripted([try good(Self.ask)])
        let steps = Mutex<[String]>([])
        let authored = try await author(
            model,
            progress: { step in steps.withLock { $0.append(String("\(step)".prefix { $0 != "(" })) } }
        ).write(ask: Self.ask)
        #expect(
            authored.yaml == """
                ---
                - name: Create user deploy and add user deploy to sudo
                  hosts: all
                  become: true
                  tasks:
                    - name: Create user deploy and add user deploy to sudo
                      ansible.builtin.user:
                        name: deploy
                        create_home: true
                        groups:
                          - sudo
                        append: true

                """
        )
        #expect(steps.withLock { $0 } == ["planned", "answered", "composed", "checked", "linted"])
        let record = try AuthoredPlaybook(json: try JSON(parsing: authored.json.text()))
        #expect(record.json == authored.json)
        #expect(record.playbook == authored.playbook && record.plan == authored.plan)
    }

    @Test func `a cut answer is a failure and is told to the model`() async throws {
        let ask = "install nginx"
        let whole = try good(ask)
        var cut = whole
        cut.isCut = true
        let model = Scripted([cut, whole])
        let authored = try await author(model).write(ask: ask)
        #expect(authored.attempts.count == 2)
        #expect(authored.attempts[0].problems.first?.contains("token limit") == true)
        #expect(model.prompts.withLock { $0[1].user }.contains("token limit"))
    }

    @Test(arguments: [
        ("not json at all", "list of plays"), ("{\"name\":1}", "'name' is one of"), ("{", "not JSON"),
        ("{\"name\":\"Install nginx\",\"hosts\":\"all\"}", "'task1' is missing"),
        (
            "{\"name\":\"Install nginx\",\"hosts\":\"all\",\"task1\":{\"module\":\"shell\"}}",
            "'task1.module' is one of"
        ),
        (
            PlaybookAuthorTests.head + "\"args\":{\"name\":\"apache2\"}}}",
            "not one of the values offered"
        ),
        (
            PlaybookAuthorTests.head + "\"args\":{\"name\":\"nginx\"}}}",
            "'task1.args.state' is missing"
        ),
        (
            PlaybookAuthorTests.head + "\"args\":{\"odd\":1}}}",
            "has no option 'odd'"
        ),
    ])
    func `a wrong answer is told to the model, and the next one is taken`(_ wrong: String, _ words: String) async throws
    {
        let ask = "install nginx"
        let model = Scripted([AuthorAnswer(text: wrong, isCut: false), try good(ask)])
        let authored = try await author(model).write(ask: ask)
        #expect(authored.attempts[0].problems.first?.contains(words) == true, "\(authored.attempts[0].problems)")
        #expect(authored.attempts[1].problems.isEmpty)
        #expect(model.prompts.withLock { $0[1].user }.contains("Your last answer was wrong"))
    }

    @Test func `it stops when the model answers the same again`() async throws {
        let model = Scripted([AuthorAnswer(text: "{}", isCut: false)])
        let error = await #expect(throws: CupelError.self) { try await author(model).write(ask: "install nginx") }
        #expect(error?.code == .generationFailed)
        #expect(model.prompts.withLock { $0.count } == 2)
    }

    @Test func `it stops after three answers`() async throws {
        let model = Scripted(
            ["{}", "{\"a\":1}", "{\"a\":2}", "{\"a\":3}"].map { AuthorAnswer(text: $0, isCut: false) }
        )
        let error = await #expect(throws: CupelError.self) { try await author(model).write(ask: "install nginx") }
        #expect(error?.code == .generationFailed)
        #expect(model.prompts.withLock { $0.count } == PlaybookAuthor.maximumAttempts)
    }

    @Test func `what the linter finds goes back to the model`() async throws {
        let ask = "install nginx"
        let whole = try good(ask)
        var spaced = whole
        spaced.text = " " + whole.text + "\n"
        let calls = Mutex(0)
        let authored = try await author(
            Scripted([whole, spaced]),
            lint: { _ in
                let call = calls.withLock { count in
                    count += 1
                    return count
                }
                return call == 1 ? [LintFinding(rule: "yaml[braces]", message: "too many spaces", line: 3)] : []
            }
        ).write(ask: ask)
        #expect(authored.attempts[0].problems == ["yaml[braces] at line 3: too many spaces"])
    }

    @Test func `a larger model may answer YAML, and its arguments are checked`() async throws {
        let wrong = "- hosts: all\n  tasks:\n    - user: {username: bob}\n"
        let right =
            "- hosts: all\n  tasks:\n    - name: make bob\n      user: {name: bob}\n    - shell: uptime\n    - copy: {src: a, dest: /a}\n"
        let model = Scripted([AuthorAnswer(text: wrong, isCut: false), AuthorAnswer(text: right, isCut: false)])
        let authored = try await author(model).write(ask: "create user bob")
        #expect(authored.attempts[0].problems[0].contains("did you mean 'name'?"))
        let tasks = authored.playbook.plays[0].tasks
        #expect(tasks[0].name == "Make bob")
        #expect(tasks[1].keywords["changed_when"] == true)
        #expect(tasks[2].arguments["mode"] == "0644")
    }

    @Test func `an ask that cannot be read never reaches the model`() async throws {
        let model = Scripted([AuthorAnswer(text: "{}", isCut: false)])
        for text in ["", String(repeating: "a", count: 100_000), "tell me a story"] {
            await #expect(throws: CupelError.self) { try await author(model).write(ask: text) }
        }
        #expect(model.prompts.withLock { $0.isEmpty })
    }

    @Test func `what the model's upstream throws passes through`() async throws {
        let author = PlaybookAuthor(
            catalog: catalog,
            complete: { _ in throw CupelError(.providerConnectionFailed, "gone") },
            lint: { _ in [] }
        )
        let error = await #expect(throws: CupelError.self) { try await author.write(ask: "install nginx") }
        #expect(error?.code == .providerConnectionFailed)
    }
}

@Suite struct AnswerSchemaTests {
    let catalog: ModuleCatalog

    init() throws { catalog = try ModuleCatalog.load() }

    private func schema(_ ask: String) throws -> AnswerSchema {
        AnswerSchema(plan: try AskPlanner(catalog: catalog).plan(try Ask(ask)), catalog: catalog)
    }

    @Test func `the schema of a plain ask`() throws {
        #expect(
            try schema("uninstall telnet").schema.text()
                == #"{"type":"object","properties":{"name":{"const":"Remove telnet"},"hosts":{"const":"all"},"#
                + #""task1":{"type":"object","properties":{"module":{"const":"package"},"name":{"const":"Remove telnet"},"#
                + #""args":{"type":"object","properties":{"name":{"const":"telnet"},"state":{"const":"absent"}},"#
                + #""required":["name","state"],"additionalProperties":false}},"required":["module","name","args"],"#
                + #""additionalProperties":false}},"required":["name","hosts","task1"],"additionalProperties":false}"#
        )
    }

    @Test func `a choice of hosts is an enumeration`() throws {
        #expect(
            try schema("install git on the web servers").schema["properties"]?["hosts"] == [
                "enum": ["webservers", "web", "all"]
            ]
        )
    }

    @Test(arguments: [
        "add the line 'a\\b' to /etc/x", "add the line 'say \"é\"' to /etc/x", "install git, curl and vim",
        "write \"\(String(repeating: "long ", count: 40))\" to /etc/x",
    ])
    func `what a grammar would garble is offered under a label`(_ ask: String) throws {
        let schema = try schema(ask)
        let label = try #require(schema.labels.keys.first)
        #expect(label == "<value 1>")
        #expect(schema.schema.text().contains(label))
        let isASCII = schema.schema.text().utf8.allSatisfy { $0 < 0x80 }
        #expect(isASCII)
    }
}
