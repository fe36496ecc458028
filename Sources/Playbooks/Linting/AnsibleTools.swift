import CupelCore
import Glibc
package import Sandbox

/// The directory with Ansible's tools: a Python virtual environment.
package struct AnsibleTools: Sendable, Hashable {
    /// The pinned packages, as pip names them; `workers/ansible/requirements.txt` says the same.
    package static let packages = ["ansible-core==2.19.14", "ansible-lint==26.10.1"]

    /// The virtual environment's directory, absolute.
    package let directory: String

    /// Names the directory of a virtual environment.
    package init(directory: String) { self.directory = directory }

    /// The Python that the tools run on.
    package var python: String { "\(directory)/bin/python" }

    /// Looks whether the tools are there.
    /// - Throws: `tool_missing` with the command that installs them.
    package func check() throws {
        for tool in ["python", "ansible-playbook", "ansible-lint"] where access("\(directory)/bin/\(tool)", X_OK) != 0 {
            throw CupelError(
                .toolMissing,
                """
                \(tool) is not installed in \(directory). Install Ansible's tools: python3 -m venv \(directory) && \
                \(directory)/bin/pip install \(Self.packages.joined(separator: " "))
                """
            )
        }
    }

    /// What a guest must see to run the tools: the environment, and its Python where that lies outside `/usr`.
    package var binds: [SandboxCommand.Bind] {
        var binds = [SandboxCommand.Bind(directory)]
        if let resolved = realpath(python, nil) {
            defer { free(resolved) }
            let parts = String(cString: resolved).split(separator: "/").dropLast(2)
            let prefix = "/" + parts.joined(separator: "/")
            let isSeen = prefix == "/usr" || prefix.hasPrefix("/usr/") || prefix.hasPrefix(directory)
            if !isSeen, parts.count > 1 { binds.append(.init(prefix)) }
        }
        return binds
    }
}
