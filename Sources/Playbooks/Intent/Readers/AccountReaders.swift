import CupelCore

/// What an ask gives for the modules that manage users and groups.
enum AccountReaders {
    static let all: [String: @Sendable (Reading) -> ModuleReading?] = [
        "user": { reading in user(reading) },
        "group": { reading in group(reading) },
        "getent": { reading in getent(reading) },
    ]

    private static let nouns: Set<String> = ["user", "users", "account", "accounts", "login", "username"]
    private static let groupNouns: Set<String> = ["group", "groups"]
    private static let shells: [String: String] = [
        "bash": "/bin/bash", "zsh": "/bin/zsh", "sh": "/bin/sh", "fish": "/usr/bin/fish",
        "nologin": "/usr/sbin/nologin",
        "dash": "/bin/dash",
    ]

    /// The user of the clause: named beside the noun, or the one of an earlier task.
    private static func name(_ reading: Reading) -> (String, String)? {
        if let name = reading.names(of: nouns).first { return (name, "the ask names a user") }
        if let draft = reading.earlier.last(where: { $0.module == "user" }), reading.pointsBack || reading.has("user"),
            let name = draft.value("name")?.stringValue
        {
            return (name, "an earlier task is about user \(name)")
        }
        // "add alice to the docker group"
        if reading.wants(.add, .set), reading.has("group"), reading.has("to"), reading.words.count > 1 {
            let start = reading.words.firstIndex { Action.ofImperative($0) != nil }.map { $0 + 1 } ?? 0
            if let name = reading.nameList(from: start).first { return (name, "the ask adds it to a group") }
        }
        return nil
    }

    private static func isAbout(_ reading: Reading) -> Bool {
        if reading.has("cron", "crontab", "owned", "schedule", "sudoers") { return false }
        // A database has users of its own, and a key that is not given cannot be put anywhere.
        if reading.has("database", "db", "mysql", "postgresql", "postgres", "mariadb", "mongodb") { return false }
        if reading.has("key"), !reading.has("generate", "create", "generated") { return false }
        if reading.has("directory", "folder"), !reading.has("home"), !reading.absolutePaths.isEmpty { return false }
        let allowed: Set<Action> = [
            .create, .add, .remove, .lock, .unlock, .generate, .set, .ensure, .disable, .contain, .install, .chown,
        ]
        guard reading.actions.contains(where: allowed.contains) else { return false }
        return reading.words.contains { nouns.contains($0.lower) } || reading.pointsBack
            || (reading.has("group") && reading.wants(.add) && reading.has("to"))
    }

    private static func user(_ reading: Reading) -> ModuleReading? {
        guard isAbout(reading), let (name, why) = name(reading),
            reading.word(after: ["of"], where: { $0.kind == .path }) == nil
        else { return nil }
        var result = ModuleReading(title: "Create user \(name)")
        result.set("name", text: name, why)
        if reading.wants(.remove), !reading.has("group") || reading.has("account") {
            result.title = "Remove user \(name)"
            result.set("state", "absent", "the ask removes the user")
            result.again("name", for: Array(reading.names(of: nouns).dropFirst()))
            if reading.has("home", "files", "data") { result.set("remove", true, "the ask removes the home too") }
            return result
        }
        details(reading, name, &result)
        result.again("name", for: Array(reading.names(of: nouns).dropFirst()))
        // A user that is only pointed back at needs something to be said about.
        let isBare = result.slots.count == 1
        let isNamed = reading.words.contains { nouns.contains($0.lower) }
        return isBare && (!isNamed || reading.wants(.set)) ? nil : result
    }

