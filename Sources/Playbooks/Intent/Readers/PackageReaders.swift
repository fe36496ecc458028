import CupelCore

/// What an ask gives for the modules that install software.
enum PackageReaders {
    static let all: [String: @Sendable (Reading) -> ModuleReading?] = [
        "package": { reading in generic(reading) },
        "apt": { reading in apt(reading) },
        "dnf": { reading in dnf(reading) },
        "pip": { reading in pip(reading) },
        "dpkg_selections": { reading in selection(reading) },
        "apt_repository": { reading in aptRepository(reading) },
        "apt_key": { reading in aptKey(reading) },
        "yum_repository": { reading in yumRepository(reading) },
    ]

    private static let nouns: Set<String> = [
        "package", "packages", "software", "tool", "tools", "program", "application", "dependencies", "library",
        "libraries",
    ]
    /// How people call what has another name as a package.
    private static let spoken: [String: String] = [
        "apache": "apache2", "postgres": "postgresql", "node": "nodejs", "ssh": "openssh-server", "golang": "golang-go",
        "java": "default-jdk", "python": "python3", "vi": "vim",
    ]
    private static let aptWords: Set<String> = ["apt", "apt-get", "debian", "ubuntu"]
    private static let dnfWords: Set<String> = [
        "dnf", "yum", "fedora", "rhel", "centos", "rocky", "almalinux", "redhat", "rpm",
    ]

    /// The packages of a clause: those beside the noun, else those right after the verb.
    private static func packages(_ reading: Reading) -> [String] {
        let named = reading.names(of: nouns).filter { !aptWords.contains($0.lowercased()) }
        let names = named.isEmpty ? afterVerb(reading) : named
        return names.map { spoken[$0.lowercased()] ?? lowered($0) }
    }

    /// "Docker" at the start of a name is how people write `docker`.
    private static func lowered(_ name: String) -> String {
        name.dropFirst().contains(where: \.isUppercase) ? name : name.lowercased()
    }

    private static func afterVerb(_ reading: Reading) -> [String] {
        let words = reading.words
        let verb = words.firstIndex { [.install, .remove, .upgrade, .set].contains(Action.ofImperative($0)) } ?? -1
        var start = verb + 1
        // "nginx is installed": the subject stands first; "install the latest version of htop": it stands last.
        while start < words.count, !Reading.isName(words[start]) || words[start].lower == "release" {
            if words[start].kind == .path || words[start].kind == .url { return [] }
            start += 1
        }
        return reading.nameList(from: start).filter { !aptWords.contains($0.lowercased()) }
    }

    private static func isAbout(_ reading: Reading) -> Bool {
        guard reading.absolutePaths.isEmpty, reading.urls().isEmpty else { return false }
        if reading.wants(.install) { return !reading.has("user", "group", "directory", "folder") }
        if reading.wants(.upgrade) { return true }
        // "remove nano", "remove nano from every host": nothing else is named.
        let isBare =
            reading.words.count <= 2 || reading.has("host", "hosts", "server", "servers", "machine", "machines")
        if reading.wants(.remove), isBare, !reading.has("user", "group", "cron", "rule", "line", "key", "file") {
            return true
        }
        if reading.wants(.remove) || reading.wants(.create, .add, .set, .ensure) {
            return reading.has("package", "software", "installed") || (reading.words.first?.lower == "uninstall")
                || reading.words.first?.lower == "purge"
        }
        return false
    }

    private static func state(_ reading: Reading) -> (String, String) {
        if reading.wants(.remove) || reading.has("absent") { return ("absent", "the ask removes it") }
        if reading.has("latest", "newest") || reading.wants(.upgrade) {
            return ("latest", "the ask wants the latest version")
        }
        return ("present", "the ask wants it installed")
    }

    private static func generic(_ reading: Reading) -> ModuleReading? {
        let names = packages(reading)
        // Where the ask names the manager, that manager's own module is meant.
        let hasManager = reading.has("apt", "apt-get", "dnf", "yum", "pip", "pip3", "virtualenv", "venv")
        guard isAbout(reading), !names.isEmpty, !hasManager else { return nil }
        return installation(reading, names)
    }

