/// How the counting pass reads a language; coarser than a grammar, so that what it takes wrong it takes wrong for a line.
struct LexicalForm {
    var hashComments = false
    var slashComments = false
    var dashComments = false
    var angleComments = false
    /// `"` and `'` begin strings.
    var doubleQuotes = true
    var singleQuotes = false
    /// `'a'` is one character, and a lone `'` is something else.
    var characters = false
    /// `` ` `` begins a string over lines.
    var backticks = false
    /// Three quotes begin a string over lines, and one at the beginning of a statement is documentation.
    var threeQuotes = false
    /// A slash may begin a regular expression.
    var expressions = false
    /// Blocks are told by columns, not by braces.
    var columns = false
    /// Brackets are where they seem to be, so that what does not close is an error.
    var strictBrackets = false
    /// A string must end on its line.
    var strictStrings = false

    init(_ language: Language) {
        switch language.syntax {
        case .python:
            hashComments = true
            singleQuotes = true
            threeQuotes = true
            columns = true
            strictBrackets = true
            strictStrings = true
        case .script:
            slashComments = true
            singleQuotes = true
            backticks = true
            expressions = true
        case .braces:
            slashComments = true
            characters = language != .css && language != .dart && language != .groovy
            singleQuotes = !characters
            backticks = language == .go
            threeQuotes = [.swift, .kotlin, .java, .scala, .dart, .groovy, .csharp].contains(language)
            expressions = language == .groovy
            strictBrackets = [.go, .java, .css].contains(language)
        case .php:
            slashComments = true
            hashComments = true
            singleQuotes = true
        case .hash:
            hashComments = true
            singleQuotes = true
            threeQuotes = language == .toml
            columns = [.yaml, .ansible, .workflow, .ruby].contains(language)
            expressions = language == .ruby || language == .perl
        case .powershell:
            hashComments = true
            angleComments = true
            singleQuotes = true
        case .dashes:
            dashComments = true
            singleQuotes = true
        case .markup:
            angleComments = true
            doubleQuotes = false
        case .batch, .basic:
            doubleQuotes = language.syntax == .basic
        case .plain:
            hashComments = language == .ini
            doubleQuotes = language == .json
            strictBrackets = language == .json
        }
    }
}
