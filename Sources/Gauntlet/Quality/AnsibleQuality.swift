/// The signals of a playbook or a file of tasks: whether it is built right, and what ansible-lint would say of it.
///
/// The rules that are asked for are ansible-lint's `name`, `fqcn`, `command-instead-of-module`, `no-changed-when`,
/// `ignore-errors`, `package-latest`, `no-free-form`, `risky-file-permissions` and `no-jinja-when`. Length says
/// nothing: a playbook of six lines can be as good as one can be.
struct AnsibleQuality {
    let reader: AnsibleReader

    /// The signals beside those of YAML.
    var signals: [QualitySignal] { [structure, names, fullNames, shell, lint] }

    private var structure: QualitySignal {
        let all = max(1, reader.tasks.count + reader.plays)
        let wrong = Double(reader.problems.count) / Double(all)
        return QualitySignal(
            "structure",
            reader.problems.isEmpty ? 1 : QualityScore.ramp(wrong, good: -0.1, bad: 0.25),
            weight: QualityWeights.structure,
            reader.problems.first.map { "\($0); see the keywords of plays and tasks in Ansible's documentation" } ?? ""
        )
    }

    private var named: [AnsibleTask] {
        reader.tasks.filter { !($0.isBlock || AnsibleWords.leading.contains($0.module ?? "")) }
    }

    private var names: QualitySignal {
        let nameless = named.count { !$0.hasName }
        return QualitySignal(
            "task-names",
            named.isEmpty ? 1 : 1 - TextCounts.ratio(nameless, named.count),
            weight: QualityWeights.taskNames,
            nameless == 0 ? "" : "\(nameless) of \(named.count) tasks have no name; say what each is for"
        )
    }

    private var fullNames: QualitySignal {
        let tasks = reader.tasks.filter { !$0.modules.isEmpty }
        let short = tasks.count { !$0.isFullyNamed }
        return QualitySignal(
            "full-names",
            1 - 0.9 * TextCounts.ratio(short, tasks.count),
            weight: QualityWeights.fullNames,
            short == 0
                ? ""
                : "\(short) of \(tasks.count) modules go by their short names; write ansible.builtin.… and the like"
        )
    }

    private var shell: QualitySignal {
        let better = reader.tasks.filter { $0.betterModule != nil }
        let share = TextCounts.ratio(better.count, reader.tasks.count)
        let words = better.first.map {
            "\(better.count) of \(reader.tasks.count) tasks run a shell where a module fits; line \($0.line) could use "
                + "\($0.betterModule ?? "one")"
        }
        return QualitySignal(
            "bare-shell",
            QualityScore.ramp(share, good: 0, bad: 0.6),
            weight: QualityWeights.bareShell,
            words ?? ""
        )
    }

    private var lint: QualitySignal {
        let complaints = reader.tasks.flatMap(\.complaints)
        let density = TextCounts.ratio(complaints.count, reader.tasks.count)
        var counts: [String: Int] = [:]
        for complaint in complaints { counts[complaint, default: 0] += 1 }
        let worst = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
        return QualitySignal(
            "lint",
            QualityScore.ramp(density, good: 0.3, bad: 2.2),
            weight: QualityWeights.lint,
            worst.map { "a linter has \(complaints.count) complaints, most often \($0.key)" } ?? ""
        )
    }
}
