/// The signals of a workflow of GitHub Actions or of an action: whether jobs and steps are what they must be, and what
/// actionlint and GitHub's guide "Security hardening for GitHub Actions" would say.
struct WorkflowQuality {
    let text: UnsafeRawBufferPointer
    let outline: YAMLOutline
    private var top: Set<String> = []
    private var jobs = 0
    private var steps = 0
    private var commands = 0
    private var namedCommands = 0
    private var actions = 0
    private var loose = 0
    private var problems: [String] = []
    private var complaints: [String] = []

    init(_ text: UnsafeRawBufferPointer, _ outline: YAMLOutline) {
        self.text = text
        self.outline = outline
        read()
    }

    /// The signals beside those of YAML.
    var signals: [QualitySignal] {
        let wrong = Double(problems.count) / Double(max(1, jobs + steps))
        let unnamed = commands - namedCommands
        let density = Double(complaints.count) / Double(max(1, steps))
        return [
            QualitySignal(
                "structure",
                problems.isEmpty ? 1 : QualityScore.ramp(wrong, good: -0.1, bad: 0.25),
                weight: QualityWeights.structure,
                problems.first.map { "\($0); see GitHub's workflow syntax" } ?? ""
            ),
            QualitySignal(
                "pinned",
                1 - 0.8 * TextCounts.ratio(loose, actions),
                weight: QualityWeights.pinned,
                loose == 0 ? "" : "\(loose) of \(actions) actions name no version; pin each to a tag or a commit"
            ),
            QualitySignal(
                "task-names",
                commands < 4 ? 1 : 1 - 0.7 * TextCounts.ratio(unnamed, commands),
                weight: QualityWeights.taskNames,
                unnamed == 0 ? "" : "\(unnamed) of \(commands) commands have no name; say what each is for"
            ),
            QualitySignal(
                "lint",
                QualityScore.ramp(density, good: 0.1, bad: 1),
                weight: QualityWeights.lint,
                complaints.first.map { "a linter has \(complaints.count) complaints, as \($0)" } ?? ""
            ),
        ]
    }

    private struct Step {
        var hasCommand = false
        var hasAction = false
        var hasName = false
    }

    private mutating func read() {
        var steps: [Int: Step] = [:]
        var jobKeys: [Int: Set<String>] = [:]
        for (index, entry) in outline.entries.enumerated() {
            let owner = entry.parent
            if entry.isItem {
                if owner >= 0, key(owner) == "steps" { steps[index] = Step() }
                continue
            }
            let name = string(entry.key)
            if owner < 0 {
                top.insert(name)
            } else if outline.entries[owner].parent < 0, key(owner) == "jobs", !outline.entries[owner].isItem {
                jobKeys[index] = []
            } else if jobKeys[owner] != nil {
                jobKeys[owner]?.insert(name)
                if name == "uses" { noteAction(entry.value) }
            } else if steps[owner] != nil {
                switch name {
                case "run":
                    steps[owner]?.hasCommand = true
                    noteCommand(entry)
                case "uses":
                    steps[owner]?.hasAction = true
                    noteAction(entry.value)
                case "name": steps[owner]?.hasName = true
                default: break
                }
            }
        }
        judge(Array(steps.values), jobKeys)
    }

    private mutating func judge(_ found: [Step], _ jobKeys: [Int: Set<String>]) {
        jobs = jobKeys.count
        steps = found.count
        commands = found.count(where: \.hasCommand)
        namedCommands = found.count { $0.hasCommand && $0.hasName }
        if found.contains(where: { $0.hasCommand == $0.hasAction }) {
            problems.append("a step needs either `run` or `uses`, and one of them alone")
        }
        if top.contains("runs") { return }
        if !top.contains("on"), !top.contains("true") { problems.append("nothing says when it runs: `on` is missing") }
        if jobs == 0 { problems.append("`jobs` is missing or empty") }
        for (index, keys) in jobKeys.sorted(by: { $0.key < $1.key }) {
            if keys.isDisjoint(with: ["uses", "runs-on"]) {
                problems.append("line \(outline.entries[index].line): the job has neither `runs-on` nor `uses`")
            }
        }
    }

    private mutating func noteAction(_ value: Range<Int>) {
        let name = string(value)
        guard !name.hasPrefix("./"), !name.hasPrefix("docker:") else { return }
        actions += 1
        let version = name.split(separator: "@").dropFirst().first.map(String.init)
        if version == nil || version == "main" || version == "master" { loose += 1 }
    }

    private mutating func noteCommand(_ entry: YAMLOutline.Entry) {
        let script = String(decoding: text[entry.value].prefix(8000), as: UTF8.self)
        let fields = ["title }", "body }", "head_ref }", "message }", "label }"]
        if script.contains("${{ github.event.") || script.contains("${{ github.head_ref"),
            fields.contains(where: script.contains) || script.contains("head_ref")
        {
            complaints.append("text of the event in a command (line \(entry.line)); pass it by `env`")
        }
        if script.contains("::set-output") || script.contains("::save-state") {
            complaints.append("`::set-output`, which no runner hears any more (line \(entry.line))")
        }
        if script.utf8.count(where: { $0 == 0x0A }) > 60 {
            complaints.append("a script of over 60 lines (line \(entry.line)); keep it in a file")
        }
    }

    private func key(_ index: Int) -> String { string(outline.entries[index].key) }

    private func string(_ range: Range<Int>) -> String { String(decoding: text[range].prefix(200), as: UTF8.self) }
}
