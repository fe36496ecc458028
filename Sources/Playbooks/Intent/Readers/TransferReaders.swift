import CupelCore

/// What an ask gives for the modules that bring things from elsewhere.
enum TransferReaders {
    static let all: [String: @Sendable (Reading) -> ModuleReading?] = [
        "get_url": { reading in download(reading) },
        "git": { reading in git(reading) },
        "subversion": { reading in subversion(reading) },
        "unarchive": { reading in unarchive(reading) },
        "uri": { reading in request(reading) },
    ]

    private static func lastPart(_ path: String) -> String {
        let plain = path.split { $0 == "?" || $0 == "#" }.first ?? ""
        return plain.split { $0 == "/" || $0 == ":" }.last.map(String.init) ?? "download"
    }

    private static func isRepository(_ url: String) -> Bool {
        let lower = url.lowercased()
        return lower.hasSuffix(".git") || lower.hasPrefix("git@") || lower.hasPrefix("git://")
    }

    private static func download(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.download, .gather, .fetch, .copy, .write, .add, .install),
            let url = reading.urls(where: { !isRepository($0) && !$0.hasPrefix("ppa:") }).first
        else { return nil }
        var result = ModuleReading(title: "Download \(lastPart(url))")
        result.set("url", text: url, "the ask gives the address")
        if let dest = reading.destination {
            result.set("dest", text: dest, "the ask says where it goes")
        } else {
            result.set("dest", text: "/tmp/" + lastPart(url), "the ask names no place")
        }
        let digest = reading.words.first { $0.lower.hasPrefix("sha256:") || $0.lower.hasPrefix("sha512:") }
        result.set("checksum", text: digest?.lower, "the ask gives a checksum")
        reading.ownership(into: &result)
        result.set("mode", "0644", "files get this unless the ask says otherwise")
        return result
    }

    private static func git(_ reading: Reading) -> ModuleReading? {
        let url =
            reading.urls(where: isRepository).first
            ?? (reading.has("git", "clone", "repository", "repo")
                ? reading.urls { !$0.hasPrefix("ppa:") && !$0.hasPrefix("svn") }.first : nil)
        guard let url, reading.wants(.clone, .copy, .download, .fetch, .set, .install, .ensure) else { return nil }
        var name = lastPart(url)
        if name.hasSuffix(".git") { name = String(name.dropLast(4)) }
        var result = ModuleReading(title: "Clone \(name)")
        result.set("repo", text: url, "the ask gives the repository")
        if let dest = reading.destination {
            result.set("dest", text: dest, "the ask says where it goes")
        } else {
            result.set("dest", text: "/opt/" + name, "the ask names no place")
        }
        let version = reading.word(after: ["branch", "tag", "version", "revision", "commit"], within: 2) {
            $0.kind != .mark && $0.kind != .url && $0.kind != .path && !Reading.stopWords.contains($0.lower)
        }
        let branch = reading.words.firstIndex { ["branch", "tag"].contains($0.lower) }.map {
            reading.words[$0 - ($0 > 0 ? 1 : 0)]
        }
        if let version = version ?? branch.flatMap({ Reading.isName($0) ? $0 : nil }) {
            result.set("version", text: version.text, "the ask names a version")
        } else {
            // The ask leaves the version open; saying HEAD would be the same thing.
            result.lintExceptions = ["latest[git]"]
        }
        return result
    }

    private static func subversion(_ reading: Reading) -> ModuleReading? {
        guard reading.has("svn", "subversion"), let url = reading.urls().first, let dest = reading.destination else {
            return nil
        }
        var result = ModuleReading(title: "Check out \(lastPart(url))")
        result.set("repo", text: url, "the ask gives the repository")
        result.set("dest", text: dest, "the ask says where it goes")
        return result
    }

    private static func unarchive(_ reading: Reading) -> ModuleReading? {
        guard reading.wants(.extract) else { return nil }
        let url = reading.urls().first
        let archive = url ?? reading.paths.first(where: Shape.isArchive)
        let fetched = reading.earlier.last { $0.module == "get_url" || $0.module == "copy" }?.value("dest")?.stringValue
        guard let src = archive ?? (reading.paths.count > 1 ? reading.paths.first : fetched),
            let dest = reading.destination ?? reading.paths.last(where: { $0 != src }), dest != src
        else { return nil }
        var result = ModuleReading(title: "Extract \(lastPart(src)) to \(dest)")
        result.set(
            "src",
            text: src,
            archive == nil ? "an earlier task brought the archive" : "the ask names the archive"
        )
        result.set("dest", text: dest, "the ask says where it goes")
        // An absolute path, an address and what was downloaded are on the host; a bare name is beside the playbook.
        if src.hasPrefix("/") || url != nil || reading.has("remote") || reading.has(phrase: "on the server") {
            result.set("remote_src", true, "the archive is on the host")
        }
        reading.ownership(into: &result)
        return result
    }

    private static func request(_ reading: Reading) -> ModuleReading? {
        let methods: Set<String> = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"]
        guard let url = reading.urls(where: { $0.lowercased().hasPrefix("http") }).first,
            reading.wants(.check, .send, .ping, .gather, .ensure, .wait, .run, .add)
        else { return nil }
        var result = ModuleReading(title: "Request \(url)")
        result.set("url", text: url, "the ask gives the address")
        let method = reading.words.first {
            methods.contains($0.text)
                || ($0.kind == .plain && methods.contains($0.text.uppercased()) && $0.lower != "get")
        }
        result.set("method", text: method?.text.uppercased(), "the ask names the method")
        let status = reading.words.first { $0.kind == .number && $0.text.count == 3 }.flatMap { Int64($0.text) }
        if let status { result.set("status_code", .array([.integer(status)]), "the ask names the status") }
        if reading.has("body", "payload", "data"), let body = reading.quotedText {
            result.set("body", text: body, "the ask gives the body")
        }
        return result
    }
}
