/// What is expected of a language: where a measure begins to count against a file and where it counts in full.
///
/// Set on packages of Python's index and system files: `good` lies beyond nine in ten of the files that people wrote.
struct QualityProfile {
    /// A measure that is 1 up to `good` and 0 from `bad` on.
    struct Bounds {
        var good: Double
        var bad: Double
    }

    /// Mean bytes of a line that is not blank.
    var meanLine = Bounds(good: 56, bad: 130)
    /// Share of lines over 120 bytes.
    var longLines = Bounds(good: 0.1, bad: 0.5)
    /// Letters and digits among all bytes that are no spaces.
    var alphanumeric = Bounds(good: 0.6, bad: 0.4)
    /// Share of branches in lines of code.
    var branches = Bounds(good: 0.34, bad: 0.75)
    /// Mean level of lines of code.
    var nesting = Bounds(good: 3.2, bad: 6.5)
    /// Share of lines at level six and deeper.
    var deepLines = Bounds(good: 0.14, bad: 0.5)
    /// Share of names of one letter.
    var shortNames = Bounds(good: 0.2, bad: 0.5)
    /// Mean length of names.
    var nameLength = Bounds(good: 4.2, bad: 2.4)
    /// Share of common letter pairs in names.
    var commonPairs = Bounds(good: 0.6, bad: 0.42)
    /// Share of lines with several statements.
    var crowding = Bounds(good: 0.04, bad: 0.3)
    /// Share of lines that stood there before.
    var repeatedLines = Bounds(good: 0.42, bad: 0.85)
    /// Share of lines in blocks that stood there before.
    var repeatedBlocks = Bounds(good: 0.2, bad: 0.6)
    /// Whether names, branches, nesting and statements are judged.
    var isProgram = true

    init(_ language: Language, kind: QualityKind) {
        switch language {
        case .python: break
        case .c, .cpp:
            nesting = Bounds(good: 3.4, bad: 7)
            shortNames = Bounds(good: 0.26, bad: 0.6)
            branches = Bounds(good: 0.42, bad: 0.9)
            commonPairs = Bounds(good: 0.54, bad: 0.36)
        case .javascript, .typescript, .php, .java, .csharp, .kotlin, .scala, .dart, .swift, .rust, .groovy:
            branches = Bounds(good: 0.42, bad: 0.9)
            nesting = Bounds(good: 4.2, bad: 8)
            shortNames = Bounds(good: 0.24, bad: 0.5)
        case .go:
            branches = Bounds(good: 0.45, bad: 0.9)
            shortNames = Bounds(good: 0.42, bad: 0.75)
            nameLength = Bounds(good: 3.4, bad: 2)
        case .shell, .perl, .ruby, .lua, .awk, .tcl, .r, .make, .dockerfile, .powershell, .batch, .vbscript:
            branches = Bounds(good: 0.6, bad: 1.2)
            alphanumeric = Bounds(good: 0.5, bad: 0.32)
            shortNames = Bounds(good: 0.3, bad: 0.65)
            commonPairs = Bounds(good: 0.5, bad: 0.34)
            crowding = Bounds(good: 0.14, bad: 0.5)
        default:
            isProgram = false
            longLines = Bounds(good: 0.2, bad: 0.7)
            meanLine = Bounds(good: 80, bad: 180)
            alphanumeric = Bounds(good: 0.5, bad: 0.3)
            repeatedLines = Bounds(good: 0.7, bad: 0.98)
            repeatedBlocks = Bounds(good: 0.5, bad: 0.95)
        }
        if kind == .test, isProgram {
            repeatedLines = Bounds(good: 0.55, bad: 0.92)
            repeatedBlocks = Bounds(good: 0.32, bad: 0.8)
            longLines = Bounds(good: 0.15, bad: 0.6)
        }
    }
}
