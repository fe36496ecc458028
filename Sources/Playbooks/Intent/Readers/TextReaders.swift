import CupelCore

/// What an ask gives for the modules that change lines of a file.
enum TextReaders {
    static let all: [String: @Sendable (Reading) -> ModuleReading?] = [
        "lineinfile": { reading in line(reading) },
        "replace": { reading in replace(reading) },
        "blockinfile": { reading in block(reading) },
    ]

    /// Files that people call by a name.
    private static let spoken: [(String, String)] = [
        ("hosts file", "/etc/hosts"), ("sshd config", "/etc/ssh/sshd_config"), ("ssh config", "/etc/ssh/sshd_config"),
        ("sshd configuration", "/etc/ssh/sshd_config"), ("ssh configuration", "/etc/ssh/sshd_config"),
        ("sysctl config", "/etc/sysctl.conf"), ("fstab", "/etc/fstab"), ("sudoers file", "/etc/sudoers"),
        ("message of the day", "/etc/motd"),
    ]
    /// Directives of sshd_config by the words that people use for them; names are from sshd_config(5).
    private static let sshDirectives: [([String], String)] = [
        (["root", "login"], "PermitRootLogin"), (["empty", "password"], "PermitEmptyPasswords"),
        (["password", "authentication"], "PasswordAuthentication"), (["password", "login"], "PasswordAuthentication"),
        (["x11", "forward"], "X11Forwarding"), (["tcp", "forward"], "AllowTcpForwarding"),
        (["agent", "forward"], "AllowAgentForwarding"), (["ssh", "port"], "Port"), (["sshd", "port"], "Port"),
        (["key", "authentication"], "PubkeyAuthentication"),
        (["pubkey", "authentication"], "PubkeyAuthentication"), (["banner"], "Banner"), (["dns"], "UseDNS"),
        (["pam"], "UsePAM"),
    ]

    private static func target(_ reading: Reading) -> (String, String)? {
        if let path = reading.path(after: ["in", "to", "from", "of", "into", "contains", "inside"]), path.hasPrefix("/")
        {
            return (path, "the ask names the file")
        }
        if let path = reading.absolutePaths.first { return (path, "the ask names the file") }
        for (name, path) in spoken where reading.has(phrase: name) { return (path, "the ask says '\(name)'") }
        if let focus = reading.focus { return (focus, "the ask opened this file") }
        if reading.asks("ssh", "sshd"), sshDirective(reading) != nil {
            return ("/etc/ssh/sshd_config", "the ask is about the SSH server")
        }
        let earlier = reading.earlier.last {
            ["lineinfile", "replace", "blockinfile", "copy", "template"].contains($0.module)
        }
        guard reading.wants(.set, .add, .enable, .disable, .replace, .contain), let earlier,
            let path = (earlier.value("path") ?? earlier.value("dest"))?.stringValue
        else { return nil }
        return (path, "an earlier task is about \(path)")
    }

    private static func sshDirective(_ reading: Reading) -> String? {
        sshDirectives.first { words, _ in
            words.allSatisfy { word in
                reading.words.contains { $0.lower == word || $0.stem == word || $0.lower == word + "s" }
            }
        }?.1
    }

    private static func line(_ reading: Reading) -> ModuleReading? {
        let puts = reading.wants(.copy) && reading.has("line")
        guard
            puts
                || reading.wants(
                    .add,
                    .set,
                    .enable,
                    .disable,
                    .contain,
                    .remove,
                    .ensure,
                    .write,
                    .replace,
                    .allow,
                    .deny
                ),
            let (path, why) = target(reading),
            !reading.has("block", "owner", "permission", "permissions", "mode", "directory", "group", "ownership")
        else { return nil }
        var result = ModuleReading(title: "Set a line in \(path)")
        result.set("path", text: path, why)
        if reading.wants(.remove) { return removal(reading, result, path) }
        guard let (line, match, reason) = wantedLine(reading, path) else { return nil }
        if let match { result.set("regexp", text: match, "what the line replaces") }
        result.set("line", text: line, reason)
        result.set("state", "present", "the ask wants the line there")
        let name = line.split { $0 == " " || $0 == "=" }.first.map(String.init) ?? "a line"
        result.title = (match == nil ? "Add a line to \(path)" : "Set \(name) in \(path)")
        if reading.has("create") && reading.wants(.add) { result.set("create", true, "the ask creates the file") }
        return result
    }

