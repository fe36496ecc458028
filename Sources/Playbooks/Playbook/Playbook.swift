package import CupelCore
package import OrderedCollections

/// A playbook as a tree: what a model's answer becomes, what is checked, and what the YAML is emitted from.
package struct Playbook: Sendable, Hashable {
    /// The plays in their order.
    package var plays: [Play]

    /// A playbook of these plays.
    package init(plays: [Play]) { self.plays = plays }
}

/// Tasks for some hosts.
package struct Play: Sendable, Hashable {
    /// What the play does, for people.
    package var name: String
    /// The hosts' pattern, as Ansible reads it.
    package var hosts: String
    /// Other keywords (`become`, `vars`, ...), in the order of ``Keywords/play``.
    package var keywords: OrderedDictionary<String, JSON>
    /// What is done, in order.
    package var tasks: [PlaybookTask]
    /// What is done when a task notifies it.
    package var handlers: [PlaybookTask]

    /// A play.
    package init(
        name: String,
        hosts: String,
        keywords: OrderedDictionary<String, JSON> = [:],
        tasks: [PlaybookTask],
        handlers: [PlaybookTask] = []
    ) {
        self.name = name
        self.hosts = hosts
        self.keywords = keywords
        self.tasks = tasks
        self.handlers = handlers
    }
}

/// One use of one module.
package struct PlaybookTask: Sendable, Hashable {
    /// What the task does, for people.
    package var name: String
    /// The module's full name.
    package var module: String
    /// The module's arguments: an object, or a text for a module that takes a free form.
    package var arguments: JSON
    /// Other keywords (`when`, `loop`, `notify`, ...).
    package var keywords: OrderedDictionary<String, JSON>
    /// The lint rules that the ask itself overrides, as `package-latest` where the latest version is asked for.
    package var lintExceptions: [String]

    /// A task.
    package init(
        name: String,
        module: String,
        arguments: JSON = .object([:]),
        keywords: OrderedDictionary<String, JSON> = [:],
        lintExceptions: [String] = []
    ) {
        self.name = name
        self.module = module
        self.arguments = arguments
        self.keywords = keywords
        self.lintExceptions = lintExceptions
    }

    /// The module's name without its collection.
    package var shortModule: String {
        module.hasPrefix(ModuleCatalog.collection) ? String(module.dropFirst(ModuleCatalog.collection.count)) : module
    }
}

/// The playbook keywords that are understood, in the order in which they are emitted.
package enum Keywords {
    /// A play's, apart from `name`, `hosts`, `tasks` and `handlers`.
    package static let play = [
        "become", "become_user", "gather_facts", "serial", "any_errors_fatal", "environment", "vars",
    ]
    /// A task's, apart from `name` and the module.
    package static let task = [
        "vars", "environment", "args", "become", "become_user", "delegate_to", "run_once", "loop", "loop_control",
        "when", "register", "until", "retries", "delay", "changed_when", "failed_when", "ignore_errors", "check_mode",
        "no_log", "async", "poll", "notify", "listen", "tags",
    ]
}
