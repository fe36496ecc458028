package import CupelCore
package import OrderedCollections

/// The builtin modules of the pinned ansible-core, by name.
package struct ModuleCatalog: Sendable {
    /// What the full name of a builtin module begins with.
    package static let collection = "ansible.builtin."
    /// Older names of a builtin module; ansible-lint wants the newer.
    private static let redirects = ["yum": "dnf", "systemd": "systemd_service"]

    /// The version of ansible-core that the facts were taken from.
    package let version: String
    /// The modules by their short names.
    package let modules: OrderedDictionary<String, ModuleSpec>

    /// Reads the specifications that are part of the binary.
    /// - Throws: ``CupelError`` `internal_error` when they are damaged.
    package static func load() throws(CupelError) -> ModuleCatalog {
        try ModuleCatalog(parsing: PackageResources.module_specs_json)
    }

    /// Reads specifications in the form that `scripts/module-specs` writes.
    /// - Throws: ``CupelError`` `internal_error` when they are damaged.
    package init(parsing bytes: [UInt8]) throws(CupelError) {
        let facts: JSON
        do {
            facts = try JSON(parsing: bytes)
        } catch {
            throw CupelError(.internalError, "The module specifications cannot be read.", cause: error)
        }
        guard let version = facts["version"]?.stringValue, let entries = facts["modules"]?.objectValue else {
            throw CupelError(.internalError, "The module specifications lack their version or their modules.")
        }
        self.version = version
        var modules: OrderedDictionary<String, ModuleSpec> = [:]
        for (name, facts) in entries { modules[name] = try ModuleSpec(shortName: name, facts: facts) }
        self.modules = modules
    }

    /// The module of a short or full name; `ansible.legacy.` and redirected names are understood.
    package func module(named name: String) -> ModuleSpec? {
        var short = Substring(name)
        for prefix in [Self.collection, "ansible.legacy."] where short.hasPrefix(prefix) {
            short = short.dropFirst(prefix.count)
        }
        return modules[Self.redirects[String(short)] ?? String(short)]
    }

    /// The module names that are spelt most like `name`, best first.
    package func nearest(to name: String, count: Int = 3) -> [String] {
        Spelling.nearest(to: name, among: Array(modules.keys), count: count)
    }
}