    /// "comment out the line X": the line stays, behind a mark.
    private static func comment(_ reading: Reading, _ path: String, _ why: String) -> ModuleReading? {
        let start = reading.words.firstIndex { $0.lower == "line" }.map { $0 + 1 } ?? 1
        let plain = reading.words[min(start, reading.words.count)...].prefix {
            $0.kind != .path && !["in", "from", "of"].contains($0.lower)
        }
        let text = reading.quotedText ?? plain.map(\.text).joined(separator: " ")
        guard !text.isEmpty else { return nil }
        var result = ModuleReading(title: "Comment out a line in \(path)")
        result.set("path", text: path, why)
        result.set("regexp", text: "^" + Pattern.escaped(text), "the ask says which line")
        result.set("replace", text: "#" + text, "a line behind a mark is a comment")
        return result
    }

    private static func removal(_ reading: Reading, _ given: ModuleReading, _ path: String) -> ModuleReading? {
        var result = given
        let text =
            reading.quotedText
            ?? reading.word(after: ["with", "containing", "matching", "contain", "like"], within: 3) {
                $0.kind == .plain && !["the", "text", "a"].contains($0.lower)
            }?.text
        guard reading.has("line", "entry", "lines"), let text else { return nil }
        result.title = "Remove lines from \(path)"
        let starts = reading.has("starting", "start", "begin", "beginning", "starts", "begins")
        if starts || reading.has("containing", "matching", "contain", "match", "with") {
            result.set("regexp", text: (starts ? "^" : "") + Pattern.escaped(text), "the ask says which lines")
        } else {
            result.set("line", text: text, "the ask gives the line")
        }
        result.set("state", "absent", "the ask removes it")
        return result
    }

    /// The line that the ask wants, what it stands in place of, and why.
    private static func wantedLine(_ reading: Reading, _ path: String) -> (String, String?, String)? {
        if let text = reading.quotedText {
            // "set 'X' to 'Y'": two quoted texts are a key and its value.
            let all = reading.quoted
            if all.count == 2, reading.wants(.set) {
                return (
                    all[0] + separator(path) + all[1], "^#?" + Pattern.escaped(all[0]),
                    "the ask gives a key and its value"
                )
            }
            return (text, nil, "the ask gives the line")
        }
        if let pair = pair(reading) { return pair }
        if let (line, key) = hostEntry(reading, path) { return (line, key, "the ask gives an address and a name") }
        return directive(reading, path)
    }

    /// `KEY=VALUE` or `KEY = VALUE` in the ask; of two, as in "change A=1 to A=2", the last.
    private static func pair(_ reading: Reading) -> (String, String?, String)? {
        let words = reading.words
        if let index = words.lastIndex(where: { $0.text == "=" }), index > 0, index + 1 < words.count {
            let key = words[index - 1].text
            return (key + " = " + words[index + 1].text, "^#?" + Pattern.escaped(key), "the ask gives key and value")
        }
        guard let pair = words.last(where: { $0.kind == .plain && $0.text.contains("=") && !$0.text.hasPrefix("=") })
        else { return nil }
        let key = String(pair.text.split(separator: "=").first ?? "")
        return (pair.text, "^#?" + Pattern.escaped(key) + "=", "the ask gives key and value")
    }

    private static func hostEntry(_ reading: Reading, _ path: String) -> (String, String?)? {
        guard path == "/etc/hosts", let index = reading.words.firstIndex(where: { $0.kind == .address }) else {
            return nil
        }
        var names = reading.nameList(from: index + 1)
        for word in reading.words[(index + 1)...].dropFirst(names.count) where names.count < 4 {
            guard Reading.isName(word) else { break }
            names.append(word.text)
        }
        if names.isEmpty,
            let name = reading.word(after: ["for", "as", "named", "host", "called"], where: Reading.isName)
        {
            names = [name.text]
        }
        // "map db01 to 10.0.0.5": the name stands before.
        if names.isEmpty,
            let name = reading.words[..<index].last(where: { Reading.isName($0) && Action.ofImperative($0) == nil })
        {
            names = [name.text]
        }
        guard !names.isEmpty else { return nil }
        return (([reading.words[index].text] + names).joined(separator: " "), nil)
    }

    /// "set KEY to VALUE", "disable root login", "PasswordAuthentication no".
    private static func directive(_ reading: Reading, _ path: String) -> (String, String?, String)? {
        let isSSH = path.contains("ssh")
        let key: String
        let reason: String
        if isSSH, let known = sshDirective(reading) {
            (key, reason) = (known, "the words name sshd's \(known)")
        } else if let word = configurationKey(reading) {
            (key, reason) = (word, "the ask names \(word)")
        } else {
            return nil
        }
        let value = value(of: key, reading)
        guard let value else { return nil }
        let line = key + (isSSH ? " " : separator(path, key)) + value
        return (line, "^#?" + Pattern.escaped(key) + (isSSH ? " " : ""), reason)
    }

