/// Reads plays and tasks out of the outline of a playbook or a file of tasks.
struct AnsibleReader {
    let text: UnsafeRawBufferPointer
    let outline: YAMLOutline
    private(set) var plays = 0
    private(set) var tasks: [AnsibleTask] = []
    /// What is built wrong: lines and words.
    private(set) var problems: [String] = []
    /// Whether it is a playbook or a list of tasks; a file of variables is neither.
    var isAutomation: Bool { plays > 0 || !tasks.isEmpty }

    /// What a task or play is, by its entry.
    private enum Role {
        case play
        case task(Int)
    }

    init(_ text: UnsafeRawBufferPointer, _ outline: YAMLOutline) {
        self.text = text
        self.outline = outline
        read()
    }

    private mutating func read() {
        let entries = outline.entries
        var roles: [Int: Role] = [:]
        let keysOfTop = topKeys()
        for (index, entry) in entries.enumerated() {
            if entry.isItem {
                if entry.parent < 0 {
                    let keys = keysOfTop[index] ?? []
                    if !keys.isDisjoint(with: AnsibleWords.playMarks) {
                        plays += 1
                        roles[index] = .play
                        judgePlay(keys, entry.line)
                    } else if isTask(keys) {
                        roles[index] = .task(addTask(entry.line))
                    }
                } else if holdsTasks(entry.parent, roles) {
                    roles[index] = .task(addTask(entry.line))
                }
            } else if entry.parent >= 0, case .task(let task)? = roles[entry.parent] {
                note(index, in: task)
            } else if entry.parent >= 0, !tasks.isEmpty,
                case .task(let task)? = roles[outline.entries[entry.parent].parent]
            {
                noteArgument(index, in: task)
            }
        }
        judgeTasks()
    }

    private func topKeys() -> [Int: Set<String>] {
        var keys: [Int: Set<String>] = [:]
        for entry in outline.entries where !entry.isItem && entry.parent >= 0 {
            let owner = outline.entries[entry.parent]
            guard owner.isItem, owner.parent < 0 else { continue }
            keys[entry.parent, default: []].insert(string(entry.key))
        }
        return keys
    }

    private func isTask(_ keys: Set<String>) -> Bool {
        !keys.isDisjoint(with: AnsibleWords.taskKeywords) || keys.contains { $0.hasPrefix("ansible.") }
            || keys.contains { AnsibleWords.shells.contains($0) || AnsibleWords.leading.contains($0) }
    }

    private func holdsTasks(_ owner: Int, _ roles: [Int: Role]) -> Bool {
        let entry = outline.entries[owner]
        guard !entry.isItem, AnsibleWords.taskLists.contains(string(entry.key)), entry.parent >= 0 else { return false }
        return roles[entry.parent] != nil
    }

    private mutating func addTask(_ line: Int) -> Int {
        tasks.append(AnsibleTask(line: line))
        return tasks.count - 1
    }

    private mutating func judgePlay(_ keys: Set<String>, _ line: Int) {
        if keys.isDisjoint(with: AnsibleWords.playWork) {
            problems.append("line \(line): the play has neither tasks nor roles")
        }
        let misspelt = ["host", "task", "role", "var", "handler"].filter(keys.contains)
        if let key = misspelt.first { problems.append("line \(line): `\(key)` is no keyword of a play") }
    }

    private mutating func note(_ index: Int, in task: Int) {
        let entry = outline.entries[index]
        let key = string(entry.key)
        let value = text[entry.value]
        switch key {
        case "name":
            tasks[task].hasName = !entry.value.isEmpty
            let first = value.drop { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") }.first ?? 0x41
            tasks[task].isNameLower = (0x61...0x7A).contains(first)
        case "block", "rescue", "always", "import_playbook": tasks[task].isBlock = true
        case "changed_when", "creates", "removes":
            tasks[task].saysWhatChanges = true
        case "ignore_errors": tasks[task].ignoresErrors = isTrue(value)
        case "action", "local_action": tasks[task].modules.append(key)
        default: break
        }
        if key == "when", value.starts(with: "{{".utf8) || value.dropFirst().starts(with: "{{".utf8) {
            tasks[task].hasBracedCondition = true
        }
        if key == "args", contains(value, "creates") { tasks[task].saysWhatChanges = true }
        guard !AnsibleWords.taskKeywords.contains(key), !key.hasPrefix("with_") else { return }
        tasks[task].modules.append(key)
        noteModule(entry, in: task)
    }

    private mutating func noteModule(_ entry: YAMLOutline.Entry, in task: Int) {
        let value = String(decoding: text[entry.value].prefix(2000), as: UTF8.self)
        if tasks[task].isShell {
            tasks[task].command = value
            if value.contains("creates=") { tasks[task].saysWhatChanges = true }
        } else if !value.isEmpty, !value.hasPrefix("{"), value.contains("=") {
            tasks[task].hasArguments = true
            tasks[task].isLatest = value.contains("state=latest")
            tasks[task].isMode = value.contains("mode=")
        } else if value.contains("mode:") {
            tasks[task].isMode = true
        }
    }

    private mutating func noteArgument(_ index: Int, in task: Int) {
        let entry = outline.entries[index]
        switch string(entry.key) {
        case "mode": tasks[task].isMode = true
        case "creates", "removes": tasks[task].saysWhatChanges = true
        case "state": if contains(text[entry.value], "latest") { tasks[task].isLatest = true }
        case "cmd", "_raw_params":
            if tasks[task].isShell {
                tasks[task].command = String(decoding: text[entry.value].prefix(2000), as: UTF8.self)
            }
        default: break
        }
    }

    private mutating func judgeTasks() {
        for task in tasks {
            if task.modules.isEmpty, !task.isBlock {
                problems.append("line \(task.line): the task names no module")
            } else if task.modules.count > 1 {
                problems.append("line \(task.line): the task names several modules: \(shown(task.modules))")
            }
        }
    }

    private func shown(_ names: [String]) -> String { names.prefix(3).joined(separator: ", ") }

    private func string(_ range: Range<Int>) -> String { String(decoding: text[range].prefix(100), as: UTF8.self) }

    private func isTrue(_ value: Slice<UnsafeRawBufferPointer>) -> Bool {
        ["true", "yes", "True", "on"].contains { value.elementsEqual($0.utf8) }
    }

    private func contains(_ value: Slice<UnsafeRawBufferPointer>, _ word: String) -> Bool {
        String(decoding: value.prefix(400), as: UTF8.self).contains(word)
    }
}
