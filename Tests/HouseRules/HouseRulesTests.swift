import Foundation
import Testing

@Suite struct HouseRulesTests {
    private func breaches(_ rule: Rule, _ folders: [String] = ["Sources", "Tests"]) -> [String] {
        folders.flatMap { SourceTree.swiftFiles(below: $0) }.flatMap(rule)
    }

    @Test func `imports point down`() { #expect(breaches(Rules.imports) == []) }
    @Test func `files are short enough to read`() { #expect(breaches(Rules.fileLength) == []) }
    @Test func `functions are short enough to hold in mind`() { #expect(breaches(Rules.functionLength) == []) }
    @Test func `nothing in the sources crashes on purpose or prints`() { #expect(breaches(Rules.bannedCalls) == []) }
    @Test func `what other targets see is documented`() { #expect(breaches(Rules.documentation) == []) }
    @Test func `names say what is inside`() { #expect(breaches(Rules.names) == []) }
    @Test func `log keys come from one list`() { #expect(breaches(Rules.logKeys) == []) }

    @Test func `no file speaks of the machine it was written on`() {
        let files = SourceTree.files(below: "").filter { !$0.path.hasPrefix("Tests/HouseRules/") }
        #expect(files.count > 50)
        #expect(files.flatMap(Rules.machines) == [])
    }

    @Test func `nine files in ten are under 320 lines`() {
        let lengths = SourceTree.swiftFiles(below: "Sources").map { $0.lines.count }.sorted()
        #expect(lengths[lengths.count * 9 / 10] < 320)
        #expect(lengths[lengths.count / 2] < 140)
    }

    @Test func `every target says its purpose`() throws {
        for target in Rules.floors.keys where !target.hasPrefix("C") || target.hasPrefix("Cupel") {
            let files = SourceTree.swiftFiles(below: "Sources/\(target)")
            guard !files.isEmpty else { continue }
            #expect(
                files.contains { $0.text.hasPrefix("// \(target): ") },
                "no file of \(target) begins with its purpose"
            )
        }
    }

    @Test func `every target of the package has a floor`() throws {
        let targets = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root + "/Sources")
        #expect(targets.filter { Rules.floors[$0] == nil } == [])
    }

    @Test func `every flag of the manifest is one that this compiler knows`() throws {
        let manifest = try String(contentsOfFile: SourceTree.root + "/Package.swift", encoding: .utf8)
        let known = [
            "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility", "NonisolatedNonsendingByDefault",
            "InferIsolatedConformances",
        ]
        for flag in known { #expect(manifest.contains("enableUpcomingFeature(\"\(flag)\")")) }
        #if hasFeature(ExistentialAny) && hasFeature(InternalImportsByDefault) && hasFeature(MemberImportVisibility) && hasFeature(NonisolatedNonsendingByDefault) && hasFeature(InferIsolatedConformances)
            let areOn = true
        #else
            let areOn = false
        #endif
        #expect(areOn)
    }
}

/// Each rule is shown to bite: a breach is found, and what is right passes.
@Suite struct HouseRulesBiteTests {
    private func file(_ text: String, _ path: String = "Sources/Storage/X.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test func `an import that points up is found`() {
        #expect(Rules.imports(file("import Jobs\n")).count == 1)
        #expect(Rules.imports(file("package import Gateway\n", "Sources/Gauntlet/X.swift")).count == 1)
        #expect(Rules.imports(file("import CupelCore\n")).isEmpty)
    }

    @Test func `one line over the bound is found, the bound itself is not`() {
        let line = "let a = 1\n"
        #expect(Rules.fileLength(file(String(repeating: line, count: Rules.maximumFileLines - 1))).isEmpty)
        #expect(Rules.fileLength(file(String(repeating: line, count: Rules.maximumFileLines))).count == 1)
    }

    @Test func `a function one line over the bound is found`() {
        func function(_ lines: Int) -> String {
            "func f() {\n" + String(repeating: "    a()\n", count: lines - 2) + "}\n"
        }
        #expect(Rules.functionLength(file(function(Rules.maximumFunctionLines))).isEmpty)
        #expect(Rules.functionLength(file(function(Rules.maximumFunctionLines + 1))).count == 1)
    }

    @Test(arguments: ["let x = try! f()", "fatalError(\"x\")", "print(x)", "    // TO" + "DO: later"])
    func `a banned call is found`(_ line: String) {
        #expect(Rules.bannedCalls(file(line)).count == 1)
    }

    @Test func `the command line may print, and its own print is not ours`() {
        #expect(Rules.bannedCalls(file("print(x)", "Sources/cupel/X.swift")).isEmpty)
        #expect(Rules.bannedCalls(file("terminal.print(x)")).isEmpty)
    }

    @Test func `a declaration without a doc comment is found`() {
        #expect(Rules.documentation(file("package struct A {}\n")).count == 1)
        #expect(Rules.documentation(file("/// A.\npackage struct A {}\n")).isEmpty)
        #expect(Rules.documentation(file("/// A.\n@discardableResult\npackage func a() {}\n")).isEmpty)
        #expect(Rules.documentation(file("struct A {}\n")).isEmpty)
    }

    @Test func `the name of a machine is found`() {
        #expect(Rules.machines(file("let a = \"/" + "work/main\"")).count == 1)
        #expect(Rules.machines(file("let a = \"/workspace\"")).isEmpty)
    }

    @Test func `a vague name and a loose log key are found`() {
        #expect(Rules.names(file("", "Sources/Jobs/JobUtils.swift")).count == 1)
        #expect(Rules.logKeys(file("logger.info(\"x\", metadata: [\"a\": \"b\"])")).count == 1)
    }
}