    private static func value(of key: String, _ reading: Reading) -> String? {
        let accepts: (Word) -> Bool = {
            $0.kind != .mark && $0.kind != .path && !["the", "in", "value", "be", "a"].contains($0.lower)
        }
        let afterTo = reading.word(after: ["to", "="], within: 3, where: accepts)
        if reading.wants(.set, .add, .ensure, .contain, .write, .replace), let afterTo { return afterTo.text }
        if reading.wants(.disable, .deny) { return "no" }
        if reading.wants(.enable, .allow) { return "yes" }
        guard let index = reading.words.firstIndex(where: { $0.text == key }), index + 1 < reading.words.count,
            accepts(reading.words[index + 1])
        else { return reading.has("no", "off", "disabled") ? "no" : nil }
        return reading.words[index + 1].text
    }

    /// A word that looks like a key: CamelCase, UPPER_CASE, dotted or with an underscore; else the word after "set".
    private static func configurationKey(_ reading: Reading) -> String? {
        let candidates = reading.words.filter { $0.kind == .plain && $0.text.count > 2 }
        let looks = candidates.first { word in
            let hasInnerUpper = word.text.dropFirst().contains(where: \.isUppercase)
            return hasInnerUpper || word.text.contains("_")
                || (word.text.contains(".") && word.text.first?.isLetter == true)
        }
        if let looks { return looks.text }
        guard reading.wants(.set), reading.has("to") else { return nil }
        let start = reading.words.firstIndex { Action.ofImperative($0) == .set }.map { $0 + 1 } ?? 0
        return reading.words[start...].first { Reading.isName($0) && Action.ofImperative($0) == nil }?.text
    }

    /// What stands between key and value in a file: by its name, else by how the key is written.
    private static func separator(_ path: String, _ key: String = "") -> String {
        for part in ["sysctl", ".ini", ".cnf", "postgresql.conf"] where path.contains(part) { return " = " }
        for part in ["ssh", "apache", "httpd"] where path.contains(part) { return " " }
        return key.contains(where: \.isLowercase) && key.dropFirst().contains(where: \.isUppercase) ? " " : "="
    }

    private static func replace(_ reading: Reading) -> ModuleReading? {
        if reading.wants(.comment), let (path, why) = target(reading) { return comment(reading, path, why) }
        guard reading.wants(.replace, .set), let (path, why) = target(reading) else { return nil }
        let accepts: (Word) -> Bool = {
            $0.kind != .mark && $0.text != path
                && !["the", "a", "every", "all", "occurrence", "occurrences", "of", "text", "string", "word"].contains(
                    $0.lower
                )
        }
        let leads: Set<String> =
            reading.wants(.replace)
            ? ["replace", "substitute", "swap", "occurrence", "occurrences", "of"] : ["change", "from"]
        let old =
            reading.has("from")
            ? reading.word(after: ["from"], within: 2, where: accepts)
            : reading.word(after: leads, within: 6, where: accepts)
        let new = reading.word(after: reading.wants(.replace) ? ["with", "by"] : ["to"], within: 3, where: accepts)
        guard let old, let new, old.text != new.text, Action.ofImperative(old) == nil || old.kind == .quoted else {
            return nil
        }
        // "set X to Y" names a key, not a text that stands in the file.
        if !reading.wants(.replace),
            !reading.words.contains(where: { $0.lower == "change" }) || !reading.has("from") && !old.text.contains("=")
        {
            return nil
        }
        var result = ModuleReading(title: "Replace \(old.text) in \(path)")
        result.set("path", text: path, why)
        result.set("regexp", text: Pattern.escaped(old.text), "the ask says what is replaced")
        result.set("replace", text: new.text, "the ask says with what")
        return result
    }

    private static func block(_ reading: Reading) -> ModuleReading? {
        guard reading.has("block"), let (path, why) = target(reading) else { return nil }
        var result = ModuleReading(title: (reading.wants(.remove) ? "Remove a block from " : "Add a block to ") + path)
        result.set("path", text: path, why)
        if reading.wants(.remove) {
            result.set("state", "absent", "the ask removes it")
            return result
        }
        guard let block = reading.quotedText else { return nil }
        result.set("block", text: block, "the ask gives the block")
        return result
    }
}

/// Texts as regular expressions.
enum Pattern {
    /// The text as a pattern that matches it; a dot matches any character, which reads better than an escape.
    static func escaped(_ text: String) -> String {
        text.map { "\\[](){}*+?|^$".contains($0) ? "\\\($0)" : String($0) }.joined()
    }
}
