import CupelCore

/// What an ask gives for the modules that make, change and move files.
enum FileReaders {
    static let all: [String: @Sendable (Reading) -> ModuleReading?] = [
        "file": { reading in file(reading) },
        "copy": { reading in copy(reading) },
        "template": { reading in template(reading) },
        "fetch": { reading in fetch(reading) },
        "stat": { reading in stat(reading) },
        "slurp": { reading in slurp(reading) },
        "find": { reading in find(reading) },
        "tempfile": { reading in temporary(reading) },
    ]

    private static let directoryNouns: Set<String> = ["directory", "directories", "folder", "folders", "dir"]

    /// The path that a task changes: the first absolute one, or that of an earlier task.
    private static func target(_ reading: Reading) -> (String, String)? {
        if let path = reading.absolutePaths.first { return (path, "the ask names a path") }
        guard reading.pointsBack || reading.wants(.chown, .chmod) else { return nil }
        for draft in reading.earlier.reversed() {
            if let path = (draft.value("path") ?? draft.value("dest"))?.stringValue {
                return (path, "an earlier task is about \(path)")
            }
        }
        return nil
    }

    private static func file(_ reading: Reading) -> ModuleReading? {
        if let link = link(reading) { return link }
        guard let (path, why) = target(reading), !reading.has("line", "block", "cron", "text") else { return nil }
        let isDirectory = reading.words.contains { directoryNouns.contains($0.lower) }
        var result = ModuleReading(title: "Set the attributes of \(path)")
        result.set("path", text: path, why)
        if reading.wants(.remove) {
            // "delete old logs with /usr/bin/prune": the path is the tool, not what goes.
            guard reading.path(after: ["with", "using", "via", "by"]) != path else { return nil }
            // "delete all files in /tmp/x" is not about the directory itself.
            let isInside =
                reading.has("files", "everything", "contents")
                && reading.path(after: ["in", "inside", "under"]) == path
            guard !isInside else { return nil }
            result.again("path", for: Array(reading.absolutePaths.dropFirst()))
            result.title = "Remove \(path)"
            result.set("state", "absent", "the ask removes it")
            return reading.quotedText == nil ? result : nil
        }
        // What a file holds is not this module's to write.
        if reading.quotedText != nil, reading.has("content", "contents", "containing", "text") { return nil }
        reading.ownership(into: &result)
        let makes = reading.wants(.create, .add, .ensure, .install) && !reading.has("content", "contents")
        if makes,
            reading.has("empty") || reading.has(phrase: "file") && reading.quotedText == nil && !isDirectory
                || reading.wants(.touch)
        {
            guard !path.hasSuffix("/") else { return nil }
            return touched(path, result)
        }
        if reading.wants(.touch) { return touched(path, result) }
        if isDirectory && (makes || reading.wants(.ensure)) || makes && reading.pathsLookLikeDirectories {
            result.again("path", for: Array(reading.absolutePaths.dropFirst()))
            result.title = "Create directory \(path)"
            result.set("state", "directory", "the ask makes a directory")
            result.set("mode", "0755", "directories get this unless the ask says otherwise")
            return result
        }
        return attributes(reading, result)
    }

    private static func touched(_ path: String, _ reading: ModuleReading) -> ModuleReading {
        var result = reading
        result.title = "Create file \(path)"
        result.set("state", "touch", "the ask makes an empty file")
        result.set("mode", "0644", "files get this unless the ask says otherwise")
        return result
    }

    /// Owner and mode of what exists; something must be said about it.
    private static func attributes(_ reading: Reading, _ given: ModuleReading) -> ModuleReading? {
        var result = given
        guard result.slots.count > 1 else { return nil }
        if reading.has("recursive", "recursively", "recurse") || reading.has(phrase: "everything under") {
            result.set("state", "directory", "only a directory has something under it")
            result.set("recurse", true, "the ask says recursively")
        }
        return result
    }