    private static func details(_ reading: Reading, _ name: String, _ result: inout ModuleReading) {
        let number: (Word) -> Bool = { $0.kind == .number }
        if reading.wants(.lock, .unlock) || (reading.wants(.disable) && reading.has("account", "password", "login")) {
            let locks = !reading.wants(.unlock)
            result.set("password_lock", .bool(locks), "the ask says so")
            result.title = (locks ? "Lock" : "Unlock") + " user \(name)"
            return
        }
        if let id = reading.word(after: ["uid", "id"], where: number).flatMap({ Int64($0.text) }) {
            result.set("uid", .integer(id), "the ask gives the uid")
        }
        result.set(
            "comment",
            text: reading.word(after: ["comment", "gecos"], where: { $0.kind == .quoted })?.text,
            "the ask gives a comment"
        )
        let shell = reading.word(after: ["shell"], within: 7) { $0.kind == .path || shells[$0.lower] != nil }
        let named = reading.has("shell") ? reading.words.first { shells[$0.lower] != nil } : nil
        if let shell = shell ?? named {
            result.set("shell", text: shells[shell.lower] ?? shell.text, "the ask names the shell")
        } else if reading.has("nologin") || reading.has(phrase: "no login") || reading.has(phrase: "no shell") {
            result.set("shell", "/usr/sbin/nologin", "the ask wants no login")
        }
        result.set(
            "home",
            text: reading.word(after: ["home", "homedir"], within: 8, where: { $0.kind == .path })?.text,
            "the ask names the home"
        )
        groups(reading, name, &result)
        if reading.has("home"), reading.has("no", "without", "not", "don't") {
            result.set("create_home", false, "the ask wants no home")
        } else if reading.has("home") {
            result.set("create_home", true, "the ask wants a home")
        }
        if reading.has("system") { result.set("system", true, "the ask says a system user") }
        if reading.has("ssh"), reading.has("key", "keypair"),
            reading.wants(.generate, .create) || reading.has("generate", "generated")
        {
            result.set("generate_ssh_key", true, "the ask wants an SSH key")
            if reading.wants(.generate) { result.title = "Generate an SSH key for user \(name)" }
        }
    }

    private static func groups(_ reading: Reading, _ name: String, _ result: inout ModuleReading) {
        if let primary = reading.word(after: ["primary"], within: 3, where: Reading.isName) {
            result.set("group", text: primary.text, "the ask names the primary group")
            return
        }
        var names = reading.names(of: groupNouns).filter { $0 != name }
        if names.isEmpty, reading.has("sudo", "sudoer", "sudoers") || reading.has(phrase: "sudo rights") {
            names = ["sudo"]
        }
        guard !names.isEmpty else { return }
        result.set("groups", .array(names.map(JSON.string)), "the ask names groups")
        result.set("append", true, "other groups of the user are kept")
        if !reading.wants(.create) { result.title = "Add user \(name) to " + names.joined(separator: ", ") }
    }

    private static func group(_ reading: Reading) -> ModuleReading? {
        let mentionsUser = reading.words.contains { nouns.contains($0.lower) }
        guard reading.has("group"), reading.wants(.create, .add, .remove, .ensure, .set), !mentionsUser,
            !reading.pointsBack,
            reading.absolutePaths.isEmpty, let name = reading.names(of: groupNouns).first
        else { return nil }
        // "add alice to the docker group" is about the user.
        if reading.wants(.add), reading.word(after: ["to"], within: 4, where: { $0.text == name }) != nil { return nil }
        var result = ModuleReading(title: (reading.wants(.remove) ? "Remove" : "Create") + " group \(name)")
        result.set("name", text: name, "the ask names a group")
        result.set("state", reading.wants(.remove) ? "absent" : "present", "the ask says so")
        if let id = reading.word(after: ["gid", "id"], where: { $0.kind == .number }).flatMap({ Int64($0.text) }) {
            result.set("gid", .integer(id), "the ask gives the gid")
        }
        if reading.has("system") { result.set("system", true, "the ask says a system group") }
        result.again("name", for: Array(reading.names(of: groupNouns).dropFirst()))
        return result
    }

    private static func getent(_ reading: Reading) -> ModuleReading? {
        guard reading.has("getent") else { return nil }
        guard
            let base = reading.words.first(where: {
                ["passwd", "group", "hosts", "services", "shadow"].contains($0.lower)
            })
        else { return nil }
        var result = ModuleReading(title: "Read the \(base.lower) database")
        result.set("database", text: base.lower, "the ask names the database")
        return result
    }
}
