import CupelCore
import OrderedCollections

/// Checks a playbook's arguments against the module specifications, without running anything.
///
/// `--syntax-check` sees next to none of these errors, and ansible-lint about half.
package struct ArgumentValidator: Sendable {
    let catalog: ModuleCatalog

    /// A validator that knows these modules.
    package init(catalog: ModuleCatalog) { self.catalog = catalog }

    /// Checks every task; gives the playbook with canonical module and option names, and what is wrong with it.
    package func check(_ playbook: Playbook) -> (playbook: Playbook, problems: [ArgumentProblem]) {
        var playbook = playbook
        var problems: [ArgumentProblem] = []
        for play in playbook.plays.indices {
            for task in playbook.plays[play].tasks.indices {
                problems += check(&playbook.plays[play].tasks[task], at: "plays[\(play)].tasks[\(task)]")
            }
            for task in playbook.plays[play].handlers.indices {
                problems += check(&playbook.plays[play].handlers[task], at: "plays[\(play)].handlers[\(task)]")
            }
        }
        return (playbook, problems)
    }

    private func check(_ task: inout PlaybookTask, at path: String) -> [ArgumentProblem] {
        guard let spec = catalog.module(named: task.module) else {
            let nearest = catalog.nearest(to: task.shortModule)
            let hint = nearest.isEmpty ? "" : "; near it are \(nearest.joined(separator: ", "))"
            return [
                ArgumentProblem(
                    kind: .unknownModule,
                    path: path,
                    module: task.module,
                    message: "no builtin module has this name\(hint)"
                )
            ]
        }
        task.module = spec.name
        var check = ArgumentCheck(spec: spec, path: path)
        switch task.arguments {
        case .object(let members): task.arguments = .object(check.options(members))
        case .string(let text): check.freeForm(text)
        default: check.report(.wrongType, "the arguments are a mapping of options, not \(task.arguments.kind)")
        }
        return check.problems
    }
}

/// The check of one task's arguments.
private struct ArgumentCheck {
    let spec: ModuleSpec
    let path: String
    var problems: [ArgumentProblem] = []

    init(spec: ModuleSpec, path: String) {
        self.spec = spec
        self.path = path
    }

    mutating func report(_ kind: ArgumentProblem.Kind, _ message: String) {
        problems.append(ArgumentProblem(kind: kind, path: path, module: spec.shortName, message: message))
    }

    mutating func freeForm(_ text: String) {
        guard spec.takesFreeForm else {
            return report(.freeForm, "free-form arguments are not accepted; give options as a mapping")
        }
        if !spec.freeFormChoices.isEmpty, !spec.freeFormChoices.contains(text) {
            report(.notAChoice, "'\(text)' is not one of \(spec.freeFormChoices.joined(separator: ", "))")
        }
        if text.isEmpty { report(.missingOption, "the text to run is missing") }
    }

    /// Checks the options and gives them under their canonical names.
    mutating func options(_ members: OrderedDictionary<String, JSON>) -> OrderedDictionary<String, JSON> {
        guard !spec.takesAnyKey else { return members }
        if spec.takesFreeForm, spec.options.isEmpty { report(.freeForm, "this module takes one text, not options") }
        var given: OrderedDictionary<String, JSON> = [:]
        for (name, value) in members {
            guard let option = spec.option(named: name) else {
                unknown(name)
                continue
            }
            if given.updateValue(value, forKey: option.name) != nil {
                report(.duplicateOption, "'\(name)' is another name of '\(option.name)', which is given too")
            }
            if let problem = OptionCheck.problem(value, option) { report(problem.kind, problem.message) }
        }
        relations(given)
        return given
    }

    private mutating func unknown(_ name: String) {
        let names = Array(spec.options.keys) + spec.aliases.keys.sorted()
        let nearest = Spelling.nearest(to: name, among: names, count: 1).first.map { spec.aliases[$0] ?? $0 }
        report(.unknownOption, "unknown option '\(name)'" + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
    }

    /// Checks how the options go together.
    private mutating func relations(_ given: OrderedDictionary<String, JSON>) {
        let present = Set(given.filter { !$0.value.isNull }.keys)
        for option in spec.options.values where option.isRequired && !present.contains(option.name) {
            report(.missingOption, "the required option '\(option.name)' is missing")
        }
        for names in spec.mutuallyExclusive {
            let both = names.filter(present.contains)
            if both.count > 1 { report(.mutuallyExclusive, "only one of \(both.joined(separator: ", ")) may be given") }
        }
        for names in spec.requiredOneOf where !names.contains(where: present.contains) {
            report(.incomplete, "one of \(names.joined(separator: ", ")) is needed")
        }
        for names in spec.requiredTogether {
            let some = names.filter(present.contains)
            if !some.isEmpty, some.count < names.count {
                report(.incomplete, "\(names.joined(separator: ", ")) go together")
            }
        }
        for (name, needed) in spec.requiredBy where present.contains(name) {
            let missing = needed.filter { !present.contains($0) }
            if !missing.isEmpty { report(.incomplete, "'\(name)' needs \(missing.joined(separator: ", "))") }
        }
        for condition in spec.requiredIf { check(condition, given, present) }
    }

    private mutating func check(
        _ condition: ModuleSpec.Condition,
        _ given: OrderedDictionary<String, JSON>,
        _ present: Set<String>
    ) {
        let value = given[condition.option] ?? spec.options[condition.option]?.defaultValue
        guard let value, value.scalarText == condition.value.scalarText else { return }
        let missing = condition.names.filter { !present.contains($0) }
        guard condition.anyIsEnough ? missing.count == condition.names.count : !missing.isEmpty else { return }
        let names = missing.joined(separator: condition.anyIsEnough ? " or " : ", ")
        report(.incomplete, "\(names) is needed when \(condition.option) is \(value.scalarText)")
    }
}