    private static func link(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.link) || reading.has("symlink", "link") || reading.has(phrase: "symbolic link"),
            !reading.wants(.remove), reading.absolutePaths.count >= 2
        else { return nil }
        let (first, second) = (reading.absolutePaths[0], reading.absolutePaths[1])
        // "from A to B", "A to B", "A pointing to B": the link is A.
        // "link A as B", "a link at B to A", "to A at B": the place after "at" or "as" is the link.
        let place = reading.word(after: ["at", "as", "named", "called"], within: 2) { $0.kind == .path }?.text
        let path = place ?? first
        let source = path == first ? second : first
        var result = ModuleReading(title: "Link \(path) to \(source)")
        result.set("src", text: source, "the ask says what is linked to")
        result.set("path", text: path, "the ask says where the link is")
        result.set("state", reading.has("hard", "hardlink") ? "hard" : "link", "the ask makes a link")
        return result
    }

    private static func copy(_ reading: Reading) -> ModuleReading? {
        if let written = written(reading) { return written }
        guard reading.wants(.copy, .install, .add), !reading.paths.contains(where: { $0.hasSuffix(".j2") }),
            let dest = reading.destination, dest.hasPrefix("/"), let src = source(reading, dest)
        else { return nil }
        let isOnHost =
            reading.has("remote", "remotely") || reading.has(phrase: "on the server")
            || reading.has(phrase: "on the host")
            || reading.wants(.copy) && reading.has("move", "rename", "backup")
        var result = ModuleReading(title: "Copy \(src) to \(dest)")
        result.set("src", text: src, "the ask names what is copied")
        result.set("dest", text: dest, "the ask names where it goes")
        reading.ownership(into: &result)
        result.set("mode", "0644", "files get this unless the ask says otherwise")
        if isOnHost { result.set("remote_src", true, "the ask says the file is on the host") }
        return result
    }

    /// What is copied: another path, else the first name after the verb.
    private static func source(_ reading: Reading, _ dest: String) -> String? {
        if let path = reading.paths.first(where: { $0 != dest }) { return path }
        guard reading.wants(.copy), reading.quotedText == nil,
            let verb = reading.words.firstIndex(where: { Action.ofImperative($0) == .copy })
        else {
            return nil
        }
        return reading.words[(verb + 1)...].prefix(3).first {
            Reading.isName($0) && !["content", "contents"].contains($0.lower)
        }?.text
    }

    /// A file whose content the ask gives.
    private static func written(_ reading: Reading) -> ModuleReading? {
        let gives =
            reading.has("content", "contents", "containing", "contain", "text", "saying") || reading.wants(.write)
        guard reading.wants(.create, .write, .add, .copy, .set), gives, !reading.has("line", "block"),
            let content = reading.quotedText ?? spokenText(reading), let dest = reading.absolutePaths.first
        else { return nil }
        if reading.wants(.add) { return nil }
        var result = ModuleReading(title: "Write \(dest)")
        result.set("content", .string(content + "\n"), "the ask gives the content")
        result.set("dest", text: dest, "the ask names the file")
        reading.ownership(into: &result)
        result.set("mode", "0644", "files get this unless the ask says otherwise")
        return result
    }

    /// One plain word of content, as in "write the text hello into FILE".
    private static func spokenText(_ reading: Reading) -> String? {
        reading.word(after: ["text", "content"], within: 1) { $0.kind == .plain && Reading.isName($0) }?.text
    }

    private static func template(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.render, .copy, .install, .create, .set, .write, .add),
            let src = reading.paths.first(where: { $0.hasSuffix(".j2") })
                ?? (reading.has("template") ? reading.paths.first { !$0.hasPrefix("/") } : nil),
            let dest = reading.path(after: ["to", "into", "as", "at", "in"]) ?? reading.absolutePaths.last, dest != src
        else { return nil }
        var result = ModuleReading(title: "Render \(src) to \(dest)")
        result.set("src", text: src, "the ask names the template")
        result.set("dest", text: dest, "the ask names where it goes")
        reading.ownership(into: &result)
        result.set("mode", "0644", "files get this unless the ask says otherwise")
        return result
    }

    private static func fetch(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.fetch, .download, .copy, .gather), reading.urls().isEmpty else { return nil }
        let comesFromHosts = reading.wants(.fetch) || reading.has(phrase: "from the") || reading.has(phrase: "from all")
        guard comesFromHosts, let src = reading.absolutePaths.first else { return nil }
        let dest = reading.word(after: ["to", "into", "in", "under"], within: 5) {
            $0.kind == .path || $0.kind == .file
        }?.text
        var result = ModuleReading(title: "Fetch \(src)")
        result.set("src", text: src, "the ask names what is fetched")
        result.set("dest", text: dest == src ? "fetched/" : dest ?? "fetched/", "where it is kept on this side")
        return result
    }

    private static func stat(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.check, .gather, .show), let path = reading.absolutePaths.first, reading.urls().isEmpty,
            reading.has(
                "exist",
                "information",
                "info",
                "size",
                "status",
                "stat",
                "stats",
                "attribute",
                "exists",
                "details"
            )
        else { return nil }
        var result = ModuleReading(title: "Look at \(path)")
        result.set("path", text: path, "the ask names a path")
        result.keywords = [("register", "file_status")]
        return result
    }

    private static func slurp(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.gather, .show), let path = reading.absolutePaths.first,
            reading.has("content", "contents", "read", "slurp")
        else { return nil }
        var result = ModuleReading(title: "Read \(path)")
        result.set("src", text: path, "the ask names a path")
        result.keywords = [("register", "file_content")]
        return result
    }

    private static func find(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.find, .gather, .show), reading.has("file", "files", "directory"),
            let path = reading.absolutePaths.first
        else { return nil }
        var result = ModuleReading(title: "Find files in \(path)")
        result.set("paths", .array([.string(path)]), "the ask names where to look")
        if let pattern = reading.words.first(where: { $0.text.contains("*") })?.text {
            result.set("patterns", .array([.string(pattern)]), "the ask gives a pattern")
        }
        let units = ["day": "d", "hour": "h", "minute": "m", "week": "w"]
        if let index = reading.words.firstIndex(where: { $0.kind == .number }), index + 1 < reading.words.count {
            let unit = units[reading.words[index + 1].stem]
            let number = reading.words[index].text
            if let unit, reading.has("older", "old", "newer", "younger") {
                let age = (reading.has("newer", "younger") ? "-" : "") + number + unit
                result.set("age", text: age, "the ask gives an age")
            }
            let size = ["mb": "m", "gb": "g", "kb": "k", "megabyte": "m", "gigabyte": "g"][
                reading.words[index + 1].stem
            ]
            if let size, reading.has("larger", "bigger", "over") {
                result.set("size", text: number + size, "the ask gives a size")
            }
        }
        if reading.has("recursive", "recursively") { result.set("recurse", true, "the ask says recursively") }
        result.keywords = [("register", "found_files")]
        return result
    }

    private static func temporary(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.create), reading.has("temporary", "temp"), reading.absolutePaths.isEmpty else {
            return nil
        }
        let isDirectory = reading.words.contains { directoryNouns.contains($0.lower) }
        var result = ModuleReading(title: "Create a temporary " + (isDirectory ? "directory" : "file"))
        result.set("state", isDirectory ? "directory" : "file", "the ask says which")
        result.keywords = [("register", "temporary")]
        return result
    }
}

extension Reading {
    /// Whether the path's last part has no ending and nothing calls it a file.
    var pathsLookLikeDirectories: Bool {
        guard let path = absolutePaths.first, !has("file", "content", "link") else { return false }
        return path.hasSuffix("/") || !(path.split(separator: "/").last ?? "").contains(".")
    }
}
