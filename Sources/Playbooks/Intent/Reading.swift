import CupelCore

/// A clause with what came before it, and the questions that readers of modules ask of it.
struct Reading: Sendable {
    /// The clause.
    let clause: Clause
    /// The tasks that earlier clauses led to, for "it" and "the service".
    let earlier: [TaskDraft]
    /// A file that was named as the place of what follows, as in "open /etc/hosts and ...".
    let focus: String?
    /// All words of the ask, for what is said once for all of it (a distribution, say).
    let ask: [Word]

    var words: [Word] { clause.words }
    var actions: [Action] { clause.actions }

    func wants(_ actions: Action...) -> Bool { actions.contains { clause.actions.contains($0) } }

    /// Whether the clause has one of these stems.
    func has(_ stems: String...) -> Bool {
        words.contains { $0.kind == .plain && (stems.contains($0.stem) || stems.contains($0.lower)) }
    }

    /// Whether the ask has one of these stems anywhere.
    func asks(_ stems: String...) -> Bool { ask.contains { stems.contains($0.stem) || stems.contains($0.lower) } }

    /// Whether these words follow one another in the clause.
    func has(phrase: String) -> Bool {
        let wanted = phrase.split(separator: " ").map(String.init)
        guard words.count >= wanted.count else { return false }
        return (0...words.count - wanted.count).contains { start in
            zip(words[start...], wanted).allSatisfy { $0.lower == $1 || $0.stem == $1 }
        }
    }

    /// Whether "it" or the like points back.
    var pointsBack: Bool {
        words.count == 1
            || words.contains { ["it", "them", "they", "its", "their", "his", "her", "him"].contains($0.lower) }
    }

    /// The first word after one of `leads` that `accepts`, looking at most `distance` words far.
    func word(after leads: Set<String>, within distance: Int = 3, where accepts: (Word) -> Bool) -> Word? {
        for (index, word) in words.enumerated() where leads.contains(word.lower) || leads.contains(word.stem) {
            guard word.kind == .plain else { continue }
            for next in words[(index + 1)...].prefix(distance) {
                if accepts(next) { return next }
                if next.kind == .mark, next.text != ":" { break }
            }
        }
        return nil
    }

    /// The quoted texts.
    var quoted: [String] { words.filter { $0.kind == .quoted }.map(\.text) }

    /// The first quoted text that is no path.
    var quotedText: String? { words.first { $0.kind == .quoted && !$0.text.hasPrefix("/") }?.text }

    /// The numbers, as written.
    var numbers: [String] { words.filter { $0.kind == .number }.map(\.text) }

    /// The first address.
    func urls(where accepts: (String) -> Bool = { _ in true }) -> [String] {
        words.filter { $0.kind == .url && accepts($0.text) }.map(\.text)
    }
}

/// Names and paths.
extension Reading {
    private static let articles: Set<String> = [
        "the", "a", "an", "new", "this", "that", "my", "our", "its", "all", "any",
    ]

    /// Words that are never the name of something.
    static let stopWords: Set<String> = [
        "the", "a", "an", "new", "this", "that", "my", "our", "its", "all", "any", "with", "without", "and", "or", "to",
        "from", "in", "into", "on", "onto", "at", "as", "by", "of", "for", "is", "are", "be", "it", "them", "they",
        "so",
        "if", "not", "no", "every", "each", "called", "named", "name", "using", "via", "through", "has", "have", "his",
        "her", "their", "system", "existing", "following", "owned", "who", "which", "whose", "when", "does", "only",
        "group", "groups", "user", "users", "account", "accounts", "package", "packages", "service", "services",
        "file", "files", "directory", "directories", "folder", "unit", "daemon", "software", "tool", "tools", "program",
        "server", "servers", "host", "hosts", "machine", "machines", "nodes", "present", "absent", "up", "also",
        "installed", "running", "enabled", "disabled", "started", "stopped", "latest", "version", "belonging", "python",
        "library", "libraries", "module", "primary", "secondary", "supplementary", "empty", "some", "again", "back",
        "there", "then", "boot", "startup", "both", "home", "shell", "unix", "linux", "local", "regular", "normal",
        "just",
        "please", "now", "currently", "always", "should", "must", "needs", "we", "i", "us", "me", "you", "repository",
        "removed", "deleted", "mode", "permissions", "permission", "owner", "uid", "gid", "id", "i'd", "cron", "job",
        "unused", "old", "unneeded", "application", "app_", "everything",
    ]

    static func isName(_ word: Word) -> Bool {
        word.isName && (word.kind == .quoted || !stopWords.contains(word.lower))
    }

    /// The names that stand with a noun: "user bob", "the cups service", "groups docker and wheel", "a group called x".
    func names(of nouns: Set<String>) -> [String] {
        for (index, word) in words.enumerated() where nouns.contains(word.lower) && word.kind == .plain {
            var next = index + 1
            while next < words.count,
                ["called", "named", "name", "with", "of", ":", "the", "for"].contains(words[next].lower)
            {
                // "user with home": only "with (the) name" leads to a name.
                if words[next].lower == "with", !words[next...].prefix(3).contains(where: { $0.lower == "name" }) {
                    break
                }
                next += 1
            }
            let following = nameList(from: next)
            if !following.isEmpty { return following }
            let preceding = nameList(before: index)
            if !preceding.isEmpty { return preceding }
        }
        return []
    }

