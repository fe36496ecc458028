/// What the counting pass counts in a text. Bytes and lines are of the windows that were looked at.
struct TextCounts {
    /// Levels of nesting that are told apart.
    static var maximumLevels: Int { 64 }

    var bytes = 0
    var lines = 0
    var blankLines = 0
    var codeLines = 0
    var commentLines = 0
    /// Comments on lines of their own that look like code.
    var deadLines = 0
    var longestLine = 0
    /// Lines of more than 120 bytes, and of more than 500.
    var longLines = 0
    var hugeLineBytes = 0
    /// Letters and digits.
    var alphanumeric = 0
    var spaces = 0
    var controls = 0
    var commentBytes = 0
    /// Documentation: comments that a tool shows to readers.
    var documentation = 0
    var stringBytes = 0
    /// Bytes of unbroken runs that no one reads: long tokens and long strings without spaces.
    var opaqueBytes = 0
    var escapes = 0
    var numbers = 0
    var numberBytes = 0
    var names = 0
    var nameBytes = 0
    var shortNames = 0
    var snakeNames = 0
    var camelNames = 0
    /// Names as tools that hide meaning make them.
    var mangledNames = 0
    /// Names whose letters were looked at.
    var judgedNames = 0
    var commonPairs = 0
    var pairs = 0
    var branches = 0
    var functions = 0
    /// Blocks behind a closing bracket, as functions and branches of C's relatives have them.
    var blocks = 0
    var checks = 0
    var statementEnds = 0
    var crowdedLines = 0
    /// Significant lines that were compared, those seen before, and those in runs of four and more seen before.
    var comparedLines = 0
    var repeatedLines = 0
    var repeatedRuns = 0
    /// Lines of code at a level, from brackets or from columns.
    var nesting = 0
    var deepLines = 0
    var deepest = 0
    /// Brackets that close another, nothing, or never.
    var bracketErrors = 0
    /// The line of the first of them.
    var firstError = 0
    /// Strings that their line ends although they may not.
    var openStrings = 0
    /// Whether the text ends inside a string or a comment.
    var endsInside = false
    /// Columns that lines of code begin at.
    var indented2 = 0
    var indented4 = 0
    var indented = 0
    var tagBytes = 0

    /// How much of a text a count is.
    func share(_ count: Int) -> Double { bytes == 0 ? 0 : Double(count) / Double(bytes) }

    /// How much a line of code.
    func aLine(_ count: Int) -> Double { codeLines == 0 ? 0 : Double(count) / Double(codeLines) }

    static func ratio(_ count: Int, _ all: Int) -> Double { all == 0 ? 0 : Double(count) / Double(all) }
}

extension TextCounts {
    /// The counts of two parts of a text.
    static func + (left: Self, right: Self) -> Self {
        var sum = left
        let sums: [WritableKeyPath<Self, Int>] = [
            \.bytes, \.lines, \.blankLines, \.codeLines, \.commentLines, \.deadLines, \.longLines, \.hugeLineBytes,
            \.alphanumeric, \.spaces, \.controls, \.commentBytes, \.documentation, \.stringBytes, \.opaqueBytes,
            \.escapes, \.numbers, \.numberBytes, \.names, \.nameBytes, \.shortNames, \.snakeNames, \.camelNames,
            \.mangledNames, \.judgedNames, \.commonPairs, \.pairs, \.branches, \.functions, \.blocks, \.checks,
            \.statementEnds,
            \.crowdedLines, \.comparedLines, \.repeatedLines, \.repeatedRuns, \.nesting, \.deepLines, \.tagBytes,
        ]
        for path in sums { sum[keyPath: path] += right[keyPath: path] }
        sum.longestLine = max(left.longestLine, right.longestLine)
        sum.deepest = max(left.deepest, right.deepest)
        return sum
    }
}
