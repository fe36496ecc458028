import CupelCore
import OrderedCollections

extension PlaybookParser {
    /// Keywords that older playbooks use for `become` and `loop`.
    private static let loops: Set<String> = ["with_items", "with_list"]

    func play(_ value: JSON, number: Int) throws(CupelError) -> Play {
        guard let members = value.objectValue else { throw Self.refusal("play \(number) is not a mapping") }
        guard let hosts = members["hosts"] else { throw Self.refusal("play \(number) has no hosts") }
        let hostText = hosts.arrayValue.map { $0.map(\.scalarText).joined(separator: ",") } ?? hosts.scalarText
        var play = Play(
            name: members["name"]?.scalarText ?? "Configure \(hostText)",
            hosts: hostText.isEmpty ? "all" : hostText,
            tasks: []
        )
        for (key, value) in members where !["name", "hosts", "tasks", "handlers"].contains(key) {
            guard Keywords.play.contains(key) else {
                throw Self.refusal("play \(number) uses '\(key)', which is not supported; use tasks only")
            }
            play.keywords[key] = value
        }
        play.tasks = try tasks(members["tasks"], of: number)
        play.handlers = try tasks(members["handlers"], of: number)
        return play
    }

    private func tasks(_ value: JSON?, of play: Int) throws(CupelError) -> [PlaybookTask] {
        guard let value, !value.isNull else { return [] }
        guard let elements = value.arrayValue else { throw Self.refusal("the tasks of play \(play) are not a list") }
        var tasks: [PlaybookTask] = []
        for (index, element) in elements.enumerated() { tasks.append(try task(element, number: index + 1)) }
        return tasks
    }

    /// Reads one task; the one key that is no keyword is its module.
    private func task(_ value: JSON, number: Int) throws(CupelError) -> PlaybookTask {
        guard let members = value.objectValue else { throw Self.refusal("task \(number) is not a mapping") }
        var task: PlaybookTask?
        var keywords: OrderedDictionary<String, JSON> = [:]
        for (key, value) in members where key != "name" {
            if Self.loops.contains(key) {
                keywords["loop"] = value
            } else if Keywords.task.contains(key) {
                keywords[key] = value
            } else {
                guard task == nil else {
                    throw Self.refusal("task \(number) has both '\(task?.shortModule ?? "")' and '\(key)'")
                }
                task = try moduleUse(key, value, number: number)
            }
        }
        guard var task else { throw Self.refusal("task \(number) names no module") }
        task.name = members["name"]?.scalarText ?? task.shortModule
        if task.name.isEmpty { task.name = task.shortModule }
        // `args:` beside a free form is the old way to give a command's options.
        if let more = keywords.removeValue(forKey: "args")?.objectValue, case .object(let given) = task.arguments {
            task.arguments = .object(given.merging(more) { mine, _ in mine })
        }
        task.keywords = keywords
        return task
    }

    private func moduleUse(_ key: String, _ value: JSON, number: Int) throws(CupelError) -> PlaybookTask {
        guard let spec = catalog.module(named: key) else {
            let nearest = catalog.nearest(to: key)
            let hint = nearest.isEmpty ? "" : "; near it are \(nearest.joined(separator: ", "))"
            throw Self.refusal("task \(number) uses '\(key)', which is no builtin module\(hint)")
        }
        var task = PlaybookTask(name: "", module: spec.name)
        switch value {
        case .null: task.arguments = .object([:])
        case .object: task.arguments = value
        case .string(let text): task.arguments = try arguments(fromFreeForm: text, of: spec, number: number)
        default: throw Self.refusal("the arguments of task \(number) are not a mapping")
        }
        return task
    }

    /// Turns `key=value ...` and free forms into options: `command: uptime` becomes `cmd: uptime`.
    private func arguments(
        fromFreeForm text: String,
        of spec: ModuleSpec,
        number: Int
    ) throws(CupelError) -> JSON {
        if spec.takesFreeForm, spec.options["cmd"] != nil { return ["cmd": .string(text)] }
        if spec.takesFreeForm, spec.options["file"] != nil, !text.contains("=") { return ["file": .string(text)] }
        if spec.takesFreeForm, !spec.takesAnyKey { return .string(text) }
        var members: OrderedDictionary<String, JSON> = [:]
        for pair in Self.pairs(text) {
            guard let (key, value) = pair, members.updateValue(.string(value), forKey: key) == nil else {
                throw Self.refusal("task \(number) has free-form arguments; write them as a mapping")
            }
        }
        return .object(members)
    }

    /// Splits `a=1 b="x y"` at spaces outside quotes; `nil` stands for a piece that is no pair.
    private static func pairs(_ text: String) -> [(String, String)?] {
        var pieces: [String] = []
        var current = ""
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { current.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character.isWhitespace {
                if !current.isEmpty { pieces.append(current) }
                current = ""
            } else {
                current.append(character)
            }
        }
        if !current.isEmpty { pieces.append(current) }
        return pieces.map { piece in
            guard let equals = piece.firstIndex(of: "="), equals != piece.startIndex else { return nil }
            return (String(piece[..<equals]), String(piece[piece.index(after: equals)...]))
        }
    }
}
