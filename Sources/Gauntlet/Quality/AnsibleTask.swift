/// What the outline of a playbook says of one task.
struct AnsibleTask {
    var line = 0
    var hasName = false
    var isNameLower = false
    /// Keys that are no keyword: exactly one in a good task.
    var modules: [String] = []
    /// The command line of a shell task, as far as it stands behind the module.
    var command = ""
    var hasArguments = false
    /// Whether it leads to other tasks: a block.
    var isBlock = false
    /// Whether something says when a command changes anything.
    var saysWhatChanges = false
    var isMode = false
    var ignoresErrors = false
    var isLatest = false
    var hasBracedCondition = false

    /// The module's own name, without its collection.
    var module: String? {
        modules.first.map { name in name.split(separator: ".").last.map(String.init) ?? name }
    }

    /// Whether the module stands there by its full name.
    var isFullyNamed: Bool {
        guard let name = modules.first else { return true }
        return name.utf8.count { $0 == UInt8(ascii: ".") } >= 2
    }

    var isShell: Bool { module.map(AnsibleWords.shells.contains) ?? false }

    /// The module that does what the command line does; `nil` when there is none or the line does more.
    var betterModule: String? { plainProgram.flatMap { AnsibleWords.modules[$0] } }

    private var plainProgram: String? {
        guard isShell else { return nil }
        // A pipe, a here document or a loop is what a shell is for.
        guard !command.contains("|"), !command.contains("<<"), !command.contains("for ") else { return nil }
        var words = command.split(whereSeparator: { $0 == " " || $0 == "\n" })[...]
        if words.first == "sudo" { words = words.dropFirst() }
        guard let first = words.first, let program = first.split(separator: "/").last.map(String.init) else {
            return nil
        }
        // Asking is no change that a module makes: `git rev-parse`, `systemctl is-active`, `rpm -q`.
        if let second = words.dropFirst().first, Self.questions.contains(String(second)) { return nil }
        if program == "echo" || program == "cat", !command.contains(">") { return nil }
        if program == "sed", !command.contains("-i") { return nil }
        return program
    }

    private static let questions: Set<String> = [
        "rev-parse", "is-active", "is-enabled", "status", "-q", "-qa", "--version", "-V", "list", "show", "describe",
        "log", "ls-remote", "-t", "check", "freeze", "-l", "cat", "daemon-reload", "get-property", "list-units", "diff",
        "config", "-tf", "-tzf",
    ]

    /// What a linter says of it, each a few words.
    var complaints: [String] {
        var found: [String] = []
        if isShell, !saysWhatChanges { found.append("a command that does not say when it changes something") }
        if ignoresErrors { found.append("`ignore_errors`") }
        if isLatest { found.append("`state: latest`") }
        if hasArguments { found.append("arguments as `key=value`") }
        if hasBracedCondition { found.append("`{{ }}` in `when`") }
        if isNameLower { found.append("a name that begins in lower case") }
        if ["copy", "template", "get_url"].contains(module ?? ""), !isMode { found.append("a file without `mode`") }
        return found
    }
}
