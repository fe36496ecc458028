/// What a verb of an ask wants done.
enum Action: String, Sendable, Hashable {
    case comment
    case install, remove, create, add, start, stop, restart, reload, enable, disable, mask, unmask
    case copy, render, download, fetch, extract, clone, wait, reboot, set, replace, write, show, fail, ping, check
    case run, schedule, hold, allow, deny, link, touch, chmod, chown, upgrade, lock, unlock, generate, find, gather
    case mount, send, open, ensure, contain, pause

    /// From a verb's stem to what it wants.
    private static let verbs: [String: Action] = [
        "install": .install, "setup": .install, "need": .install, "deploy": .copy, "uninstall": .remove,
        "remove": .remove, "delete": .remove, "erase": .remove, "purge": .remove, "rm": .remove, "clear": .remove,
        "create": .create, "make": .create, "mkdir": .create, "add": .add, "append": .add, "insert": .add,
        "include": .add, "start": .start, "launch": .start, "stop": .stop, "kill": .stop, "restart": .restart,
        "bounce": .restart, "reload": .reload, "enable": .enable, "activate": .enable, "disable": .disable,
        "deactivate": .disable, "mask": .mask, "unmask": .unmask, "copy": .copy, "upload": .copy, "push": .copy,
        "transfer": .copy, "put": .copy, "place": .copy, "render": .render, "template": .render, "download": .download,
        "wget": .download, "fetch": .fetch, "pull": .fetch, "collect": .fetch, "retrieve": .fetch, "extract": .extract,
        "unpack": .extract, "unarchive": .extract, "unzip": .extract, "untar": .extract, "decompress": .extract,
        "clone": .clone, "checkout": .clone, "wait": .wait, "pause": .pause, "sleep": .pause, "reboot": .reboot,
        "set": .set, "change": .set, "configure": .set, "modify": .set, "edit": .set, "update": .set, "adjust": .set,
        "replace": .replace, "substitute": .replace, "swap": .replace, "write": .write, "save": .write, "show": .show,
        "print": .show, "display": .show, "output": .show, "say": .show, "log": .show, "fail": .fail, "abort": .fail,
        "ping": .ping, "check": .check, "verify": .check, "test": .check, "assert": .check, "run": .run,
        "execute": .run, "invoke": .run, "schedule": .schedule, "hold": .hold, "pin": .hold, "freeze": .hold,
        "unhold": .hold, "allow": .allow, "permit": .allow, "accept": .allow, "block": .deny, "deny": .deny,
        "drop": .deny, "reject": .deny, "forbid": .deny, "link": .link, "symlink": .link, "touch": .touch,
        "chmod": .chmod, "chown": .chown, "upgrade": .upgrade, "lock": .lock, "unlock": .unlock,
        "generate": .generate, "find": .find, "search": .find, "list": .gather, "locate": .find, "gather": .gather,
        "get": .gather, "read": .gather, "inspect": .gather, "mount": .mount, "send": .send, "post": .send,
        "open": .open, "ensure": .ensure, "rename": .set, "give": .set, "grant": .set, "put_line": .add,
        "use": .set, "register": .add, "turn": .set, "request": .send, "call": .send, "query": .check, "move": .copy,
        "backup": .copy,
        "import": .add, "store": .write, "dump": .write, "apt-get": .set, "apt": .set, "change_owner": .chown,
        "assign": .add, "join": .add, "trust": .add, "prevent": .disable, "comment": .comment,
    ]

    /// From a state, as in "is running", to what must be done for it.
    private static let states: [String: Action] = [
        "run": .start, "start": .start, "up": .start, "stop": .stop, "down": .stop, "restart": .restart,
        "enable": .enable, "disable": .disable, "install": .install, "present": .create, "absent": .remove,
        "remove": .remove, "uninstall": .remove, "exist": .create, "gone": .remove, "active": .start,
        "latest": .upgrade, "mask": .mask, "reload": .reload, "available": .install, "delete": .remove,
        "contain": .contain,
        "has": .contain, "have": .contain, "own": .chown, "owned": .chown, "upgrade": .upgrade, "create": .create,
        "belong": .chown, "start_boot": .enable, "link": .link, "lock": .lock, "set": .set,
    ]

    /// The action of a word that begins a clause.
    static func ofVerb(_ word: Word) -> Action? { word.kind == .plain ? verbs[word.stem] ?? verbs[word.lower] : nil }

    /// The action of an imperative: the bare form of a verb.
    static func ofImperative(_ word: Word) -> Action? { word.kind == .plain ? verbs[word.lower] : nil }

    /// What must be done for the state not to hold.
    var opposite: Action {
        switch self {
        case .install, .create, .contain, .upgrade: .remove
        case .start, .restart: .stop
        case .enable: .disable
        case .stop: .start
        case .disable: .enable
        case .remove: .create
        default: self
        }
    }

    /// Whether this is about a running service rather than what is on the disk.
    var isOfServices: Bool {
        switch self {
        case .start, .stop, .restart, .reload, .enable, .disable, .mask, .unmask: true
        default: false
        }
    }

    /// The action of a word that says how something should be.
    static func ofState(_ word: Word) -> Action? { word.kind == .plain ? states[word.stem] ?? states[word.lower] : nil }
}