    /// Names from an index on, joined by commas and "and".
    func nameList(from start: Int) -> [String] {
        var names: [String] = []
        var index = start
        while index < words.count {
            let word = words[index]
            if Self.isName(word) {
                // "dave, member of ..." and "apache2 and prevent it": no further name of the list.
                let next = index + 1 < words.count ? words[index + 1].lower : ""
                if !names.isEmpty, ["of", "it", "them", "its"].contains(next) { break }
                // Two names side by side are no list: the second belongs to something else.
                if index > start, Self.isName(words[index - 1]) {
                    // "nginx and frobnicate disks": what follows "and" was a verb that we do not know.
                    if names.count > 1 { names.removeLast() }
                    break
                }
                names.append(word.text)
            } else if !(word.text == "," || word.lower == "and" || Self.articles.contains(word.lower)) {
                break
            }
            index += 1
        }
        return names
    }

    /// Names that end just before an index, in their order: "docker and www-data groups".
    private func nameList(before end: Int) -> [String] {
        var names: [String] = []
        var index = end - 1
        var expectsName = true
        while index > 0 || (index == 0 && Action.ofImperative(words[0]) == nil) {
            let word = words[index]
            if expectsName, Self.isName(word) {
                names.insert(word.text, at: 0)
                expectsName = false
            } else if !expectsName, word.text == "," || word.lower == "and" {
                expectsName = true
            } else {
                break
            }
            index -= 1
        }
        return names
    }

    /// The paths and file names, in order.
    var paths: [String] {
        words.filter { $0.kind == .path || $0.kind == .file || ($0.kind == .quoted && $0.text.hasPrefix("/")) }.map(
            \.text
        )
    }

    /// The paths on the hosts: absolute ones.
    var absolutePaths: [String] { paths.filter { $0.hasPrefix("/") || $0.hasPrefix("~") } }

    /// The path after one of some prepositions.
    func path(after leads: Set<String>) -> String? {
        word(after: leads, within: 5) {
            $0.kind == .path || $0.kind == .file || ($0.kind == .quoted && $0.text.hasPrefix("/"))
        }?
        .text
    }

    /// Where something goes: the path after "to", "into", "as", "under".
    var destination: String? { path(after: ["to", "into", "in", "under", "at", "as", "onto", "inside"]) }

    /// Owner, group and mode, where they are said, with their reasons.
    func ownership(into reading: inout ModuleReading) {
        let joined = word(after: ["to", "owner", "owned", "own", "by"], within: 3) {
            $0.text.contains(":") && $0.isName
        }
        if let parts = joined?.text.split(separator: ":"), parts.count == 2 {
            reading.set("owner", text: String(parts[0]), "'\(joined?.text ?? "")' is owner and group")
            reading.set("group", text: String(parts[1]), "'\(joined?.text ?? "")' is owner and group")
        }
        reading.set("owner", text: owner, "the ask names the owner")
        reading.set("group", text: groupOwner, "the ask names the group")
        reading.set("mode", text: mode, "the ask names the mode")
    }

    private var owner: String? {
        if has("belong"), has("group") { return nil }
        if let name = word(
            after: ["owner", "owned", "belong", "belongs"],
            within: 5,
            where: { Self.isName($0) && $0.lower != "recursively" }
        ) {
            // "change the owner of /var/www to www-data": past the path the name stands after "to".
            return name.text
        }
        guard wants(.chown) || has("owner", "ownership") else { return nil }
        if wants(.chown), words.count > 1, Self.isName(words[1]), Action.ofImperative(words[0]) == .chown {
            return words[1].text.split(separator: ":").first.map(String.init)
        }
        return word(after: ["to", "by"], within: 3, where: Self.isName)?.text
    }

    private var groupOwner: String? {
        if has(phrase: "group of"), let name = word(after: ["to"], within: 2, where: Self.isName) { return name.text }
        guard has("owner", "owned", "belong", "mode", "permission", "permissions", "group") else { return nil }
        let names = names(of: ["group"])
        return names.count == 1 ? names[0] : nil
    }

    /// `0644` from `644`, `0644`, `u=rw,g=r`.
    var mode: String? {
        let isMode: (Word) -> Bool = { word in
            word.text.count >= 3 && word.text.count <= 5 && word.text.allSatisfy { ("0"..."7").contains($0) }
        }
        let leads: Set<String> = ["mode", "permission", "permissions", "chmod", "perms", "rights", "to"]
        guard has("mode", "permission", "permissions", "chmod", "perms", "rights") || wants(.chmod) else {
            if has("executable") { return "0755" }
            return has(phrase: "read only") || has("readonly") ? "0444" : nil
        }
        if let word = word(after: leads, within: 6, where: isMode) ?? words.first(where: isMode) {
            let digits = word.text
            return digits.count == 3 ? "0" + digits : digits
        }
        let symbolic = words.first { $0.text.contains("=") && $0.text.allSatisfy { "ugoarwxXst=,+-".contains($0) } }
        return symbolic?.text ?? (has("executable") ? "0755" : nil)
    }
}
