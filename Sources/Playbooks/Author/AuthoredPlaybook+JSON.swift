package import CupelCore
import OrderedCollections

extension AuthoredPlaybook {
    /// The whole record as JSON.
    package var json: JSON {
        [
            "ask": .string(ask), "playbook": playbook.json, "yaml": .string(yaml), "plan": plan.json,
            "attempts": .array(attempts.map(\.json)), "timings": timings.json,
        ]
    }

    /// Reads what ``json`` gave.
    /// - Throws: ``CupelError`` `validation_error` when it is no such record.
    package init(json: JSON) throws(CupelError) {
        guard let ask = json["ask"]?.stringValue, let playbook = json["playbook"], let yaml = json["yaml"]?.stringValue,
            let plan = json["plan"], let attempts = json["attempts"]?.arrayValue, let timings = json["timings"]
        else { throw Playbook.broken }
        self.init(
            ask: ask,
            playbook: try Playbook(json: playbook),
            yaml: yaml,
            plan: try Plan(json: plan),
            attempts: [],
            timings: AuthorTimings(json: timings)
        )
        for attempt in attempts { self.attempts.append(try AuthorAttempt(json: attempt)) }
    }
}

extension Plan {
    /// The plan as JSON, for the record.
    package var json: JSON {
        [
            "hosts": .array(hosts.map(JSON.string)), "titles": .array(titles.map(JSON.string)),
            "tasks": .array(tasks.map(\.json)),
        ]
    }

    init(json: JSON) throws(CupelError) {
        guard let hosts = json["hosts"]?.texts, let titles = json["titles"]?.texts,
            let tasks = json["tasks"]?.arrayValue
        else { throw Playbook.broken }
        self.init(hosts: hosts, tasks: [], titles: titles)
        for task in tasks { self.tasks.append(try TaskDraft(json: task)) }
    }
}

extension TaskDraft {
    var json: JSON {
        [
            "clause": .string(clause), "titles": .array(titles.map(JSON.string)), "offers": .array(offers.map(\.json)),
        ]
    }

    init(json: JSON) throws(CupelError) {
        guard let clause = json["clause"]?.stringValue, let titles = json["titles"]?.texts,
            let offers = json["offers"]?.arrayValue
        else { throw Playbook.broken }
        self.init(clause: clause, offers: [], titles: titles)
        for offer in offers { self.offers.append(try ModuleOffer(json: offer)) }
    }
}

extension ModuleOffer {
    var json: JSON {
        [
            "module": .string(module), "score": .number(score), "reason": .string(reason), "title": .string(title),
            "slots": .array(slots.map(\.json)), "lint_exceptions": .array(lintExceptions.map(JSON.string)),
            "keywords": .object(OrderedDictionary(uniqueKeysWithValues: keywords.sorted { $0.key < $1.key })),
        ]
    }

    init(json: JSON) throws(CupelError) {
        guard let module = json["module"]?.stringValue, let score = json["score"]?.doubleValue,
            let reason = json["reason"]?.stringValue, let title = json["title"]?.stringValue,
            let slots = json["slots"]?.arrayValue, let exceptions = json["lint_exceptions"]?.texts,
            let keywords = json["keywords"]?.objectValue
        else { throw Playbook.broken }
        var read: [Slot] = []
        for slot in slots { read.append(try Slot(json: slot)) }
        self.init(
            module: module,
            score: score,
            reason: reason,
            slots: read,
            title: title,
            lintExceptions: exceptions,
            keywords: Dictionary(uniqueKeysWithValues: keywords.map { ($0.key, $0.value) })
        )
    }
}

extension Slot {
    var json: JSON { ["option": .string(option), "candidates": .array(candidates), "reason": .string(reason)] }

    init(json: JSON) throws(CupelError) {
        guard let option = json["option"]?.stringValue, let candidates = json["candidates"]?.arrayValue,
            let reason = json["reason"]?.stringValue
        else { throw Playbook.broken }
        self.init(option: option, candidates: candidates, reason: reason)
    }
}

extension AuthorAttempt {
    var json: JSON {
        [
            "answer": .string(answer.text), "cut": .bool(answer.isCut),
            "prompt_tokens": .integer(Int64(answer.promptTokens)),
            "answer_tokens": .integer(Int64(answer.answerTokens)),
            "problems": .array(problems.map(JSON.string)),
        ]
    }

    init(json: JSON) throws(CupelError) {
        guard let text = json["answer"]?.stringValue, let isCut = json["cut"]?.boolValue,
            let problems = json["problems"]?.texts
        else { throw Playbook.broken }
        let answer = AuthorAnswer(
            text: text,
            isCut: isCut,
            promptTokens: json["prompt_tokens"]?.intValue ?? 0,
            answerTokens: json["answer_tokens"]?.intValue ?? 0
        )
        self.init(answer: answer, problems: problems)
    }
}

extension AuthorTimings {
    /// Milliseconds by stage.
    package var json: JSON {
        [
            "planning_ms": .number(planning.inMilliseconds), "answering_ms": .number(answering.inMilliseconds),
            "composing_ms": .number(composing.inMilliseconds), "linting_ms": .number(linting.inMilliseconds),
        ]
    }

    init(json: JSON) {
        func duration(_ key: String) -> Duration {
            .microseconds(Int64(((json[key]?.doubleValue ?? 0) * 1000).rounded()))
        }
        self.init(
            planning: duration("planning_ms"),
            answering: duration("answering_ms"),
            composing: duration("composing_ms"),
            linting: duration("linting_ms")
        )
    }
}

extension JSON {
    /// The elements of an array of texts; `nil` when this is none.
    var texts: [String]? {
        guard let elements = arrayValue else { return nil }
        let texts = elements.compactMap(\.stringValue)
        return texts.count == elements.count ? texts : nil
    }
}
