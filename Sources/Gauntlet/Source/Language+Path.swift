extension Language {
    /// The language that a path names by its last parts; ``unknown`` when it names none.
    package init(path: String) {
        let name = FileName.lowered(of: path)
        if let known = Self.byName[name] {
            self = known
            return
        }
        if name.hasPrefix("dockerfile") || name.hasSuffix(".dockerfile") || name.hasPrefix("containerfile") {
            self = .dockerfile
            return
        }
        let language = FileName.ending(of: name).flatMap { Self.byExtension[$0] } ?? .unknown
        guard language == .yaml else {
            self = language
            return
        }
        self = Self.yaml(path.split(separator: "/").dropLast().suffix(2).map { $0.lowercased() }, name)
    }

    private static func yaml(_ folders: [String], _ name: String) -> Language {
        if folders == [".github", "workflows"] || name == "action.yml" || name == "action.yaml" {
            return .workflow
        }
        let roleFolders: Set<String> = ["tasks", "handlers", "playbooks", "roles", "group_vars", "host_vars"]
        if let folder = folders.last, roleFolders.contains(folder) { return .ansible }
        return name.hasPrefix("playbook") || name == "site.yml" ? .ansible : .yaml
    }

    private static let byName: [String: Language] = [
        "makefile": .make, "gnumakefile": .make, "rakefile": .ruby, "gemfile": .ruby, "vagrantfile": .ruby,
        "jenkinsfile": .groovy, "pkgbuild": .shell, ".bashrc": .shell, ".bash_profile": .shell, ".profile": .shell,
        ".zshrc": .shell, "pipfile": .toml, "pkg-info": .text, "metadata": .text, "license": .text, "copying": .text,
        "readme": .text, "changelog": .text, "changes": .text, "authors": .text, "notice": .text, "news": .text,
        "crontab": .shell, "record": .text, "sources.txt": .text, "top_level.txt": .text,
        "manifest.in": .text,
    ]

    private static let byExtension: [String: Language] = {
        let table: [(Language, String)] = [
            (.python, "py pyw pyi pyx pxd pth"), (.javascript, "js mjs cjs jsx"), (.typescript, "ts tsx mts cts vue"),
            (.shell, "sh bash zsh ksh dash ash fish command bats preinst postinst prerm postrm"),
            (.powershell, "ps1 psm1 psd1"), (.batch, "bat cmd"), (.ruby, "rb gemspec rake"), (.php, "php phtml php5"),
            (.perl, "pl pm cgi"), (.lua, "lua"), (.go, "go"), (.java, "java jsp"), (.kotlin, "kt kts"),
            (.groovy, "groovy gradle"), (.scala, "scala sc"), (.dart, "dart"), (.c, "c h"),
            (.cpp, "cc cpp cxx hpp hh cu m mm"), (.csharp, "cs csx"), (.rust, "rs"), (.swift, "swift"),
            (.vbscript, "vbs vbe vba bas cls frm wsf hta vb"), (.awk, "awk"), (.tcl, "tcl exp"), (.r, "r"),
            (.yaml, "yml yaml"), (.json, "json json5 ipynb map webmanifest"), (.toml, "toml"),
            (.ini, "ini cfg conf cnf properties service timer desktop reg inf env"), (.html, "html htm xhtml"),
            (.css, "css scss less"), (.xml, "xml svg plist xsl csproj sct"), (.markdown, "md markdown mdx"),
            (.text, "rst txt adoc tex po pot log csv tsv"), (.sql, "sql"), (.make, "mk mak"),
        ]
        var result: [String: Language] = [:]
        for (language, names) in table {
            for name in names.split(separator: " ") { result[String(name)] = language }
        }
        return result
    }()
}
