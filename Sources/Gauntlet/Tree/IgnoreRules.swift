/// What the ignore files from the root down to a directory leave out.
struct IgnoreRules: Sendable {
    /// The files that are heard, the later over the earlier.
    static let fileNames = [".gitignore", ".cupelignore"]
    /// Bytes of one ignore file, at most; what comes after is not read.
    static let maximumBytes = 1 << 20
    /// Patterns of one ignore file, at most.
    static let maximumPatterns = 10_000

    /// A directory's patterns, and how many parts of a path lie above it.
    private struct Level: Sendable {
        var depth: Int
        var patterns: [GlobPattern]
    }

    private var levels: [Level] = []

    /// Adds the patterns of a file that stands `depth` directories below the root.
    mutating func add(_ text: String, depth: Int) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true).prefix(Self.maximumPatterns)
        let patterns = lines.compactMap { GlobPattern(line: $0) }
        if !patterns.isEmpty { levels.append(Level(depth: depth, patterns: patterns)) }
    }

    /// Whether a path from the root is left out: the last pattern that matches decides.
    func ignores(_ path: [[UInt8]], isDirectory: Bool) -> Bool {
        for level in levels.reversed() {
            let rest = Array(path.dropFirst(level.depth))
            for pattern in level.patterns.reversed() where pattern.matches(rest, isDirectory: isDirectory) {
                return !pattern.isNegated
            }
        }
        return false
    }
}
