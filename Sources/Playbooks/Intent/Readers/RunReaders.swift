import CupelCore

/// What an ask gives for the modules that run, show, wait and stop.
enum RunReaders {
    static let all: [String: @Sendable (Reading) -> ModuleReading?] = [
        "command": { reading in command(reading, inShell: false) },
        "shell": { reading in command(reading, inShell: true) },
        "script": { reading in script(reading) },
        "reboot": { reading in
            let isOther = reading.has("cron", "every", "wait") || !reading.paths.isEmpty
            let asked =
                reading.wants(.reboot)
                || reading.wants(.restart) && reading.words.count <= 4
                    && reading.has("machine", "server", "servers", "host", "hosts", "computer", "system", "box")
            return asked && !isOther ? ModuleReading(title: "Reboot the machine") : nil
        },
        "pause": { reading in pause(reading) },
        "debug": { reading in message(reading, .show, title: "Show a message") },
        "fail": { reading in message(reading, .fail, title: "Fail with a message") },
        "setup": { reading in
            let asked =
                reading.wants(.gather, .show) && reading.has("facts", "fact") && !reading.has("package", "service")
            return asked ? ModuleReading(title: "Gather facts") : nil
        },
    ]

    private static func message(_ reading: Reading, _ action: Action, title: String) -> ModuleReading? {
        guard reading.wants(action) else { return nil }
        var result = ModuleReading(title: title)
        if let text = reading.quotedText {
            result.set("msg", text: text, "the ask gives the message")
            return result
        }
        let start =
            reading.words.firstIndex { ["message", "text", "saying", "that"].contains($0.lower) }
            ?? reading.words.firstIndex { Action.ofImperative($0) == action }
        guard let start, reading.paths.isEmpty, reading.urls().isEmpty else { return nil }
        let rest = reading.words[(start + 1)...].filter { !["the", "a", "message", ":"].contains($0.lower) }
        guard !rest.isEmpty, rest.count <= 12 else { return nil }
        result.set("msg", text: rest.map(\.text).joined(separator: " "), "the ask gives the message")
        return result
    }

    private static func pause(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.wait, .pause), reading.paths.isEmpty, !reading.has("port"),
            let index = reading.words.firstIndex(where: { $0.kind == .number }), index + 1 < reading.words.count,
            let count = Int64(reading.words[index].text), count > 0, count <= 86_400
        else { return nil }
        let unit = reading.words[index + 1].stem
        guard ["second", "sec", "s", "minute", "min", "hour"].contains(unit) else { return nil }
        var result = ModuleReading(title: "Wait \(count) \(reading.words[index + 1].lower)")
        if unit.hasPrefix("s") {
            result.set("seconds", .integer(count), "the ask gives a time")
        } else {
            result.set("minutes", .integer(unit == "hour" ? count * 60 : count), "the ask gives a time")
        }
        return result
    }

    private static func script(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.run), reading.has("script"),
            let path = reading.paths.first(where: { !$0.hasPrefix("/") })
        else { return nil }
        var result = ModuleReading(title: "Run script \(path)")
        result.set("cmd", text: path, "the ask names a script beside the playbook")
        result.keywords = [("changed_when", true)]
        return result
    }

    /// The command of the ask, or one that does what no builtin module does.
    private static func command(_ reading: Reading, inShell: Bool) -> ModuleReading? {
        let known = inShell ? nil : settings(reading)
        guard let (line, title, why) = known ?? said(reading) else { return nil }
        let needsShell = line.contains { "|&;<>$`*".contains($0) } || line.contains("&&")
        guard needsShell == inShell else { return nil }
        var result = ModuleReading(title: title)
        let isPipe = inShell && line.contains("|")
        result.set("cmd", text: isPipe ? "set -o pipefail && " + line : line, why)
        if isPipe { result.set("executable", "/bin/bash", "pipefail needs bash") }
        result.keywords = [("changed_when", true)]
        // The ask gives this very command: another module would be another ask.
        if known == nil { result.lintExceptions = ["command-instead-of-module", "no-tabs"] }
        return result
    }

    /// What the ask says to run: quoted, or all that follows the verb.
    private static func said(_ reading: Reading) -> (String, String, String)? {
        guard reading.wants(.run) else { return nil }
        let program: (String) -> String = { $0.split(separator: " ").first.map(String.init) ?? $0 }
        if let quoted = reading.quoted.first { return (quoted, "Run \(program(quoted))", "the ask gives the command") }
        guard let start = reading.words.firstIndex(where: { ["run", "execute", "invoke"].contains($0.stem) }) else {
            return nil
        }
        let noise: Set<String> = ["the", "command", "a", "shell", "script", "program", "following", ":"]
        let rest = reading.words[(start + 1)...].drop { noise.contains($0.lower) }
            .prefix { !["on", "every", "as", "when"].contains($0.lower) && $0.kind != .mark }
        guard let first = rest.first, first.kind == .path || first.kind == .file || rest.count <= 6 else { return nil }
        let line = rest.map(\.text).joined(separator: " ")
        return (line, "Run \(first.text)", "the ask gives the command")
    }

    /// Settings that people ask for and that only a command makes; names and forms are from the tools' manuals.
    private static func settings(_ reading: Reading) -> (String, String, String)? {
        if reading.has("timezone") || reading.has(phrase: "time zone"), reading.wants(.set, .ensure),
            let zone = reading.words.first(where: {
                $0.text.contains("/") && $0.kind == .plain || ["utc", "gmt"].contains($0.lower)
            })
        {
            return (
                "timedatectl set-timezone \(zone.text)", "Set the time zone to \(zone.text)",
                "only a command sets the time zone"
            )
        }
        if reading.has("swap"), reading.wants(.disable, .enable) {
            let verb = reading.wants(.disable) ? "swapoff" : "swapon"
            return ("\(verb) -a", "Run \(verb)", "only a command changes swap")
        }
        if reading.asks("ufw"), reading.wants(.allow, .deny, .open) {
            let port = reading.words.first {
                $0.kind == .number || $0.lower.hasSuffix("/tcp") || $0.lower.hasSuffix("/udp")
                    || ["ssh", "http", "https"].contains($0.lower)
            }
            guard let port else { return nil }
            let verb = reading.wants(.deny) ? "deny" : "allow"
            return ("ufw \(verb) \(port.lower)", "Let ufw \(verb) \(port.lower)", "only a command sets ufw's rules")
        }
        return nil
    }
}
