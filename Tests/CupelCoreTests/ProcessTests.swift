import CupelCore
import Glibc
import Testing

@Suite(.timeLimit(.minutes(2))) struct ProcessTests {
    private func shell(_ script: String) -> ProcessCommand {
        ProcessCommand(["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"])
    }

    @Test func `a program gets exactly its input, environment, directory and data`() async throws {
        var command = shell("pwd; cat; env | grep -v -e PWD -e _=; cat <&3; echo complaint >&2; exit 7")
        command.environment["GREETING"] = "hello"
        command.directory = "/usr"
        command.input = Array("in\n".utf8)
        command.data = [Array("third\n".utf8)]
        let result = try await ProcessLoop.shared.run(command)
        #expect(result.ending.exitCode == 7)
        #expect(!result.ending.isSuccess)
        #expect(result.errorText == "complaint\n")
        #expect(
            Set(result.outputText.split(separator: "\n")) == [
                "/usr", "in", "GREETING=hello", "PATH=/usr/bin:/bin", "third",
            ]
        )
    }

    @Test func `a program that does not exist is named`() async throws {
        let error = await #expect(throws: ProcessStartError.self) {
            try await ProcessLoop.shared.run(ProcessCommand(["cupel-no-such-program"]))
        }
        #expect(error?.isMissing == true)
        #expect(error?.description.contains("cupel-no-such-program") == true)
    }

    @Test func `output is kept to its bound and the rest is forgotten`() async throws {
        for (printed, truncated) in [(1000, false), (1001, true)] {
            var command = shell("head -c \(printed) /dev/zero")
            command.outputBytes = 1000
            let result = try await ProcessLoop.shared.run(command)
            #expect(result.output.count == 1000)
            #expect(result.ending.outputTruncated == truncated)
            #expect(result.ending.isSuccess)
        }
    }

    @Test func `the time limit ends a program and what it started`() async throws {
        var command = shell("sleep 1000 & echo $!; wait")
        command.wallLimit = .milliseconds(200)
        let result = try await ProcessLoop.shared.run(command)
        #expect(result.ending.timedOut)
        #expect(result.ending.signal == 9)
        let grandchild = try #require(Int32(result.outputText.split(separator: "\n").first ?? ""))
        while isAlive(grandchild) { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test func `cancelling kills the program and leaves no zombie`() async throws {
        let child = try await ProcessLoop.shared.start(keepingInput(shell("sleep 1000")))
        child.kill()
        let ending = await child.waitForEnd()
        #expect(ending.signal == 9)
        #expect(kill(child.processID, 0) == -1)
        let task = Task { try await ProcessLoop.shared.run(shell("sleep 1000")) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `lines go back and forth, and a line over its limit is refused`() async throws {
        let child = try await ProcessLoop.shared.start(
            keepingInput(shell("while read x; do echo got-$x; done; printf end"))
        )
        for word in ["one", "two"] {
            try child.send(Array("\(word)\n".utf8))
            #expect(try await child.nextLine(limit: 100) == Array("got-\(word)".utf8))
        }
        child.closeInput()
        #expect(try await child.nextLine(limit: 100) == Array("end".utf8))
        #expect(try await child.nextLine(limit: 100) == nil)
        #expect(await child.waitForEnd().isSuccess)
        #expect(throws: CupelError.self) { try child.send([1]) }

        let long = try await ProcessLoop.shared.start(
            keepingInput(shell("printf '%010d\\n' 1; printf '%011d\\n' 1; cat"))
        )
        #expect(try await long.nextLine(limit: 10)?.count == 10)
        await #expect(throws: CupelError.self) { try await long.nextLine(limit: 10) }
        long.kill()
        _ = await long.waitForEnd()
    }

    @Test func `a reader that is cancelled stops waiting and the next one still reads`() async throws {
        let child = try await ProcessLoop.shared.start(keepingInput(shell("read x; echo $x")))
        let reader = Task { try await child.nextLine(limit: 100) }
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
        try child.send(Array("late\n".utf8))
        #expect(try await child.nextLine(limit: 100) == Array("late".utf8))
        _ = await child.waitForEnd()
    }

    @Test func `a program that waits for its reader is not lost`() async throws {
        var command = shell("head -c 3000000 /dev/zero | tr '\\0' 'x' | fold -w 100; echo; cat >/dev/null")
        command.overflow = .wait
        command.outputBytes = 4096
        let child = try await ProcessLoop.shared.start(keepingInput(command))
        var lines = 0
        while lines < 30_000, try await child.nextLine(limit: 200) != nil { lines += 1 }
        #expect(lines == 30_000)
        child.kill()
        _ = await child.waitForEnd()
    }

    @Test func `two hundred runs leave no descriptor and no child behind`() async throws {
        _ = try await ProcessLoop.shared.run(shell("true"))
        var attempts = 0
        var leaked = 0
        // Tests that run beside this one open and close descriptors too; a leak of ours is there every time.
        repeat {
            attempts += 1
            let before = try openDescriptors()
            for _ in 0..<200 { _ = try await ProcessLoop.shared.run(ProcessCommand(["/bin/true"])) }
            leaked = try openDescriptors() - before
        } while leaked >= 100 && attempts < 3
        #expect(leaked < 100)
    }

    private func keepingInput(_ command: ProcessCommand) -> ProcessCommand {
        var command = command
        command.keepsInputOpen = true
        return command
    }

    private func isAlive(_ processID: Int32) -> Bool {
        guard let status = try? BoundedFile.bytes(at: "/proc/\(processID)/stat", limit: 4096) else { return false }
        return !String(decoding: status, as: UTF8.self).contains(") Z ")
    }

    private func openDescriptors() throws -> Int {
        let directory = try #require(opendir("/proc/self/fd"))
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }
}