    private static func installation(_ reading: Reading, _ names: [String]) -> ModuleReading {
        let (state, why) = state(reading)
        let verb = ["absent": "Remove", "latest": "Upgrade"][state] ?? "Install"
        var result = ModuleReading(title: verb + " " + names.joined(separator: ", "))
        let value: JSON = names.count == 1 ? .string(names[0]) : .array(names.map(JSON.string))
        result.set("name", value, "the ask names \(names.count == 1 ? "a package" : "packages")")
        result.set("state", .string(state), why)
        if state == "latest" { result.lintExceptions = ["package-latest"] }
        return result
    }

    private static func apt(_ reading: Reading) -> ModuleReading? {
        let isNamed = reading.ask.contains { aptWords.contains($0.lower) }
        guard reading.urls().isEmpty, !reading.has("key", "repository", "repo", "hold") else { return nil }
        let updates =
            reading.has("update", "refresh")
            && (reading.has("cache", "lists", "index", "list") || isUpdateOnly(reading))
        let everything = reading.has("all", "everything", "system", "full", "every", "dist-upgrade", "full-upgrade")
        let upgrades =
            (reading.has("upgrade", "dist-upgrade", "full-upgrade")
                || reading.has("update") && reading.has("package") && everything)
            && (everything || (isNamed && packages(reading).isEmpty))
        if reading.has("autoremove") || (reading.has("unused", "unneeded") && reading.has("package", "dependency")) {
            var result = ModuleReading(title: "Remove packages that nothing needs")
            result.set("autoremove", true, "the ask removes what is unused")
            return result
        }
        if updates || upgrades { return maintenance(reading, updates: updates, upgrades: upgrades) }
        guard isNamed, isAbout(reading) else { return nil }
        let names = packages(reading)
        guard !names.isEmpty else { return nil }
        var result = installation(reading, names)
        if reading.asks("update", "refresh"), reading.asks("cache") {
            result.set("update_cache", true, "the ask refreshes the package lists")
        }
        return result
    }

    /// "apt-get update", "apt update": nothing but the tool and the verb.
    private static func isUpdateOnly(_ reading: Reading) -> Bool {
        reading.has("apt", "apt-get")
            && reading.words.allSatisfy {
                ["apt", "apt-get", "update", "run", "do", "an", "a", "the"].contains($0.lower)
            }
    }

    private static func maintenance(_ reading: Reading, updates: Bool, upgrades: Bool) -> ModuleReading {
        var result = ModuleReading(title: upgrades ? "Upgrade all packages" : "Update the package lists")
        if updates { result.set("update_cache", true, "the ask refreshes the package lists") }
        if upgrades {
            let isFull = reading.has("full", "full-upgrade")
            let isDist = reading.has("dist", "dist-upgrade")
            result.set("upgrade", .string(isFull ? "full" : isDist ? "dist" : "safe"), "the ask upgrades everything")
        }
        return result
    }

    private static func dnf(_ reading: Reading) -> ModuleReading? {
        guard reading.ask.contains(where: { dnfWords.contains($0.lower) }), isAbout(reading) else { return nil }
        let names = packages(reading).filter { !dnfWords.contains($0.lowercased()) }
        return names.isEmpty ? nil : installation(reading, names)
    }

