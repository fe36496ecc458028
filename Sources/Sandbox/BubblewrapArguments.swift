import CLinux

/// Writes bwrap(1)'s command line for a guest, and the data that its descriptors carry.
struct BubblewrapArguments {
    let program: String
    let takesSize: Bool
    /// The contents of descriptors 3, 4 and 5: the seccomp filter, `/etc/passwd` and `/etc/group`.
    let data: [[UInt8]]

    /// The user that the guest believes to be: nobody.
    private static let guest = "65534"

    /// Read-only files of `/etc` without which dynamic linking or time zones fail; absent ones are left out.
    private static let configuration = [
        "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime",
        "/etc/nsswitch.conf",
    ]

    init(program: String, takesSize: Bool) {
        self.program = program
        self.takesSize = takesSize
        var filter = [UInt8](repeating: 0, count: Int(CLINUX_FILTER_MAX) * 8)
        let length = clinux_sandbox_filter(&filter)
        data = [
            Array(filter[..<length]),
            Array("nobody:x:\(Self.guest):\(Self.guest):nobody:/tmp:/bin/sh\n".utf8),
            Array("nogroup:x:\(Self.guest):\n".utf8),
        ]
    }

    /// The command line. `--new-session` is left out on purpose: the child has a session of its own already, and the
    /// guest's first process must stay in its process group, since one that is killed while it sets up dies with it.
    func list(for command: SandboxCommand) -> [String] {
        var list = [
            program, "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net",
            "--unshare-cgroup-try", "--die-with-parent", "--uid", Self.guest, "--gid", Self.guest,
            "--cap-drop", "ALL", "--hostname", "sandbox", "--seccomp", "3",
        ]
        list += ["--ro-bind", "/usr", "/usr"]
        for link in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
            list += ["--symlink", "usr/\(link)", "/\(link)"]
        }
        for file in Self.configuration { list += ["--ro-bind-try", file, file] }
        list += ["--ro-bind-data", "4", "/etc/passwd", "--ro-bind-data", "5", "/etc/group"]
        list += ["--proc", "/proc", "--dev", "/dev"]
        if takesSize { list += ["--size", String(command.limits.temporaryBytes)] }
        list += ["--tmpfs", "/tmp"]
        for bind in command.readOnly { list += ["--ro-bind", bind.source, bind.target] }
        for bind in command.readWrite { list += ["--bind", bind.source, bind.target] }
        list += ["--remount-ro", "/", "--chdir", command.directory, "--clearenv"]
        let safe = ["PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"]
        for (name, value) in safe.merging(command.environment, uniquingKeysWith: { $1 }).sorted(by: { $0 < $1 }) {
            list += ["--setenv", name, value]
        }
        return list + ["--"] + limiting(command.limits) + command.arguments
    }

    /// util-linux's prlimit(1) sets the limits inside, where they count the guest's own processes alone.
    private func limiting(_ limits: SandboxLimits) -> [String] {
        var list = [
            "/usr/bin/prlimit", "--as=\(limits.memoryBytes)", "--nproc=\(limits.processes)",
            "--fsize=\(limits.fileBytes)", "--nofile=\(limits.openFiles)", "--core=0",
        ]
        if let seconds = limits.cpuSeconds { list.append("--cpu=\(seconds)") }
        return list + ["--"]
    }
}

/// A version such as `bubblewrap 0.8.0` prints.
struct BubblewrapVersion: Comparable {
    let major: Int
    let minor: Int

    /// The first version with `--size`.
    static let sizeOption = BubblewrapVersion(major: 0, minor: 7)

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads the first two numbers; what is no version counts as 0.0.
    init(_ text: some StringProtocol) {
        let numbers = text.split { !$0.isASCII || !$0.isNumber }.map { Int($0) ?? 0 }
        major = numbers.first ?? 0
        minor = numbers.count > 1 ? numbers[1] : 0
    }

    static func < (left: Self, right: Self) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
}
