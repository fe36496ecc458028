import CupelCore
import Glibc
import Sandbox
import Testing

@testable import Playbooks

@Suite(.timeLimit(.minutes(5)), .serialized) struct AnsibleLinterTests {
    private static let good = """
        ---
        - name: Good
          hosts: all
          tasks:
            - name: Ping
              ansible.builtin.ping:

        """
    private static let bad = """
        - hosts: all
          tasks:
            - name: Make it so
              shell: echo hi

        """

    private func tools() throws -> AnsibleTools {
        let directory = getenv("CUPEL_TOOLS_DIR").map { String(cString: $0) }
        return AnsibleTools(
            directory: try #require(
                directory,
                """
                Set CUPEL_TOOLS_DIR to a virtual environment with Ansible's tools: python3 -m venv DIR && \
                DIR/bin/pip install -r workers/ansible/requirements.txt
                """
            )
        )
    }

    @Test func `a good playbook is clean and a bad one is not, warm and plain alike`() async throws {
        let sandbox = try await Sandbox.open()
        let linter = AnsibleLinter(tools: try tools(), sandbox: sandbox)
        let good = try await linter.check(Self.good)
        #expect(await linter.fallback == nil)
        #expect(good.mode == .warm)
        #expect(good.isClean, "\(good)")
        let plain = try await AnsibleWorker.start(.plain, tools: try tools(), sandbox: sandbox)
        let broken = Self.good.replacing("ping:", with: "pong:")
        for playbook in [Self.bad, broken, "", "- [", "- hosts: all\n  roles: [nope]\n"] {
            let warm = try await linter.check(playbook)
            let reference = try await plain.check(playbook)
            #expect(!warm.isClean)
            #expect(warm.syntax == reference.syntax)
            #expect(warm.lint == reference.lint)
            #expect(warm.lintCost.cpu * 4 < reference.lintCost.cpu)
        }
        let syntax = try await linter.check(broken).syntax
        #expect(syntax.map(\.rule) == ["syntax-check"])
        #expect(syntax.first?.line == 5)
        await linter.stop()
        await plain.stop()
    }

    @Test func `many checks at once take turns`() async throws {
        let linter = AnsibleLinter(tools: try tools(), sandbox: try await Sandbox.open())
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<12 {
                group.addTask {
                    try await linter.check(index % 2 == 0 ? Self.good : Self.bad).isClean == (index % 2 == 0)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        await linter.stop()
    }

    @Test func `a worker whose self-test fails gives way to the plain commands, and says so`() async throws {
        let source = AnsibleWorker.program.replacing("\"no-changed-when\"", with: "\"no-such-rule\"")
        let linter = AnsibleLinter(tools: try tools(), sandbox: try await Sandbox.open(), source: source)
        let result = try await linter.check(Self.bad)
        #expect(result.mode == .plain)
        #expect(result.lint.contains { $0.rule == "no-changed-when" && $0.severity == .error })
        #expect(await linter.fallback?.contains("self-test failed") == true)
        await linter.stop()
    }

    @Test func `a worker that dies twice gives way to the plain commands`() async throws {
        // Dies at the first request when warm.
        let source = AnsibleWorker.program
            .replacing(
                "def answer_line(checker, line):",
                with: "def answer_line(checker, line):\n    isinstance(checker, Warm) and os._exit(3)"
            )
            .replacing("EXPECTATIONS:", with: "EXPECTATIONS[:1]:")
        let linter = AnsibleLinter(tools: try tools(), sandbox: try await Sandbox.open(), source: source)
        #expect(try await linter.check(Self.good).mode == .plain)
        #expect(await linter.fallback?.contains("died 2 times") == true)
        await linter.stop()
    }

    @Test func `a check that crashes is an error, and the next one is answered`() async throws {
        let linter = AnsibleLinter(tools: try tools(), sandbox: try await Sandbox.open(), source: crashing())
        let error = await #expect(throws: CupelError.self) { try await linter.check("# crash\n") }
        #expect(error?.code == .toolFailed)
        let slow = await #expect(throws: CupelError.self) { try await linter.check("# hang\n") }
        #expect(slow?.code == .timeout)
        let hungry = await #expect(throws: CupelError.self) { try await linter.check("# eat\n") }
        #expect(hungry?.message.contains("MiB") == true)
        #expect(try await linter.check(Self.good).mode == .warm)
        await linter.stop()
    }

    /// The worker, with three playbooks that make a fork misbehave and a short time limit.
    private func crashing() -> String {
        AnsibleWorker.program
            .replacing("WALL_SECONDS = 45", with: "WALL_SECONDS = 2")
            .replacing("EXPECTATIONS:", with: "EXPECTATIONS[:1]:")
            .replacing(
                "        code = 0\n        try:\n",
                with: """
                            code = 0
                            text = open(playbook).read()
                            if text.startswith("# crash"):
                                os.kill(os.getpid(), 11)
                            if text.startswith("# hang"):
                                time.sleep(1000)
                            if text.startswith("# eat"):
                                bytearray(2 << 30)
                            try:

                    """
            )
    }

    @Test func `a playbook of one byte over the limit is refused and one at the limit is checked`() async throws {
        let linter = AnsibleLinter(tools: try tools(), sandbox: try await Sandbox.open())
        let filler =
            Self.good + "#" + String(repeating: "x", count: AnsibleWorker.playbookLimit - Self.good.utf8.count - 1)
        #expect(try await linter.check(filler).syntax.isEmpty)
        let error = await #expect(throws: CupelError.self) { try await linter.check(filler + "x") }
        #expect(error?.code == .payloadTooLarge)
        await linter.stop()
    }

    @Test func `missing tools are named with the command that installs them`() async throws {
        let linter = AnsibleLinter(tools: AnsibleTools(directory: "/nonexistent"), sandbox: try await Sandbox.open())
        let error = await #expect(throws: CupelError.self) { try await linter.check(Self.good) }
        #expect(error?.code == .toolMissing)
        #expect(error?.message.contains("pip install ansible-core==") == true)
    }

    @Test func `the pinned versions are those of the requirements file`() throws {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let text = try BoundedFile.text(at: "/\(root)/workers/ansible/requirements.txt", limit: 10_000)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
        #expect(lines == AnsibleTools.packages)
    }
}
