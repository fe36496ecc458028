import CupelCore
import OrderedCollections
import Testing

@testable import Playbooks

@Suite struct ModuleCatalogTests {
    let catalog: ModuleCatalog

    init() throws { catalog = try ModuleCatalog.load() }

    @Test func `the resource holds the builtin modules of the pinned version`() {
        #expect(catalog.version == "2.19.14")
        #expect(catalog.modules.count == 71)
        #expect(catalog.modules["user"]?.options["name"]?.isRequired == true)
        #expect(catalog.modules["user"]?.options["state"]?.choices == ["absent", "present"])
        #expect(catalog.modules["copy"]?.mutuallyExclusive.contains(["src", "content"]) == true)
    }

    @Test(arguments: [
        ("user", "user"), ("ansible.builtin.user", "user"), ("ansible.legacy.copy", "copy"), ("yum", "dnf"),
        ("systemd", "systemd_service"),
    ])
    func `a module is found by each of its names`(_ name: String, _ short: String) {
        #expect(catalog.module(named: name)?.shortName == short)
    }

    @Test func `an option is found by its alias`() {
        #expect(catalog.modules["apt"]?.option(named: "pkg")?.name == "name")
        #expect(catalog.modules["file"]?.option(named: "dest")?.name == "path")
        #expect(catalog.modules["file"]?.option(named: "nonsense") == nil)
    }

    @Test func `an unknown module has near ones, and nonsense has none`() {
        #expect(catalog.module(named: "sytemd_service") == nil)
        #expect(catalog.nearest(to: "sytemd_service").first == "systemd_service")
        #expect(catalog.nearest(to: "qqqqqqqqqqqqqqqqqqqqqqqqq").isEmpty)
    }

    @Test func `damaged specifications are refused`() {
        #expect(throws: CupelError.self) { try ModuleCatalog(parsing: Array("{".utf8)) }
        #expect(throws: CupelError.self) { try ModuleCatalog(parsing: Array("{\"version\":\"1\"}".utf8)) }
        #expect(throws: CupelError.self) {
            try ModuleCatalog(
                parsing: Array("{\"version\":\"1\",\"modules\":{\"a\":{\"o\":{\"b\":{\"t\":\"odd\"}}}}}".utf8)
            )
        }
    }
}

@Suite struct ArgumentValidatorTests {
    let catalog: ModuleCatalog

    init() throws { catalog = try ModuleCatalog.load() }

    private func problems(_ module: String, _ arguments: String) throws -> [ArgumentProblem] {
        let task = PlaybookTask(name: "Do it", module: module, arguments: try JSON(parsing: arguments))
        return ArgumentValidator(catalog: catalog).check(
            Playbook(plays: [Play(name: "Play", hosts: "all", tasks: [task])])
        ).problems
    }

    /// Errors as models make them: module, arguments, what is found, and what the message must hold.
    static let errors: [(String, String, ArgumentProblem.Kind, String)] = [
        ("user", #"{"username":"bob"}"#, .unknownOption, "did you mean 'name'"),
        ("apt", #"{"name":"nginx","state":"installed"}"#, .notAChoice, "present"),
        ("copy", #"{"src":"a","destination":"/b"}"#, .unknownOption, "did you mean 'dest'"),
        ("file", #"{"path":"/a","state":"present"}"#, .notAChoice, "directory"),
        ("service", #"{"name":"nginx","state":"running"}"#, .notAChoice, "started"),
        ("cron", #"{"job":"/bin/true"}"#, .missingOption, "'name' is missing"),
        ("git", #"{"repo":"https://example.com/a.git"}"#, .missingOption, "'dest' is missing"),
        ("lineinfile", #"{"path":"/a","line":"b","create":"maybe"}"#, .wrongType, "true or false"),
        ("user", #"{"name":"bob","uid":"many"}"#, .wrongType, "a whole number"),
        ("apt", #"{"name":"a","upgrade":"yes"}"#, .mutuallyExclusive, "only one of"),
        ("service", #"{"name":"nginx"}"#, .incomplete, "state, enabled"),
        ("git", #"{"repo":"a","dest":"/b","archive_prefix":"c"}"#, .incomplete, "'archive_prefix' needs archive"),
        ("copy", #"{"dest":"/a","src":"b","content":"c"}"#, .mutuallyExclusive, "src, content"),
        ("file", #"{"path":"/a","name":"/b","state":"absent"}"#, .duplicateOption, "another name of 'path'"),
        ("user", #"{"name":{"first":"bob"}}"#, .wrongType, "a text"),
        ("pip", #"{"name":"a","virtualenv":"/v","executable":"pip3"}"#, .mutuallyExclusive, "executable, virtualenv"),
        ("group", #"{"name":"a","non_unique":true}"#, .incomplete, "gid is needed"),
        ("nosuch", "{}", .unknownModule, "no builtin module"),
        ("user", #""name=bob""#, .freeForm, "free-form"),
        ("meta", #""explode""#, .notAChoice, "flush_handlers"),
    ]

    @Test(arguments: errors.indices)
    func `an argument error is found and its message helps`(_ index: Int) throws {
        let (module, arguments, kind, words) = Self.errors[index]
        let found = try problems(module, arguments)
        #expect(found.contains { $0.kind == kind && $0.message.contains(words) }, "\(found.map(\.text))")
    }

    @Test(arguments: [
        ("user", #"{"name":"bob","groups":"sudo,adm","append":"yes","uid":"1500"}"#),
        ("apt", #"{"pkg":["nginx","curl"],"state":"present"}"#), ("apt", #"{"upgrade":true}"#),
        ("service", #"{"name":"{{ unit }}","state":"{{ wanted }}","enabled":"{{ boots }}"}"#),
        ("set_fact", #"{"anything":[1,2]}"#), ("command", #"{"argv":["ls","-l"]}"#), ("ping", "{}"),
        ("meta", #""flush_handlers""#), ("file", #"{"path":"/a","mode":644}"#),
    ])
    func `what is right is left in peace`(_ module: String, _ arguments: String) throws {
        #expect(try problems(module, arguments).isEmpty)
    }

    @Test func `aliases and short names become canonical`() throws {
        let task = PlaybookTask(name: "Do it", module: "apt", arguments: ["pkg": "nginx"])
        let checked = ArgumentValidator(catalog: catalog).check(
            Playbook(plays: [Play(name: "Play", hosts: "all", tasks: [task])])
        )
        #expect(checked.problems.isEmpty)
        #expect(checked.playbook.plays[0].tasks[0].module == "ansible.builtin.apt")
        #expect(checked.playbook.plays[0].tasks[0].arguments == ["name": "nginx"])
    }
}
