import CupelCore

extension Sandbox {
    /// Shows that the sandbox holds here: it starts, has no network, sees and changes nothing outside, and its filter
    /// and limits bite. Takes about 30 ms.
    /// - Throws: `sandbox_unavailable`, naming what does not hold.
    package func selfTest() async throws {
        let result = try await run(Self.probe)
        guard result.ending.isSuccess else {
            throw CupelError(
                .sandboxUnavailable,
                "The sandbox's self-test ended with \(result.ending.exitCode): \(result.errorText.prefix(500))"
            )
        }
        let lines = result.outputText.split(separator: "\n").map(String.init)
        guard lines.last == "done" else {
            throw CupelError(.sandboxUnavailable, "The sandbox's self-test did not finish: \(result.errorText).")
        }
        if let broken = lines.dropLast().first {
            throw CupelError(
                .sandboxUnavailable,
                "The sandbox does not hold: \(broken). Nothing untrusted will run; report this with `cupel doctor`."
            )
        }
    }

    /// Prints a line for each thing that should be impossible and is not, then `done`.
    private static var probe: SandboxCommand {
        let script = """
            [ "$(grep -c : /proc/net/dev)" = 1 ] || echo "it has a network device besides its own loopback"
            ls /sys/class/net >/dev/null 2>&1 && echo "it sees the machine's network devices"
            for place in / /usr /etc /proc/sys/kernel; do
                touch "$place/cupel-probe" 2>/dev/null && echo "it can write to $place"
            done
            for secret in /root /home /var /run /sys /etc/shadow; do
                [ -e "$secret" ] && echo "it sees $secret"
            done
            touch /tmp/cupel-probe || echo "its own /tmp cannot be written"
            unshare -U true 2>/dev/null && echo "it can make user namespaces"
            grep -q '^Seccomp:.2' /proc/self/status || echo "its seccomp filter is not in place"
            grep -q '^CapEff:.0000000000000000' /proc/self/status || echo "it has capabilities"
            dd if=/dev/zero of=/dev/null bs=128M count=1 2>/dev/null && echo "its memory limit does not bite"
            dd if=/dev/zero of=/tmp/large bs=1M count=3 2>/dev/null && echo "its file size limit does not bite"
            echo done
            """
        var command = SandboxCommand(["/bin/sh", "-c", script])
        command.limits = SandboxLimits(
            wall: .seconds(20),
            cpuSeconds: 10,
            memoryBytes: 64 << 20,
            processes: 16,
            fileBytes: 2 << 20,
            temporaryBytes: 8 << 20,
            outputBytes: 16 << 10
        )
        return command
    }
}
