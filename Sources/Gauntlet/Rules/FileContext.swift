/// What a path says of a file, as far as it says what a value in it means.
package struct FileContext: Sendable, Hashable {
    /// How values are written there.
    package var kind: FileKind
    /// Whether it belongs to tests, examples or documentation, where what looks like a secret is seldom one.
    package var isRehearsal: Bool
    /// Whether a program wrote it: lock files, minified sources, source maps, translations, drawings.
    package var isGenerated: Bool

    /// The context of a path.
    package init(path: String) {
        kind = FileKind(path: path)
        let bytes = Array(path.utf8.suffix(Self.maximumPath))
        (isRehearsal, isGenerated) = bytes.withUnsafeBytes { Self.read($0) }
    }

    /// Bytes of a path that are looked at, from its end.
    private static let maximumPath = 400

    private static func read(_ path: UnsafeRawBufferPointer) -> (isRehearsal: Bool, isGenerated: Bool) {
        var isRehearsal = false
        var isGenerated = false
        var start = 0
        for at in path.indices where path[at] == UInt8(ascii: "/") {
            let part = start..<at
            isRehearsal = isRehearsal || rehearsals.contains(path, part)
            isGenerated = isGenerated || translations.contains(path, part)
            start = at + 1
        }
        let name = path[start...].map(ByteClass.lowered)
        isRehearsal = isRehearsal || isTestName(name)
        isGenerated = isGenerated || generatedNames.contains(path, start..<path.count) || generatedEnds.isEnd(of: name)
        return (isRehearsal, isGenerated)
    }

    private static func isTestName(_ name: [UInt8]) -> Bool {
        name.starts(with: "test_".utf8) || name.starts(with: "test-".utf8) || testMarks.isFound(in: name)
            || testEnds.isEnd(of: name)
    }

    private static let rehearsals = WordSet([
        "test", "tests", "testing", "spec", "specs", "fixture", "fixtures", "testdata", "test-data", "test_data",
        "__tests__", "mock", "mocks", "example", "examples", "sample", "samples", "demo", "doc", "docs",
        "documentation",
        "e2e", "unittests", "integration-tests", "integration_tests", "functional",
    ])
    private static let translations = WordSet([
        "i18n", "l10n", "lang", "langs", "locale", "locales", "languages", "translations", "lc_messages", "intl",
    ])
    private static let testMarks = WordList([
        "_test.", ".test.", ".spec.", "_spec.", "-test.", "example", ".sample",
    ])
    private static let testEnds = WordList([
        "tests.py", "test.java", "tests.java", "tests.cs", "test.cs", "test.kt", "tests.swift", "test.php",
        "test.scala",
        ".md", ".rst", ".adoc",
    ])
    private static let generatedNames = WordSet([
        "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "cargo.lock", "go.sum", "poetry.lock", "composer.lock",
        "gemfile.lock", "pipfile.lock", "podfile.lock", "uv.lock", "package.resolved", "mix.lock", "flake.lock",
    ])
    private static let generatedEnds = WordList([
        ".min.js", ".min.css", ".map", ".svg", ".po", ".pot", ".css", ".less", ".scss", ".sum", ".cabal", ".wox",
        ".lock", ".xlf", ".strings", ".ics", ".ipynb", ".patch~",
    ])
}
