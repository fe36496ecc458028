import CupelCore

/// What an ask gives for the modules that run services.
enum ServiceReaders {
    static let all: [String: @Sendable (Reading) -> ModuleReading?] = [
        "service": { reading in service(reading) },
        "systemd_service": { reading in unit(reading) },
        "package_facts": { reading in
            let asked =
                reading.wants(.gather, .show, .find) && reading.has("package")
                && reading.has("installed", "install", "list", "facts", "all")
            return asked ? ModuleReading(title: "Gather the installed packages") : nil
        },
        "service_facts": { reading in
            let asked =
                reading.wants(.gather, .show, .find) && reading.has("service")
                && reading.has("list", "facts", "all", "status", "state")
            return asked ? ModuleReading(title: "Gather the services") : nil
        },
    ]

    private static let nouns: Set<String> = ["service", "services", "daemon", "unit", "server", "timer", "socket"]
    /// Packages whose service has another name.
    private static let servicesOfPackages: [String: String] = [
        "openssh-server": "ssh", "mysql-server": "mysql", "mariadb-server": "mariadb", "docker.io": "docker",
        "docker-ce": "docker", "redis": "redis-server", "apache": "apache2", "postgres": "postgresql",
    ]

    /// The service that is meant: named, or that of the package or file that came before.
    private static func name(_ reading: Reading) -> (String, String)? {
        let named = reading.names(of: nouns)
        if let name = named.first(where: { $0.lowercased() != "systemd" }) { return (name, "the ask names a service") }
        if let name = subject(reading) { return (name, "the ask names it after the verb") }
        return antecedent(reading)
    }

    /// The first name in the clause that is no verb or state.
    private static func subject(_ reading: Reading) -> String? {
        reading.words.first { word in
            Reading.isName(word) && Action.ofState(word) == nil && Action.ofImperative(word) == nil
                && !["boot", "startup", "reboot", "automatically", "systemd", "daemon", "time", "right", "away"]
                    .contains(word.lower)
        }?.text
    }

    private static func antecedent(_ reading: Reading) -> (String, String)? {
        for draft in reading.earlier.reversed() {
            guard ["package", "apt", "dnf", "service", "systemd_service"].contains(draft.module) else { continue }
            let name = draft.value("name")?.stringValue ?? draft.value("name")?[0]?.stringValue
            if let name { return (servicesOfPackages[name] ?? name, "an earlier task is about \(name)") }
        }
        // "copy app.conf to /etc/app/app.conf and restart it": the directory under /etc says whose file it is.
        for draft in reading.earlier.reversed() {
            let path = draft.value("dest")?.stringValue ?? draft.value("path")?.stringValue ?? ""
            let parts = path.split(separator: "/")
            if parts.count >= 3, parts[0] == "etc" {
                let owner = parts[1] == "ssh" ? "sshd" : String(parts[1])
                return (owner, "an earlier task changes a file of \(owner)")
            }
        }
        return nil
    }

    private static func service(_ reading: Reading) -> ModuleReading? {
        guard reading.actions.contains(where: \.isOfServices), !reading.wants(.mask, .unmask), !reloadsManager(reading),
            !reading.has("login", "authentication", "forwarding", "repository", "module", "swap", "account", "user"),
            reading.paths.isEmpty,
            let (name, why) = name(reading)
        else { return nil }
        var result = states(reading, name: name, why: why)
        let start = reading.words.firstIndex { $0.text == name }
        let listed = start.map { reading.nameList(from: $0) } ?? []
        result?.again("name", for: listed.filter { $0 != name && Action.ofState(Word($0, .plain)) == nil })
        return result
    }

    private static func states(_ reading: Reading, name: String, why: String) -> ModuleReading? {
        let boots = reading.has("boot", "startup", "automatically") || reading.has(phrase: "on reboot")
        var result = ModuleReading(title: "")
        result.set("name", text: name, why)
        var verbs: [String] = []
        let states: [(Action, String, String)] = [
            (.restart, "restarted", "restart"), (.reload, "reloaded", "reload"), (.stop, "stopped", "stop"),
            (.start, "started", "start"),
        ]
        let isOnlyBoot =
            boots && reading.wants(.start) && !reading.wants(.enable)
            && (reading.has(phrase: "at boot") || reading.has(phrase: "on boot"))
        if !isOnlyBoot, let (_, state, verb) = states.first(where: { reading.wants($0.0) }) {
            result.set("state", .string(state), "the ask says \(verb)")
            verbs.append(verb)
        }
        if reading.wants(.disable) {
            result.set("enabled", false, "the ask disables it")
            verbs.append("disable")
        } else if reading.wants(.enable) || (boots && !reading.wants(.stop)) {
            result.set("enabled", true, "the ask wants it at boot")
            verbs.append("enable")
        }
        guard let first = verbs.first else { return nil }
        let rest = verbs.dropFirst().map { " and " + $0 }.joined()
        result.title = first.prefix(1).uppercased() + first.dropFirst() + rest + " service " + name
        return result
    }

    private static func reloadsManager(_ reading: Reading) -> Bool {
        reading.wants(.reload) && reading.has("systemd", "daemon-reload", "systemctl")
            || reading.has(phrase: "daemon reload") || reading.has("daemon-reload")
    }

    private static func unit(_ reading: Reading) -> ModuleReading? {
        if reloadsManager(reading) {
            var result = ModuleReading(title: "Reload systemd")
            result.set("daemon_reload", true, "the ask reloads systemd itself")
            return result
        }
        guard reading.wants(.mask, .unmask), let (name, why) = name(reading) else { return nil }
        let masks = reading.wants(.mask)
        var result = ModuleReading(title: (masks ? "Mask" : "Unmask") + " unit \(name)")
        result.set("name", text: name, why)
        result.set("masked", .bool(masks), "the ask says so")
        return result
    }
}
