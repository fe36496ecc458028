import CupelCore
import Glibc
import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(3))) struct SandboxTests {
    private func shell(_ script: String, _ change: (inout SandboxCommand) -> Void = { _ in }) -> SandboxCommand {
        var command = SandboxCommand(["/bin/sh", "-c", script])
        change(&command)
        return command
    }

    @Test func `a guest runs with its input, environment and directory, and its ending is told`() async throws {
        let sandbox = try await Sandbox.open()
        let result = try await sandbox.run(
            shell("pwd; cat; echo $WORD; id -un; hostname; echo bad >&2; exit 3") {
                $0.input = Array("given\n".utf8)
                $0.environment = ["WORD": "said"]
            }
        )
        #expect(result.outputText == "/tmp\ngiven\nsaid\nnobody\nsandbox\n")
        #expect(result.errorText == "bad\n")
        #expect(result.ending.exitCode == 3)
    }

    @Test func `a guest sees only what is bound, and changes only what is bound for that`() async throws {
        let sandbox = try await Sandbox.open()
        let directory = try TemporaryPlace()
        let result = try await sandbox.run(
            shell("cat /in/note; echo new >/out/made; echo no >/in/made; ls /home /root") {
                $0.readOnly = [.init(directory.file("in", holding: ("note", "kept\n")), at: "/in")]
                $0.readWrite = [.init(directory.file("out", holding: nil), at: "/out")]
            }
        )
        #expect(result.outputText == "kept\n")
        #expect(try BoundedFile.bytes(at: directory.path + "/out/made", limit: 100) == Array("new\n".utf8))
        #expect(access(directory.path + "/in/made", F_OK) != 0)
        #expect(result.errorText.contains("Read-only file system"))
        #expect(result.errorText.contains("/root"))
    }

    @Test func `a guest reaches no network`() async throws {
        let sandbox = try await Sandbox.open()
        let result = try await sandbox.run(
            SandboxCommand([
                "/bin/bash", "-c", "exec 3<>/dev/tcp/1.1.1.1/53 && echo reached; cat /proc/net/route | wc -l",
            ])
        )
        #expect(!result.outputText.contains("reached"))
        #expect(result.errorText.contains("unreachable"))
    }

    @Test func `time, memory, file, process and output limits bite`() async throws {
        let sandbox = try await Sandbox.open()
        let slow = try await sandbox.run(shell("sleep 1000") { $0.limits.wall = .milliseconds(300) })
        #expect(slow.ending.timedOut)
        let busy = try await sandbox.run(shell("while :; do :; done") { $0.limits.cpuSeconds = 1 })
        #expect(!busy.ending.isSuccess && !busy.ending.timedOut)
        let large = try await sandbox.run(
            shell("dd if=/dev/zero of=/dev/null bs=200M count=1") { $0.limits.memoryBytes = 100 << 20 }
        )
        #expect(large.errorText.contains("memory exhausted"))
        let file = try await sandbox.run(
            shell("dd if=/dev/zero of=/tmp/x bs=1M count=3") { $0.limits.fileBytes = 2 << 20 }
        )
        #expect(!file.ending.isSuccess)
        // The kernel exempts root from this one, so the limit itself is read back.
        let forks = try await sandbox.run(shell("grep processes /proc/self/limits") { $0.limits.processes = 4 })
        #expect(forks.outputText.split(separator: " ").contains("4"))
        let output = try await sandbox.run(shell("head -c 5001 /dev/zero") { $0.limits.outputBytes = 5000 })
        #expect(output.output.count == 5000 && output.ending.outputTruncated)
    }

    @Test(arguments: ["mount -t tmpfs x /tmp", "unshare -U true", "unshare -n true", "chroot / true", "dmesg -C"])
    func `what no guest needs is refused`(_ attempt: String) async throws {
        let sandbox = try await Sandbox.open()
        #expect(try await !sandbox.run(shell(attempt)).ending.isSuccess)
    }

    @Test func `cancelling leaves nothing of the guest alive`() async throws {
        let sandbox = try await Sandbox.open()
        let marker = "cupel-marker-\(Identifier<Sandbox>())"
        let task = Task { try await sandbox.run(SandboxCommand(["/bin/sh", "-c", "sleep 1000; : \(marker)"])) }
        while try groups(of: marker).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        let groups = try groups(of: marker)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        while try !self.groups(of: marker).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        // The guest's first process lost its parent; it must not stay behind as a zombie of ours.
        while try hasZombies(in: groups) { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test func `a long-lived guest answers in lines and ends with its owner`() async throws {
        let sandbox = try await Sandbox.open()
        var command = SandboxCommand(["/bin/sh", "-c", "while read x; do echo got-$x; done"])
        command.limits.wall = nil
        let guest = try await sandbox.start(command)
        for word in ["one", "two"] {
            try guest.send(line: Array(word.utf8))
            #expect(try await guest.nextLine(limit: 100) == Array("got-\(word)".utf8))
        }
        #expect(guest.ending == nil)
        #expect(await guest.stop().signal == 9)
        #expect(try await guest.nextLine(limit: 100) == nil)
    }

    @Test func `a sandbox without bubblewrap is refused with the command that installs it`() async throws {
        let error = await #expect(throws: CupelError.self) { try await Sandbox.open(bubblewrap: "no-bwrap-here") }
        #expect(error?.code == .sandboxUnavailable)
        #expect(error?.message.contains("apt-get install bubblewrap") == true)
    }

    @Test func `a bubblewrap that does not isolate is caught by the self-test`() async throws {
        let directory = try TemporaryPlace()
        let script = """
            #!/bin/sh
            [ "$1" = --version ] && { echo bubblewrap 0.8.0; exit; }
            while [ "$1" != -- ]; do shift; done; shift
            exec "$@"
            """
        let fake = directory.file("fake", holding: ("bwrap", script)) + "/bwrap"
        chmod(fake, 0o755)
        let error = await #expect(throws: CupelError.self) { try await Sandbox.open(bubblewrap: fake) }
        #expect(error?.code == .sandboxUnavailable)
        #expect(error?.message.contains("hold") == true || error?.message.contains("self-test") == true)
    }

    @Test func `a missing bind is the sandbox's failure, not the guest's`() async throws {
        let sandbox = try await Sandbox.open()
        let error = await #expect(throws: CupelError.self) {
            try await sandbox.run(shell("true") { $0.readOnly = [.init("/no/such/place")] })
        }
        #expect(error?.code == .sandboxUnavailable)
        #expect(error?.message.contains("/no/such/place") == true)
    }

    @Test(arguments: [
        ("apparmor_restrict_unprivileged_userns", "1", "apparmor_restrict_unprivileged_userns=0"),
        ("unprivileged_userns_clone", "0", "unprivileged_userns_clone=1"),
        ("max_user_namespaces", "0", "max_user_namespaces=15000"), ("none", "", "container"),
    ])
    func `the advice names the switch that stands in the way`(_ name: String, _ value: String, _ advice: String) {
        let text = SandboxAdvice.advice(on: "setting up uid map: Permission denied") { path in
            path.hasSuffix("/\(name)") ? value : nil
        }
        #expect(text.contains(advice))
    }

    @Test(arguments: [("bubblewrap 0.6.1\n", false), ("bubblewrap 0.7.0", true), ("bubblewrap 1.0", true), ("", false)])
    func `the version decides whether tmp can be bounded`(_ text: String, _ bounded: Bool) {
        #expect((BubblewrapVersion(text) >= .sizeOption) == bounded)
    }

    /// The process groups of whatever runs with a marker in its command line.
    private func groups(of marker: String) throws -> Set<String> {
        var found: Set<String> = []
        try forEachProcess { name in
            guard let line = try? BoundedFile.bytes(at: "/proc/\(name)/cmdline", limit: 1 << 20),
                String(decoding: line, as: UTF8.self).contains(marker), let fields = status(of: name)
            else { return }
            found.insert(fields[2])
        }
        return found
    }

    /// Whether an ended process of these groups still waits to be collected.
    private func hasZombies(in groups: Set<String>) throws -> Bool {
        var isFound = false
        try forEachProcess { name in
            guard let fields = status(of: name) else { return }
            if fields[0] == "Z", groups.contains(fields[2]) { isFound = true }
        }
        return isFound
    }

    /// State, parent and process group of a process, from `/proc/PID/stat` (proc(5)).
    private func status(of name: String) -> [String]? {
        guard let text = try? BoundedFile.text(at: "/proc/\(name)/stat", limit: 4096),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ").map(String.init)
        return fields.count > 2 ? fields : nil
    }

    private func forEachProcess(_ body: (String) -> Void) throws {
        let directory = try #require(opendir("/proc"))
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if Int32(name) != nil { body(name) }
        }
    }
}

/// A directory of its own that goes when its owner does.
final class TemporaryPlace {
    let path: String

    init() throws {
        var template = Array("/tmp/cupel-test-XXXXXX".utf8CString)
        path = String(cString: try #require(mkdtemp(&template)))
    }

    /// Makes a directory, with a file in it if one is given, and returns the directory's path.
    func file(_ name: String, holding content: (String, String)?) -> String {
        let directory = "\(path)/\(name)"
        mkdir(directory, 0o755)
        if let (file, text) = content, let handle = fopen("\(directory)/\(file)", "w") {
            fputs(text, handle)
            fclose(handle)
        }
        return directory
    }

    deinit {
        let path = path
        let names = ["in/note", "in", "out/made", "out", "fake/bwrap", "fake", ""]
        for name in names { remove("\(path)/\(name)") }
    }
}
