import CupelCore

/// Tells how a playbook comes about, step by step, as its job's events arrive.
struct PlaybookStory {
    let terminal: Terminal
    let isQuiet: Bool

    /// Characters of an ask that are repeated to the person who gave it.
    private static let shownCharacters = 500

    /// Names the ask.
    func begin(_ ask: String) {
        head("ask", nil)
        body(ask.count > Self.shownCharacters ? ask.prefix(Self.shownCharacters) + " …" : ask)
    }

    /// Tells one event.
    func tell(_ event: JSON) {
        let data = event["data"]?["data"] ?? .null
        let took = data["took_ms"]?.doubleValue
        switch data["step"]?.stringValue {
        case "planned":
            head("modules chosen", took)
            for task in data["plan"]?["tasks"]?.arrayValue ?? [] { offers(task) }
        case "answered":
            head("the model's answer", took)
            body(data["answer"]?.stringValue ?? "")
        case "composed":
            head("playbook", took)
            body(data["yaml"]?.stringValue ?? "")
        case "checked": checks("schema check", data["problems"], took)
        case "linted": checks("YAML, --syntax-check and ansible-lint", data["findings"], took)
        case "rejected": checks("sent back to the model", data["problems"], nil)
        case "assayed":
            head("gauntlet", nil)
            let verdict = data["assay"]?["verdict"]?.stringValue ?? ""
            body("\(terminal.styled(verdict: verdict)): \(data["assay"]?["reason"]?.stringValue ?? "")")
        default:
            if let error = event["data"]?["error"], !error.isNull {
                say(terminal.styled("  \(error["message"]?.stringValue ?? "")", .bad))
            }
        }
    }

    /// Says where everything is kept.
    func end(_ record: JSON, job: String) {
        head("stored", nil)
        body("artefact  \(record["digest"]?.stringValue ?? "")")
        body(
            "record    playbook \(record["id"]?.stringValue ?? ""), job \(job), model \(record["model"]?.stringValue ?? "")"
        )
        body("read it   cupel playbook show \(record["id"]?.stringValue ?? "")\n")
    }

    private func offers(_ task: JSON) {
        for offer in task["offers"]?.arrayValue ?? [] {
            let module = terminal.styled(offer["module"]?.stringValue ?? "", .strong)
            body("\(module)  \(offer["reason"]?.stringValue ?? "")")
        }
    }

    private func checks(_ title: String, _ problems: JSON?, _ took: Double?) {
        head(title, took)
        let found = problems?.arrayValue ?? []
        if found.isEmpty { body(terminal.styled("clean", .good)) }
        for problem in found { body(terminal.styled(problem.stringValue ?? "", .warning)) }
    }

    private func head(_ title: String, _ took: Double?) {
        let time = took.map { terminal.styled("  \(Int($0.rounded())) ms", .faint) } ?? ""
        say(terminal.styled("▸ \(title)", .strong) + time)
    }

    private func body(_ text: String) {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) { say("  \(line)") }
    }

    private func say(_ line: String) {
        if isQuiet { terminal.say(line) } else { terminal.print(line) }
    }
}
