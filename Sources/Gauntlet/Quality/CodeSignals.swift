/// Makes signals of what was counted in a text, by the expectations of its language.
struct CodeSignals {
    let counts: TextCounts
    let profile: QualityProfile
    let form: LexicalForm
    let kind: QualityKind
    let language: Language
    /// Whether the whole text was counted: windows of it are cut anywhere.
    let isWhole: Bool

    var all: [QualitySignal] {
        var signals = [lines, alphanumeric, opaque, duplicates]
        if isWhole, language.syntax != .plain, !isYAML { signals.append(parses) }
        guard profile.isProgram else { return signals }
        signals += [comments, deadCode, nesting, branches, naming, crowding]
        if kind == .test { signals.append(tests) } else { signals.append(documentation) }
        return signals
    }

    private var isYAML: Bool { language == .yaml || language == .ansible || language == .workflow }

    private func ramp(_ value: Double, _ bounds: QualityProfile.Bounds) -> Double {
        QualityScore.ramp(value, good: bounds.good, bad: bounds.bad)
    }

    private func signal(_ name: String, _ value: Double, _ weight: Double, _ words: @autoclosure () -> String)
        -> QualitySignal
    {
        QualitySignal(name, value, weight: weight, value < 0.9 ? words() : "")
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    private func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// Mean and share of long lines (The Stack: mean 100, longest 1000; StarCoder 2: 100 and 100 000).
    var lines: QualitySignal {
        let written = max(1, counts.lines - counts.blankLines)
        let mean = Double(counts.bytes - counts.lines) / Double(written)
        let long = TextCounts.ratio(counts.longLines, written)
        let huge = counts.share(counts.hugeLineBytes)
        let value = min(
            ramp(mean, profile.meanLine),
            ramp(long, profile.longLines),
            QualityScore.ramp(huge, good: 0.15, bad: 0.7)
        )
        return signal(
            "lines",
            value,
            QualityWeights.lines,
            "lines are \(Int(mean)) bytes on average and \(counts.longestLine) at most; break them"
        )
    }

    /// Letters and digits (Codex and The Stack: at least 25 % of all bytes).
    var alphanumeric: QualitySignal {
        let share = TextCounts.ratio(counts.alphanumeric, max(1, inked))
        return signal(
            "alphanumeric",
            ramp(share, profile.alphanumeric),
            QualityWeights.alphanumeric,
            "only \(percent(share)) of it are letters and digits"
        )
    }

    /// Bytes that are no layout.
    private var inked: Int {
        max(1, counts.bytes - counts.spaces - counts.lines)
    }

    /// Encoded bytes, numbers, control characters (StarCoder 2: base64, hexadecimal and Unicode escapes).
    var opaque: QualitySignal {
        let encoded = counts.share(counts.opaqueBytes + counts.escapes * 3)
        let numbers = TextCounts.ratio(counts.numberBytes + counts.numbers, inked)
        let controls = counts.share(counts.controls)
        let value = min(
            QualityScore.ramp(encoded, good: 0.15, bad: 0.5),
            profile.isProgram ? QualityScore.ramp(numbers, good: 0.3, bad: 0.6) : 1,
            QualityScore.ramp(controls, good: 0.001, bad: 0.02)
        )
        return signal(
            "opaque",
            value,
            QualityWeights.opaque,
            encoded > 0.15
                ? "\(percent(encoded)) of it are encoded bytes or escapes; keep data in a file of its own"
                : "\(percent(numbers)) of it are numbers; keep data in a file of its own"
        )
    }

    /// Repeated lines and blocks (Gopher and RedPajama 2: at most 30 % of prose).
    var duplicates: QualitySignal {
        guard counts.comparedLines >= 12 else {
            return QualitySignal("duplicates", 1, weight: QualityWeights.duplicates)
        }
        let lines = TextCounts.ratio(counts.repeatedLines, counts.comparedLines)
        let blocks = TextCounts.ratio(counts.repeatedRuns, counts.comparedLines)
        return signal(
            "duplicates",
            min(ramp(lines, profile.repeatedLines), ramp(blocks, profile.repeatedBlocks)),
            QualityWeights.duplicates,
            "\(percent(max(lines, blocks))) of the lines stand there before; make one function of them"
        )
    }

    /// Brackets and strings that close.
    var parses: QualitySignal {
        var errors = 0
        if form.strictBrackets { errors += counts.bracketErrors }
        if form.strictStrings { errors += counts.openStrings }
        let isCut = counts.endsInside && (form.strictBrackets || form.slashComments)
        let value = isCut || errors > 0 ? 0.0 : 1
        let place = counts.firstError > 0 ? " (first at line \(counts.firstError))" : ""
        return signal(
            "parses",
            value,
            QualityWeights.parses,
            "brackets or strings do not close\(place); the file is cut or broken"
        )
    }

    /// Comments (SantaCoder keeps files with 1 % to 80 %).
    var comments: QualitySignal {
        let share = counts.share(counts.commentBytes)
        let few = counts.codeLines < 12 ? 1 : 0.35 + 0.65 * QualityScore.ramp(share, good: 0.01, bad: 0)
        return signal(
            "comments",
            min(few, QualityScore.ramp(share, good: 0.8, bad: 0.97)),
            QualityWeights.comments,
            share < 0.01 ? "nothing is explained; comment what is not plain" : "it is nearly all comment"
        )
    }

    /// Code that was commented out.
    var deadCode: QualitySignal {
        let share = TextCounts.ratio(counts.deadLines, counts.codeLines + counts.deadLines)
        return signal(
            "dead-code",
            counts.deadLines < 4 ? 1 : QualityScore.ramp(share, good: 0.06, bad: 0.24),
            QualityWeights.deadCode,
            "\(counts.deadLines) lines of code are commented out; delete them, the history keeps them"
        )
    }

    /// Depth of blocks.
    var nesting: QualitySignal {
        let mean = counts.aLine(counts.nesting)
        let deep = counts.aLine(counts.deepLines)
        return signal(
            "nesting",
            min(ramp(mean, profile.nesting), ramp(deep, profile.deepLines)),
            QualityWeights.nesting,
            "blocks are \(counts.deepest) deep; return early, or make functions of them"
        )
    }

    /// Branches a line of code and a function.
    var branches: QualitySignal {
        let density = counts.aLine(counts.branches)
        let functions = max(counts.functions, counts.blocks - counts.branches, 1)
        let each = Double(counts.branches) / Double(functions)
        let value = min(
            counts.codeLines < 8 ? 1 : ramp(density, profile.branches),
            counts.codeLines < 60 ? 1 : 0.4 + 0.6 * QualityScore.ramp(each, good: 16, bad: 60)
        )
        return signal(
            "branches",
            value,
            QualityWeights.branches,
            "\(counts.branches) branches in \(counts.codeLines) lines; split what decides so much"
        )
    }

    /// Names that say something.
    var naming: QualitySignal {
        guard counts.names >= 12 else { return QualitySignal("naming", 1, weight: QualityWeights.naming) }
        let short = TextCounts.ratio(counts.shortNames, counts.names)
        let length = TextCounts.ratio(counts.nameBytes, counts.names)
        let pairs = counts.pairs < 60 ? 1 : TextCounts.ratio(counts.commonPairs, counts.pairs)
        let mangled = TextCounts.ratio(counts.mangledNames, counts.judgedNames)
        let styled = counts.snakeNames + counts.camelNames
        let mixed = styled < 30 ? 0 : TextCounts.ratio(min(counts.snakeNames, counts.camelNames), styled)
        let value = min(
            ramp(short, profile.shortNames),
            ramp(length, profile.nameLength),
            ramp(pairs, profile.commonPairs),
            QualityScore.ramp(mangled, good: 0.1, bad: 0.35),
            1 - mixed * 0.3
        )
        return signal(
            "naming",
            value,
            QualityWeights.naming,
            short > profile.shortNames.good
                ? "\(percent(short)) of the names have one letter; say what they hold"
                : "names are \(tenths(length)) letters long and read like no words; say what they hold"
        )
    }

    /// Statements a line.
    var crowding: QualitySignal {
        let share = counts.aLine(counts.crowdedLines)
        let ends = counts.aLine(counts.statementEnds)
        return signal(
            "crowding",
            min(ramp(share, profile.crowding), QualityScore.ramp(ends, good: 1.3, bad: 3)),
            QualityWeights.crowding,
            "\(counts.crowdedLines) lines hold several statements; give each its own"
        )
    }

    /// Comments for readers of the interface.
    var documentation: QualitySignal {
        guard counts.functions >= 3 else {
            return QualitySignal("documentation", 1, weight: QualityWeights.documentation)
        }
        let each = Double(counts.documentation + counts.commentLines / 3) / Double(counts.functions)
        return signal(
            "documentation",
            0.2 + 0.8 * QualityScore.ramp(each, good: 0.3, bad: 0),
            QualityWeights.documentation,
            "\(counts.functions) functions have hardly a comment; say what each is for"
        )
    }

    /// Checks in a test.
    var tests: QualitySignal {
        let isEmpty = counts.checks == 0 && counts.functions >= 2
        return signal(
            "tests",
            isEmpty ? 0.2 : 1,
            QualityWeights.tests,
            "a test without an assertion; check what comes out"
        )
    }
}
