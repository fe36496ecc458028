/// The language a file is written in, as far as a rule or a measure needs to know.
package enum Language: String, Sendable, Hashable, CaseIterable {
    case python
    case javascript
    case typescript
    /// POSIX shells and their relatives.
    case shell
    case powershell
    /// Windows command files.
    case batch
    case ruby
    case php
    case perl
    case lua
    case go
    case java
    case kotlin
    case groovy
    case scala
    case dart
    case c
    case cpp
    case csharp
    case rust
    case swift
    /// VBScript and the macros of office documents.
    case vbscript
    case awk
    case tcl
    case r
    case yaml
    /// An Ansible playbook, role file or inventory in YAML.
    case ansible
    /// A workflow of a forge's continuous integration.
    case workflow
    case dockerfile
    case make
    case json
    case toml
    case ini
    case html
    case css
    case xml
    case markdown
    /// Prose that is not Markdown.
    case text
    case sql
    case unknown

    /// A bit of its own, for sets that are looked at often.
    var bit: UInt64 { 1 << UInt64(Self.order[self] ?? 0) }

    private static let order = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })

    /// Whether it is prose, whose commands are examples until somebody runs them.
    package var isProse: Bool { self == .markdown || self == .text || self == .html }

    /// How its comments and strings are written.
    var syntax: SourceSyntax {
        switch self {
        case .python: .python
        case .javascript, .typescript: .script
        case .c, .cpp, .csharp, .go, .java, .kotlin, .groovy, .scala, .dart, .rust, .swift, .css: .braces
        case .php: .php
        case .shell, .dockerfile, .make, .yaml, .ansible, .workflow, .toml, .ruby, .perl, .awk, .tcl, .r: .hash
        case .powershell: .powershell
        case .batch: .batch
        case .vbscript: .basic
        case .lua, .sql: .dashes
        case .html, .xml, .markdown: .markup
        case .ini, .json, .text, .unknown: .plain
        }
    }
}

/// Families of languages that write comments and strings alike.
enum SourceSyntax {
    /// `#`, and strings with three quotes.
    case python
    /// `//` and `/* */`, quotes, templates and regular expressions.
    case script
    /// `//` and `/* */`, quotes.
    case braces
    /// As ``braces``, and `#`.
    case php
    /// `#` at the beginning of a word.
    case hash
    /// `#` and `<# #>`.
    case powershell
    /// `rem` and `::` at the beginning of a line.
    case batch
    /// `'` and `rem`.
    case basic
    /// `--`, and `/* */`.
    case dashes
    /// `<!-- -->`.
    case markup
    /// Everything is code.
    case plain
}
