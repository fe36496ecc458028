import CupelCore
import Glibc

/// Turns what bubblewrap says into what a person can do about it.
enum SandboxAdvice {
    /// bubblewrap itself could not be started.
    static func cannotStart(_ error: ProcessStartError) -> CupelError {
        error.isMissing
            ? CupelError(
                .sandboxUnavailable,
                "bubblewrap is not installed (\(error.program)). Install it: sudo apt-get install bubblewrap",
                cause: error
            )
            : CupelError(.sandboxUnavailable, "bubblewrap cannot be started: \(error).", cause: error)
    }

    /// Tells a sandbox that could not be set up from a guest that failed: bubblewrap's own complaints begin with its
    /// name and it then ends with 1; prlimit's likewise.
    static func checkSetup(_ ending: ProcessEnding, _ errors: String) throws {
        guard ending.exitCode == 1, errors.hasPrefix("bwrap: ") || errors.hasPrefix("prlimit: failed to set") else {
            return
        }
        let complaint = errors.split(separator: "\n").first.map(String.init) ?? "no reason given"
        if complaint.contains("execvp") { return }
        throw CupelError(.sandboxUnavailable, "The sandbox could not be set up: \(complaint). \(advice(on: complaint))")
    }

    /// What to do about a complaint, after looking at the switches that usually cause it.
    static func advice(on complaint: String, settings: (String) -> String? = Self.setting) -> String {
        if settings("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
            return """
                This kernel keeps user namespaces from unprivileged programs (Ubuntu 23.10 and later). Either allow \
                bubblewrap alone, by writing to /etc/apparmor.d/bwrap the lines 'abi <abi/4.0>,', 'include \
                <tunables/global>', 'profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }' and running sudo \
                systemctl reload apparmor; or allow all: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0
                """
        }
        if settings("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
            return "Allow user namespaces: sudo sysctl -w kernel.unprivileged_userns_clone=1"
        }
        if settings("/proc/sys/user/max_user_namespaces") == "0" {
            return "Allow user namespaces: sudo sysctl -w user.max_user_namespaces=15000"
        }
        if complaint.contains("Can't find source path") || complaint.contains("No such file") {
            return "A path that the guest should see does not exist."
        }
        return "In a container, start it with user namespaces and seccomp allowed, or run cupel on the machine itself."
    }

    /// The first line of a kernel setting; `nil` where the kernel has none.
    private static func setting(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").first.map(String.init)
    }
}
