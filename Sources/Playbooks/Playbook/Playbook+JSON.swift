package import CupelCore
import OrderedCollections

extension Playbook {
    /// The tree as JSON, for the record.
    package var json: JSON {
        .object(["plays": .array(plays.map(\.json))])
    }

    /// Reads what ``json`` gave.
    /// - Throws: ``CupelError`` `validation_error` when it is no playbook.
    package init(json: JSON) throws(CupelError) {
        guard let plays = json["plays"]?.arrayValue else { throw Self.broken }
        var read: [Play] = []
        for play in plays { read.append(try Play(json: play)) }
        self.init(plays: read)
    }

    static let broken = CupelError(.validationError, "The record is not a playbook's.")
}

extension Play {
    var json: JSON {
        [
            "name": .string(name), "hosts": .string(hosts), "keywords": .object(keywords),
            "tasks": .array(tasks.map(\.json)), "handlers": .array(handlers.map(\.json)),
        ]
    }

    init(json: JSON) throws(CupelError) {
        guard let name = json["name"]?.stringValue, let hosts = json["hosts"]?.stringValue,
            let keywords = json["keywords"]?.objectValue, let tasks = json["tasks"]?.arrayValue,
            let handlers = json["handlers"]?.arrayValue
        else { throw Playbook.broken }
        self.init(name: name, hosts: hosts, keywords: keywords, tasks: [])
        for task in tasks { self.tasks.append(try PlaybookTask(json: task)) }
        for handler in handlers { self.handlers.append(try PlaybookTask(json: handler)) }
    }
}

extension PlaybookTask {
    var json: JSON {
        [
            "name": .string(name), "module": .string(module), "arguments": arguments, "keywords": .object(keywords),
            "lint_exceptions": .array(lintExceptions.map(JSON.string)),
        ]
    }

    init(json: JSON) throws(CupelError) {
        guard let name = json["name"]?.stringValue, let module = json["module"]?.stringValue,
            let arguments = json["arguments"], let keywords = json["keywords"]?.objectValue
        else { throw Playbook.broken }
        self.init(
            name: name,
            module: module,
            arguments: arguments,
            keywords: keywords,
            lintExceptions: json["lint_exceptions"]?.arrayValue?.compactMap(\.stringValue) ?? []
        )
    }
}
