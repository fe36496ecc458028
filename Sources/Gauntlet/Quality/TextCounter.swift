/// Counts what ``TextCounts`` holds in one walk over the bytes, by runs of names, strings and comments.
struct TextCounter {
    /// Bytes of a name or number from which on no one reads it.
    static var opaqueWord: Int { 64 }
    /// Names whose letters are looked at: the first ones, and one in sixteen of the others.
    private static var judgedFirst: Int { 128 }
    /// Brackets that may be open at once and still be matched.
    private static var maximumBrackets: Int { 200 }

    let text: UnsafePointer<UInt8>
    let end: Int
    let form: LexicalForm
    let classes: UnsafePointer<UInt8>
    let words: CodeWordTable
    let letterPairs: LetterPairs
    var counts = TextCounts()
    var repeated: RepeatedLines
    var at = 0
    private var lineStart = 0
    /// The first byte of the line that is no space; -1 before it.
    private var lineHead = -1
    private var lineHasCode = false
    private var lineEnds = 0
    /// The kinds of open brackets, the innermost in the lowest bits; two bits each.
    private var open: [UInt8]
    private var depth = 0
    private var braces = 0
    private var lineLevel = 0
    private var lineDepth = 0
    /// The last byte of code that is no space.
    private var last: UInt8 = 0x0A

    private init(
        _ raw: UnsafeRawBufferPointer,
        _ text: UnsafePointer<UInt8>,
        form: LexicalForm,
        classes: UnsafePointer<UInt8>,
        words: CodeWordTable,
        letterPairs: LetterPairs,
        repeated: RepeatedLines
    ) {
        self.text = text
        end = raw.count
        self.form = form
        self.classes = classes
        self.words = words
        self.letterPairs = letterPairs
        self.repeated = repeated
        open = [UInt8](repeating: 0, count: Self.maximumBrackets)
        counts.bytes = raw.count
    }

    /// The counts of a text that is read by a form.
    static func count(_ text: UnsafeRawBufferPointer, _ form: LexicalForm) -> TextCounts {
        RepeatedLines.withTable { repeated in
            ByteKind.table.withUnsafeBufferPointer { classes in
                CodeWordTable.shared.withUnsafeBufferPointer { words in
                    LetterPairs.shared.withUnsafeBufferPointer { pairs in
                        guard let base = text.baseAddress, let classes = classes.baseAddress,
                            let words = words.baseAddress, let pairs = pairs.baseAddress
                        else { return TextCounts() }
                        var counter = TextCounter(
                            text,
                            base.assumingMemoryBound(to: UInt8.self),
                            form: form,
                            classes: classes,
                            words: CodeWordTable(slots: words),
                            letterPairs: LetterPairs(rows: pairs),
                            repeated: repeated
                        )
                        counter.run()
                        return counter.counts
                    }
                }
            }
        }
    }

    /// The walk. What is read at every byte is kept in locals, which no store can change.
    private mutating func run() {
        let text = text
        let classes = classes
        let end = end
        while at < end {
            let byte = text[at]
            let kind = classes[Int(byte)]
            if kind & ByteKind.word != 0 {
                word(kind)
            } else if kind == ByteKind.space {
                var cursor = at &+ 1
                while cursor < end, classes[Int(text[cursor])] == ByteKind.space { cursor &+= 1 }
                counts.spaces &+= cursor &- at
                at = cursor
            } else if kind & ByteKind.special == 0 {
                beginCode()
                last = byte
                if byte < 0x20 { counts.controls &+= 1 }
                at &+= 1
            } else {
                special(byte)
            }
        }
        if lineStart < end { endLine() }
        if depth > 0 { bracketError(depth) }
    }

    @inline(__always)
    mutating func beginCode() {
        if lineHead < 0 { beginLine() }
        lineHasCode = true
    }

    @inline(__always)
    private mutating func beginLine() {
        lineHead = at
        lineLevel = braces
        lineDepth = depth
    }

    @inline(__always)
    private mutating func word(_ first: UInt8) {
        beginCode()
        let text = text
        let classes = classes
        let end = end
        let start = at
        var bits = first
        var cursor = start &+ 1
        while cursor < end {
            let kind = classes[Int(text[cursor])]
            guard kind & ByteKind.word != 0 else { break }
            bits |= kind
            cursor &+= 1
        }
        at = cursor
        let length = cursor &- start
        counts.alphanumeric &+= length
        last = UInt8(ascii: "a")
        if length >= Self.opaqueWord { counts.opaqueBytes &+= length }
        if first == ByteKind.digit {
            counts.numbers &+= 1
            counts.numberBytes &+= length
            return
        }
        if length <= 8, bits & (ByteKind.wide | ByteKind.digit) == 0 {
            let key = self.key(start, length)
            let kind = words.kind(key)
            if kind != 0 {
                if kind == CodeWord.branch.rawValue { counts.branches &+= 1 }
                if kind == CodeWord.function.rawValue { counts.functions &+= 1 }
                return
            }
        }
        name(start, length, bits)
    }

    /// The first bytes of a word, at most eight, as a number.
    @inline(__always)
    private func key(_ start: Int, _ length: Int) -> UInt64 {
        if start &+ 8 <= end {
            let word = UnsafeRawPointer(text + start).loadUnaligned(as: UInt64.self)
            return length >= 8 ? word : word & (1 << (8 &* UInt64(length)) &- 1)
        }
        var word: UInt64 = 0
        for index in 0..<min(8, length) { word |= UInt64(text[start &+ index]) << (8 &* UInt64(index)) }
        return word
    }