    private static func pip(_ reading: Reading) -> ModuleReading? {
        let isPython = reading.has("pip", "pip3", "python", "virtualenv", "venv", "pypi")
        let requirements = reading.paths.first { $0.contains("requirements") }
        let makesEnvironment = reading.wants(.create) && reading.has("virtualenv", "venv")
        guard isPython || requirements != nil, reading.wants(.install, .remove, .upgrade) || makesEnvironment
        else { return nil }
        let environment = reading.path(after: ["virtualenv", "venv", "into", "in", "environment", "inside"])
        let said = makesEnvironment ? afterWith(reading) : pinned(reading) ?? afterVerb(reading)
        let names = said.filter {
            !["pip", "pip3", "virtualenv", "venv", "pypi"].contains($0.lowercased())
        }
        guard requirements != nil || !names.isEmpty else { return nil }
        var result = installation(reading, requirements == nil ? names : [requirements ?? ""])
        if requirements != nil {
            result = ModuleReading(title: "Install the Python requirements")
            result.set("requirements", text: requirements, "the ask names a requirements file")
        } else {
            result.title += " with pip"
        }
        if let environment, environment != requirements {
            result.set("virtualenv", text: environment, "the ask names a virtual environment")
        }
        return result
    }

    /// "create a virtualenv in /v with django": what stands after "with".
    private static func afterWith(_ reading: Reading) -> [String] {
        guard let index = reading.words.firstIndex(where: { $0.lower == "with" }) else { return [] }
        return reading.nameList(from: index + 1)
    }

    /// Packages with a version, as `requests==2.31`.
    private static func pinned(_ reading: Reading) -> [String]? {
        let pinned = reading.words.filter { $0.text.contains("==") && $0.text.first?.isLetter == true }.map(\.text)
        return pinned.isEmpty ? nil : pinned
    }

    private static func selection(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.hold) || reading.has("hold", "unhold", "pin") else { return nil }
        let named = reading.names(of: nouns)
        let names = named.isEmpty ? afterHold(reading) : named
        guard let name = names.first else { return nil }
        let frees = reading.has("unhold") || reading.wants(.remove, .allow)
        var result = ModuleReading(title: frees ? "Free package \(name)" : "Hold package \(name)")
        result.set("name", text: name, "the ask names a package")
        result.set("selection", frees ? "install" : "hold", frees ? "the ask ends a hold" : "the ask holds it")
        return result
    }

    private static func afterHold(_ reading: Reading) -> [String] {
        guard let index = reading.words.firstIndex(where: { ["hold", "unhold", "pin", "freeze"].contains($0.stem) })
        else {
            return []
        }
        return reading.nameList(from: index + 1)
    }

    private static func aptRepository(_ reading: Reading) -> ModuleReading? {
        let source = reading.quoted.first { $0.hasPrefix("deb ") || $0.hasPrefix("deb-src ") || $0.hasPrefix("ppa:") }
        let archive = reading.urls { $0.hasPrefix("ppa:") }.first
        guard let repository = source ?? archive else { return nil }
        var result = ModuleReading(title: reading.wants(.remove) ? "Remove APT repository" : "Add APT repository")
        result.set("repo", text: repository, "the ask gives a source")
        result.set("state", reading.wants(.remove) ? "absent" : "present", "the ask says so")
        return result
    }

    private static func aptKey(_ reading: Reading) -> ModuleReading? {
        guard reading.has("key"), reading.has("apt", "gpg", "signing"), let url = reading.urls().first else {
            return nil
        }
        var result = ModuleReading(title: reading.wants(.remove) ? "Remove APT key" : "Add APT key")
        result.set("url", text: url, "the ask gives the key's address")
        result.set("state", reading.wants(.remove) ? "absent" : "present", "the ask says so")
        return result
    }

    private static func yumRepository(_ reading: Reading) -> ModuleReading? {
        guard reading.has("yum", "dnf", "rpm"), reading.has("repository", "repo") else { return nil }
        guard let name = reading.names(of: ["repository", "repo"]).first(where: { !dnfWords.contains($0) }) else {
            return nil
        }
        var result = ModuleReading(title: (reading.wants(.remove) ? "Remove" : "Add") + " repository \(name)")
        result.set("name", text: name, "the ask names the repository")
        if reading.wants(.remove) {
            result.set("state", "absent", "the ask removes it")
            return result
        }
        guard let url = reading.urls().first else { return nil }
        result.set("description", .string("\(name) packages"), "a repository needs one")
        result.set("baseurl", .array([.string(url)]), "the ask gives its address")
        return result
    }
}
