import CupelCore
import OrderedCollections

/// Turns a model's answer into a playbook: JSON by the schema, or the YAML of a larger model.
struct AnswerReader: Sendable {
    /// Bytes of an answer.
    static let maximumBytes = 64 * 1024
    /// Modules that change nothing on the hosts, so that a play of only them needs no root.
    private static let unprivileged: Set<String> = [
        "debug", "ping", "fail", "assert", "set_fact", "pause", "wait_for", "wait_for_connection", "setup", "uri",
        "gather_facts", "meta",
    ]

    let catalog: ModuleCatalog

    /// Reads an answer.
    /// - Throws: ``CupelError`` `validation_error` with a message for the model.
    func playbook(_ text: String, plan: Plan, schema: AnswerSchema) throws(CupelError) -> Playbook {
        let answer = text.trimmingSpace()
        guard answer.utf8.count <= Self.maximumBytes else {
            throw Self.refusal("it is over \(Self.maximumBytes) bytes")
        }
        guard answer.hasPrefix("{") else {
            var playbook = try PlaybookParser(catalog: catalog).parse(answer)
            for index in playbook.plays.indices { playbook.plays[index].makeLintClean() }
            return playbook
        }
        let json: JSON
        do {
            json = try JSON(parsing: answer, limits: JSONLimits(bytes: Self.maximumBytes, depth: 16, values: 5000))
        } catch {
            throw Self.refusal("it is not JSON: \(error)")
        }
        return Playbook(plays: [try play(json, plan, schema)])
    }

    private static func refusal(_ problem: String) -> CupelError {
        CupelError(.validationError, "The answer does not fit the schema: \(problem).")
    }

    private func play(_ json: JSON, _ plan: Plan, _ schema: AnswerSchema) throws(CupelError) -> Play {
        let name = try pick(json["name"], from: plan.titles, "name")
        let hosts = try pick(json["hosts"], from: plan.hosts, "hosts")
        var play = Play(name: name, hosts: hosts, tasks: [])
        for (index, draft) in plan.tasks.enumerated() {
            let key = "task\(index + 1)"
            guard let task = json[key] else { throw Self.refusal("'\(key)' is missing") }
            play.tasks.append(try self.task(task, draft, schema, key))
        }
        let needsRoot = play.tasks.contains { !Self.unprivileged.contains($0.shortModule) }
        if needsRoot { play.keywords["become"] = true }
        return play
    }

    private func pick(_ value: JSON?, from choices: [String], _ key: String) throws(CupelError) -> String {
        guard let text = value?.stringValue, choices.contains(text) else {
            throw Self.refusal("'\(key)' is one of \(choices.prefix(5).joined(separator: ", "))")
        }
        return text
    }

    private func task(
        _ json: JSON,
        _ draft: TaskDraft,
        _ schema: AnswerSchema,
        _ key: String
    ) throws(CupelError) -> PlaybookTask {
        let module = try pick(json["module"], from: draft.offers.map(\.module), key + ".module")
        guard let offer = draft.offers.first(where: { $0.module == module }), let spec = catalog.modules[module] else {
            throw Self.refusal("'\(key).module' is unknown")
        }
        let titles = [TaskName.normalised(offer.title)] + draft.titles
        var task = PlaybookTask(name: try pick(json["name"], from: titles, key + ".name"), module: spec.name)
        task.arguments = .object(try arguments(json["args"], offer, schema, key))
        for (keyword, value) in offer.keywords.sorted(by: { $0.key < $1.key }) { task.keywords[keyword] = value }
        task.lintExceptions = offer.lintExceptions
        return task
    }

    /// The arguments in the order of the offer, each one of its candidates.
    private func arguments(
        _ json: JSON?,
        _ offer: ModuleOffer,
        _ schema: AnswerSchema,
        _ key: String
    ) throws(CupelError) -> OrderedDictionary<String, JSON> {
        let given = json?.objectValue ?? [:]
        var arguments: OrderedDictionary<String, JSON> = [:]
        for (name, value) in given {
            guard let slot = offer.slots.first(where: { $0.option == name }) else {
                throw Self.refusal("'\(key).args' has no option '\(name)'")
            }
            let resolved = value.stringValue.flatMap { schema.labels[$0] } ?? value
            guard slot.candidates.contains(resolved) else {
                throw Self.refusal("'\(key).args.\(name)' is not one of the values offered")
            }
            arguments[name] = resolved
        }
        for slot in offer.slots where arguments[slot.option] == nil {
            throw Self.refusal("'\(key).args.\(slot.option)' is missing")
        }
        return arguments
    }
}