    @inline(__always)
    private mutating func name(_ start: Int, _ length: Int, _ bits: UInt8) {
        counts.names &+= 1
        counts.nameBytes &+= length
        if length == 1 {
            if bits != ByteKind.underscore { counts.shortNames &+= 1 }
            return
        }
        let lower = bits & ByteKind.lower != 0
        if bits & ByteKind.underscore != 0 {
            if lower, bits & ByteKind.upper == 0 { counts.snakeNames &+= 1 }
        } else if lower, bits & ByteKind.upper != 0, text[start] >= 0x61 {
            counts.camelNames &+= 1
        }
        guard length >= 5 else { return }
        if counts.names < Self.judgedFirst || counts.names & 15 == 0 { judge(start, length, bits) }
        let key = self.key(start, 6) | 0x2020_2020_2020
        if key == 0x7472_6573_7361 || key == 0x7463_6570_7865 { counts.checks &+= 1 }
    }

    private mutating func judge(_ start: Int, _ length: Int, _ bits: UInt8) {
        counts.judgedNames &+= 1
        let found = letterPairs.count(text, start, min(start &+ length, start &+ 40))
        counts.commonPairs &+= found.common
        counts.pairs &+= found.all
        guard bits & ByteKind.digit != 0 else {
            // Names of characters that look alike, as `lIlI1l` and `O0O0O`.
            if found.all >= 4, found.common == 0 { counts.mangledNames &+= 1 }
            return
        }
        var turns = 0
        var wasDigit = false
        for index in start..<(start &+ length) {
            let isDigit = classes[Int(text[index])] & ByteKind.digit != 0
            if isDigit != wasDigit { turns &+= 1 }
            wasDigit = isDigit
        }
        if turns >= 3 || (found.all > 0 && found.common == 0) || found.all == 0 { counts.mangledNames &+= 1 }
    }

    @inline(never)
    mutating func endLine() {
        let length = at &- lineStart
        counts.lines &+= 1
        if length > 120 { counts.longLines &+= 1 }
        if length > 500 { counts.hugeLineBytes &+= length }
        if length > counts.longestLine { counts.longestLine = length }
        if lineHead < 0 {
            counts.blankLines &+= 1
        } else {
            if lineHasCode { endCodeLine() } else { counts.commentLines &+= 1 }
            var lineEnd = at
            while lineEnd > lineHead, text[lineEnd &- 1] <= 0x20 { lineEnd &-= 1 }
            repeated.add(text + lineHead, lineEnd &- lineHead, to: &counts)
        }
        lineStart = at &+ 1
        lineHead = -1
        lineHasCode = false
        lineEnds = 0
    }

    private mutating func endCodeLine() {
        counts.codeLines &+= 1
        let column = lineHead &- lineStart
        var level = lineLevel
        if form.columns {
            let isContinued = lineDepth > 0
            let isTabbed = column > 0 && text[lineStart] == 0x09
            level = isContinued ? 0 : isTabbed ? column : column / 4
            if column > 0, !isContinued {
                counts.indented &+= 1
                if isTabbed || column % 4 == 0 { counts.indented4 &+= 1 }
            }
        }
        level = min(level, TextCounts.maximumLevels)
        counts.nesting &+= level
        if level >= 6 { counts.deepLines &+= 1 }
        if level > counts.deepest { counts.deepest = level }
        if lineEnds > (form.columns ? 0 : 2) { counts.crowdedLines &+= 1 }
    }

    mutating func newline() {
        endLine()
        at &+= 1
    }

    mutating func statementEnd() {
        counts.statementEnds &+= 1
        // A semicolon that ends the line separates nothing.
        if !form.columns || (at &+ 1 < end && text[at &+ 1] > 0x0D) { lineEnds &+= 1 }
    }

    mutating func openBracket(_ kind: UInt8) {
        if kind == 2 {
            braces &+= 1
            if last == UInt8(ascii: ")") { counts.blocks &+= 1 }
        }
        if depth < Self.maximumBrackets { open[depth] = kind }
        depth &+= 1
    }

    mutating func closeBracket(_ kind: UInt8) {
        if kind == 2, braces > 0 {
            braces &-= 1
            // A line that begins by closing stands where its block was opened.
            if lineHead == at { lineLevel = braces }
        }
        guard depth > 0 else { return bracketError(1) }
        depth &-= 1
        if depth < Self.maximumBrackets, open[depth] != kind { bracketError(1) }
    }

    private mutating func bracketError(_ count: Int) {
        if counts.bracketErrors == 0 { counts.firstError = counts.lines &+ 1 }
        counts.bracketErrors &+= count
    }

    /// The last byte of code that is no space, for those who must know what a slash means.
    var lastCode: UInt8 {
        get { last }
        set { last = newValue }
    }

    /// Whether nothing but spaces stands before on this line.
    var isLineStart: Bool { lineHead < 0 }
    /// Whether no bracket is open.
    var isOutside: Bool { depth == 0 }
    /// Notes that something other than code begins on this line.
    mutating func beginOther() { if lineHead < 0 { beginLine() } }
    /// Passes over the spaces that a line inside a string or a comment begins with, and says how many they are.
    @inline(__always)
    mutating func continueLine() -> Int {
        let start = at
        while at < end, classes[Int(text[at])] == ByteKind.space { at &+= 1 }
        if at < end, text[at] != 0x0A { beginLine() }
        return at &- start
    }
}
