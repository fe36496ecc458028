/// What is known of the text that is being looked at; made when it is first asked for.
final class SourceContext {
    let path: String
    let text: UnsafeRawBufferPointer

    /// The language, by path and content.
    private(set) lazy var language = Language(path: path, text: text)
    /// Where comments and strings stand.
    private(set) lazy var map = SourceMap(text, syntax: language.syntax)
    /// What the path says of the file's part in its package.
    private(set) lazy var role = FileRole(path: path)

    /// A context of a text that outlives it.
    init(path: String, text: UnsafeRawBufferPointer) {
        self.path = path
        self.text = text
    }

    private lazy var languageBit = language == .unknown ? UInt64.max : language.bit

    /// Whether a rule for some languages applies, a bit each and all when zero.
    func admits(_ languages: UInt64) -> Bool { languages == 0 || languages & languageBit != 0 }

    /// Whether a rule for some languages applies; a text of unknown language may be in any of them.
    func admits(_ languages: Set<Language>) -> Bool {
        languages.isEmpty || language == .unknown || languages.contains(language)
    }

    /// Whether an offset stands where a rule wants it.
    func fits(_ place: RulePlace, at offset: Int) -> Bool {
        switch place {
        case .anywhere: true
        case .live: map.part(at: offset) != .comment
        case .code: map.part(at: offset) == .code
        case .string: map.part(at: offset) == .string
        case .comment: map.part(at: offset) == .comment || language.isProse
        }
    }
}

/// Where in a text a rule's match must stand.
package enum RulePlace: String, Sendable, Hashable, CaseIterable {
    /// In code or in a string, not in a comment.
    case live
    /// In code alone.
    case code
    /// In a string alone.
    case string
    /// In a comment or in prose.
    case comment
    /// Wherever it is.
    case anywhere
}

/// A file's part in its package, by its path.
struct FileRole: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    /// A test, an example or documentation: what it holds is run by hand or by nobody.
    static let example = FileRole(rawValue: 1)
    /// It runs when the package is installed.
    static let installer = FileRole(rawValue: 2)
    /// It runs when the package is imported.
    static let entry = FileRole(rawValue: 4)
    /// It describes a package.
    static let manifest = FileRole(rawValue: 8)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(path: String) {
        let name = FileName.lowered(of: path)
        var role: FileRole = []
        if Self.isBelowExamples(path) || name.hasPrefix("test_") || Self.exampleEnds.contains(where: name.hasSuffix) {
            role.insert(.example)
        }
        if name == "setup.py" || name == "extconf.rb" || name.hasSuffix(".pth") { role.insert(.installer) }
        if Self.entryNames.contains(name) { role.insert(.entry) }
        if Self.manifestNames.contains(name) { role.insert(.manifest) }
        self = role
    }

    /// Whether one of the six folders next to the file is for tests, examples or documentation.
    private static func isBelowExamples(_ path: String) -> Bool {
        var path = path
        return path.withUTF8 { bytes in
            let raw = UnsafeRawBufferPointer(bytes)
            var end = FileName.start(in: bytes) - 1
            for _ in 0..<6 where end > 0 {
                let start = FileName.start(in: UnsafeBufferPointer(rebasing: bytes[..<end]))
                if exampleFolders.contains(raw, start..<end) { return true }
                end = start - 1
            }
            return false
        }
    }

    private static let exampleFolders = WordSet([
        "tests", "test", "testing", "testdata", "fixtures", "examples", "example", "docs", "doc", "__tests__", "spec",
    ])
    private static let exampleEnds = ["_test.py", ".test.js", ".spec.js", "conftest.py", ".spec.ts", ".test.ts"]
    private static let entryNames: Set<String> = ["__init__.py", "__main__.py", "index.js", "main.js", "main.py"]
    static let manifestNames: Set<String> = ["setup.py", "pyproject.toml", "pkg-info", "package.json"]
}
