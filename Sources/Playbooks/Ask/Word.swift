/// One piece of an ask: a word, a quoted text, a path, a number, a mark of punctuation.
struct Word: Sendable, Hashable {
    /// What a word looks like.
    enum Kind: String, Sendable {
        case plain, quoted, path, file, url, address, number, time, mark
    }

    /// The word as written, without its quotes.
    let text: String
    /// What it looks like.
    let kind: Kind
    /// In lower case.
    let lower: String
    /// In lower case without the ending of a plural or a verb form.
    let stem: String

    init(_ text: String, _ kind: Kind) {
        self.text = text
        self.kind = kind
        lower = text.lowercased()
        stem = kind == .plain ? Stem.of(lower) : lower
    }

    /// Whether this may be the name of something: a user, a package, a service.
    var isName: Bool {
        guard kind == .plain || kind == .quoted || kind == .file, let first = text.unicodeScalars.first, first.isASCII,
            first.properties.isAlphabetic || ("0"..."9").contains(first) || first == "_"
        else { return false }
        return text.count <= 64
            && text.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || Self.nameMarks.contains($0))
            }
    }

    private static let nameMarks = Set("0123456789_-.+@:".unicodeScalars)
}

/// Cuts the endings of English words, a little.
enum Stem {
    private static let irregular: [String: String] = [
        "ran": "run", "running": "run", "stopped": "stop", "stopping": "stop", "put": "put", "setting": "set",
        "sent": "send", "built": "build", "made": "make", "making": "make", "took": "take", "wrote": "write",
        "written": "write", "writing": "write", "cloning": "clone", "dropped": "drop", "dropping": "drop",
        "removing": "remove", "created": "create", "removed": "remove", "deleted": "delete", "enabled": "enable",
        "disabled": "disable", "purged": "purge", "purging": "purge", "creating": "create", "deleting": "delete",
        "enabling": "enable", "disabling": "disable", "copied": "copy", "copies": "copy", "schedules": "schedule",
        "owned": "owned", "ensuring": "ensure", "named": "named", "his": "his", "this": "this", "is": "is",
        "has": "has", "does": "does", "its": "its", "dns": "dns", "https": "https", "nfs": "nfs", "status": "status",
        "bus": "bus", "hold": "hold", "held": "hold", "string": "string", "nothing": "nothing", "us": "us",
        "existing": "exist", "ping": "ping", "changing": "change", "changed": "change", "updated": "update",
        "upgraded": "upgrade", "directories": "directory", "repositories": "repository", "entries": "entry",
        "dependencies": "dependency", "always": "always", "as": "as", "was": "was", "packages": "package",
        "services": "service", "lines": "line", "files": "file", "templates": "template", "images": "image",
        "modules": "module", "executes": "execute", "machines": "machine", "nodes": "node", "databases": "database",
        "installing": "install", "needed": "need", "used": "use", "using": "use", "uses": "use",
        "masked": "mask", "cached": "cache", "rebooting": "reboot", "located": "locate", "times": "time",
    ]

    static func of(_ word: String) -> String {
        if let known = irregular[word] { return known }
        for (ending, least) in [("ing", 6), ("ed", 5), ("es", 5), ("s", 4)] where word.hasSuffix(ending) {
            guard word.count >= least, !word.hasSuffix("ss"), word.allSatisfy(\.isLetter) else { continue }
            if ending == "es", !["sh", "ch", "x", "ss"].contains(where: { word.dropLast(2).hasSuffix($0) }) {
                continue
            }
            return String(word.dropLast(ending.count))
        }
        return word
    }
}
