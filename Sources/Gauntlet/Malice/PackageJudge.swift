/// Judges a package as a whole: what its install hook starts, and all of it when it is so small that it has one purpose.
///
/// It keeps a few words a file, so a tree of any size costs little memory.
struct PackageJudge {
    /// Files whose summaries are kept, at most.
    static let maximumFiles = 20_000
    /// Programs in a package that is judged as one, at most: malicious ones hold little else.
    static let maximumPrograms = 8

    /// What is kept of a directory with a manifest or programs.
    private struct Package {
        var programs = 0
        var signals = SignalSet()
        var first: String?
        var manifest: String?
    }

    private var packages: [String: Package] = [:]
    private var roots: Set<String> = []
    private var pending: [(folder: String, summary: MaliceSummary)] = []
    private var programs: [String: Int] = [:]
    private let table: SignalTable
    private let named: [CompiledRule]
    private let firstCombination: Int

    init(engine: GauntletEngine) {
        table = engine.table
        named = engine.named
        firstCombination = engine.compiled.count
    }

    /// Notes a file that was looked at.
    mutating func add(path: String, summary: MaliceSummary?) {
        guard !table.entries.isEmpty else { return }
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { String(path[..<$0]) } ?? ""
        let name = slash.map { path[path.utf8.index(after: $0)...] } ?? path[...]
        if FileRole.manifestNames.contains(String(name)), roots.count < Self.maximumFiles { roots.insert(folder) }
        if Self.isProgram(name), programs.count < Self.maximumFiles || programs[folder] != nil {
            programs[folder, default: 0] += 1
        }
        guard let summary, !summary.role.contains(.example), pending.count < Self.maximumFiles else { return }
        pending.append((folder, summary))
    }

    /// The findings about packages.
    mutating func findings() -> [Finding] {
        for (folder, count) in programs {
            if let root = root(of: folder) { packages[root, default: Package()].programs += count }
        }
        for (folder, summary) in pending {
            guard let root = root(of: folder) else { continue }
            packages[root, default: Package()].signals.formUnion(summary.signals)
            if summary.role.contains(.manifest) { packages[root]?.manifest = summary.path }
            if packages[root]?.first == nil { packages[root]?.first = summary.path }
        }
        return packages.keys.sorted().flatMap { root -> [Finding] in
            guard let package = packages[root], package.programs <= Self.maximumPrograms else { return [] }
            return findings(in: package)
        }
    }

    private func findings(in package: Package) -> [Finding] {
        table.entries.enumerated().compactMap { index, entry -> Finding? in
            guard entry.combination.scope == .package,
                entry.parts.allSatisfy({ package.signals.intersects($0) }),
                !package.signals.intersects(entry.without),
                let path = package.manifest ?? package.first
            else { return nil }
            let combination = entry.combination
            let reasons = table.names.indices.filter { number in
                package.signals.contains(UInt8(number)) && entry.parts.contains { $0.contains(UInt8(number)) }
            }
            let words = reasons.map { table.meanings[$0] }.joined(separator: ", ")
            return Finding(
                rule: combination.id,
                layer: .malice,
                severity: combination.severity,
                path: path,
                line: 1,
                column: 1,
                excerpt: Excerpt(text: "", start: 0, length: 0),
                fingerprint: FindingWriter.fingerprint(combination.id, path: path, hint: ""),
                message: "This looks like \(combination.description); over its files the package \(words)"
            )
        }
    }

    /// The nearest folder above that holds a manifest.
    private func root(of folder: String) -> String? {
        var at = folder[...]
        var depth = 0
        while depth < 12 {
            if roots.contains(String(at)) { return String(at) }
            guard let slash = at.lastIndex(of: "/") else { return nil }
            at = at[..<slash]
            depth += 1
        }
        return nil
    }

    /// Whether a name is that of a program that a package may run.
    private static func isProgram(_ name: Substring) -> Bool {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
        return programExtensions.contains(String(name[name.utf8.index(after: dot)...]))
    }

    private static let programExtensions: Set<String> = [
        "py", "pyw", "js", "mjs", "cjs", "ts", "rb", "php", "sh", "ps1", "bat", "cmd", "pl", "go", "lua",
    ]
}
