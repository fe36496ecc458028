import Glibc

/// A Python virtual environment that holds the tools which only Python has.
package struct PythonEnvironment: Sendable, Hashable {
    /// Its directory, absolute.
    package let directory: String

    /// Names an environment; nothing is made.
    package init(directory: String) { self.directory = directory }

    /// Its Python.
    package var python: String { "\(directory)/bin/python" }

    /// Whether it has been made.
    package var exists: Bool { access(python, X_OK) == 0 && access("\(directory)/bin/pip", X_OK) == 0 }

    /// Where its packages lie; `nil` when it has not been made.
    package var packagesDirectory: String? {
        guard let library = opendir("\(directory)/lib") else { return nil }
        defer { closedir(library) }
        while let entry = readdir(library) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("python3") { return "\(directory)/lib/\(name)/site-packages" }
        }
        return nil
    }

    /// The versions of the packages that are installed, by normalised name.
    /// - Throws: `tool_failed` when pip does not answer.
    package func installed() async throws -> [String: String] {
        guard exists else { return [:] }
        let script =
            "from importlib.metadata import distributions as d\nfrom sys import stdout\nfor x in d(): stdout.write(x.metadata['Name'] + ' ' + x.version + '\\n')"
        var command = ProcessCommand([python, "-I", "-c", script], environment: Self.environment)
        command.wallLimit = .seconds(60)
        let result = try await ProcessLoop.shared.run(command)
        guard result.ending.isSuccess else {
            throw CupelError(.toolFailed, "\(python) does not work: \(result.errorText.suffix(300))")
        }
        var versions: [String: String] = [:]
        for line in result.outputText.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2 { versions[Self.normalised(words[0])] = String(words[1]) }
        }
        return versions
    }

    /// Makes the environment if need be and installs pinned packages, as `name==version` or `name[extra]==version`.
    /// What is there already is left; an interrupted installation goes on where pip's cache ends.
    /// - Parameter progress: Gets each line that pip prints.
    /// - Throws: `tool_missing` where Python, its venv module or a compiler is missing, `tool_failed` when pip fails,
    ///   each saying what to do.
    package func install(_ packages: [String], progress: @escaping @Sendable (String) -> Void) async throws {
        if !exists {
            progress("Making a Python environment in \(directory)")
            try await run(["python3", "-m", "venv", directory], progress)
        }
        let versions = try await installed()
        let missing = packages.filter { package in
            let parts = package.split(separator: "=", omittingEmptySubsequences: true)
            let name = parts[0].prefix { $0 != "[" }
            return parts.count != 2 || versions[Self.normalised(name)] != String(parts[1])
        }
        guard !missing.isEmpty else { return }
        progress("Installing \(missing.joined(separator: ", "))")
        let pip = [
            python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off",
        ]
        try await run(pip + missing, progress)
    }

    /// Removes packages, by name; what is not there does not matter.
    /// - Throws: `tool_failed` when pip fails.
    package func uninstall(_ names: [String]) async throws {
        guard exists else { return }
        try await run([python, "-m", "pip", "uninstall", "--disable-pip-version-check", "--yes"] + names) { _ in }
    }

    private func run(_ arguments: [String], _ progress: @escaping @Sendable (String) -> Void) async throws {
        var command = ProcessCommand(arguments, environment: Self.environment)
        command.mergesErrors = true
        command.overflow = .wait
        command.wallLimit = .seconds(3600)
        let child: ChildProcess
        do {
            child = try await ProcessLoop.shared.start(command)
        } catch let error as ProcessStartError {
            throw CupelError(
                .toolMissing,
                "\(error.program) is not installed. Install it: sudo apt-get install python3 python3-venv",
                cause: error
            )
        }
        let tail = try await withTaskCancellationHandler {
            var tail: [String] = []
            while let line = try await child.nextLine(limit: 64 << 10) {
                let text = String(decoding: line, as: UTF8.self)
                progress(text)
                tail = tail.suffix(60) + [text]
            }
            return tail
        } onCancel: {
            child.kill()
        }
        let ending = await child.waitForEnd()
        try Task.checkCancellation()
        guard !ending.isSuccess else { return }
        throw PythonAdvice.error(output: tail.joined(separator: "\n"), directory: directory)
    }

    /// What pip may know of our environment: where to find things, proxies, and its own settings.
    private static var environment: [String: String] {
        var result = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"]
        let names = [
            "PATH", "HOME", "TMPDIR", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
            "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_CONFIG_FILE", "PIP_CACHE_DIR", "PIP_NO_INDEX",
            "PIP_FIND_LINKS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CC", "CXX", "CMAKE_ARGS",
        ]
        for name in names {
            if let value = getenv(name) { result[name] = String(cString: value) }
        }
        return result
    }

    /// A package's name by PEP 503.
    private static func normalised(_ name: some StringProtocol) -> String {
        String(name.lowercased().map { $0 == "_" || $0 == "." ? "-" : $0 })
    }
}

/// Turns what Python's installers print into what a person can do about it.
package enum PythonAdvice {
    private static let causes: [(signs: [String], code: ErrorCode, advice: String)] = [
        (
            ["ensurepip is not", "No module named venv", "No module named ensurepip"], .toolMissing,
            "Python cannot make environments here. Install what it needs: sudo apt-get install python3-venv"
        ),
        (
            ["No space left on device"], .toolFailed, "The disk is full. Make room, then run it again; it goes on."
        ),
        (
            [
                "Temporary failure in name resolution", "Name or service not known", "NewConnectionError",
                "Network is unreachable", "Connection refused", "ProxyError", "ConnectTimeoutError",
            ], .toolFailed,
            "The package index cannot be reached. Connect the machine, or set PIP_INDEX_URL to a mirror; then run it again."
        ),
        (
            [
                "CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER", "No CMAKE_", "command 'gcc' failed", "compiler not found",
                "unable to find compiler", "Python.h: No such file",
            ], .toolMissing,
            "A compiler is needed. Install it: sudo apt-get install build-essential cmake python3-dev"
        ),
        (
            ["Requires-Python", "No matching distribution found"], .toolFailed,
            "This Python is too old or too new for the pinned packages; they need Python 3.11 to 3.13."
        ),
        (["Permission denied", "Read-only file system"], .toolFailed, "The directory cannot be written."),
    ]

    /// The error for an installation that printed this and failed.
    package static func error(output: String, directory: String) -> CupelError {
        let end = output.split(separator: "\n").suffix(3).joined(separator: " ")
        for cause in causes where cause.signs.contains(where: { output.contains($0) }) {
            return CupelError(cause.code, "Installing into \(directory) failed. \(cause.advice) It said: \(end)")
        }
        return CupelError(.toolFailed, "Installing into \(directory) failed. It said: \(end)")
    }
}
