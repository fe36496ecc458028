extension Language {
    /// Bytes of a text that are looked at to tell its language.
    private static let maximumHead = 4096

    /// The language of a text: by its path, then by its first line, then by what stands in it.
    ///
    /// A path that says "text" or "YAML" is not believed blindly: scripts travel as `.txt`, playbooks as `.yml`.
    package init(path: String, content: [UInt8]) {
        self = content.withUnsafeBytes { Language(path: path, text: $0) }
    }

    init(path: String, text: UnsafeRawBufferPointer) {
        let named = Language(path: path)
        switch named {
        case .unknown: self = Self.byShebang(text) ?? Self.byContent(text) ?? .unknown
        case .text where path.lowercased().hasSuffix(".txt"):
            self = Self.byShebang(text) ?? Self.byContent(text) ?? (Self.isProse(text) ? .text : .unknown)
        case .text: self = Self.byShebang(text) ?? .text
        case .yaml: self = Self.yaml(text)
        default: self = named
        }
    }

    /// Whether a text is nearly all words and punctuation of sentences.
    private static func isProse(_ text: UnsafeRawBufferPointer) -> Bool {
        let head = text.prefix(maximumHead)
        let words = head.count { byte in
            switch byte {
            case 0x41...0x5A, 0x61...0x7A, 0x20, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: "."), 0x80...0xFF: true
            default: false
            }
        }
        let spaces = head.count { $0 == 0x20 || $0 == 0x0A }
        return words * 100 >= head.count * 92 && spaces * 12 >= head.count
    }

    private static func byShebang(_ text: UnsafeRawBufferPointer) -> Language? {
        guard text.count > 3, text[0] == UInt8(ascii: "#"), text[1] == UInt8(ascii: "!") else { return nil }
        let line = String(decoding: text.prefix(200).prefix { $0 != 0x0A }, as: UTF8.self).lowercased()
        let words = line.dropFirst(2).split(whereSeparator: { $0 == " " || $0 == "/" || $0 == "\t" || $0 == "\r" })
        for word in words.reversed() {
            let name = word.prefix { $0.isLetter }
            if let language = interpreters[String(name)] { return language }
        }
        return nil
    }

    private static let interpreters: [String: Language] = [
        "sh": .shell, "bash": .shell, "dash": .shell, "zsh": .shell, "ksh": .shell, "ash": .shell, "fish": .shell,
        "python": .python, "pypy": .python, "node": .javascript, "nodejs": .javascript, "deno": .typescript,
        "bun": .javascript, "ruby": .ruby, "perl": .perl, "php": .php, "lua": .lua, "pwsh": .powershell,
        "powershell": .powershell, "awk": .awk, "gawk": .awk, "tclsh": .tcl, "expect": .tcl, "make": .make,
        "rscript": .r, "groovy": .groovy,
    ]

    private static func yaml(_ text: UnsafeRawBufferPointer) -> Language {
        let head = lowered(text)
        if workflowMarks.allSatisfy({ $0.isFound(in: head) }) { return .workflow }
        return ansibleMarks.isFound(in: head) ? .ansible : .yaml
    }

    private static let workflowMarks = [WordList(["\njobs:"]), WordList(["runs-on:", "uses:"])]
    private static let ansibleMarks = WordList([
        "- hosts:", "ansible.builtin.", "\n  tasks:", "become: ", "  shell: ", "  command: ", "  lineinfile:",
        "  get_url:",
    ])

    /// The language whose marks weigh most; one mark of weight three is enough.
    private static func byContent(_ text: UnsafeRawBufferPointer) -> Language? {
        let head = lowered(text)
        var best: (language: Language, weight: Int)?
        for (language, marks) in marks {
            let weight = marks.reduce(0) { $0 + ($1.words.isFound(in: head) ? $1.weight : 0) }
            if weight >= 3, weight > best?.weight ?? 0 { best = (language, weight) }
        }
        return best?.language
    }

    private static func lowered(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        [0x0A] + text.prefix(maximumHead).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    private struct Mark {
        var words: WordList
        var weight: Int

        init(_ weight: Int, _ words: [String]) {
            self.weight = weight
            self.words = WordList(words)
        }
    }

    private static let marks: [(Language, [Mark])] = [
        (.php, [Mark(5, ["<?php", "<?="])]),
        (
            .batch,
            [Mark(5, ["@echo off", "setlocal "]), Mark(2, ["\nrem ", "%~dp0", "%errorlevel%", "goto :", "%temp%"])]
        ),
        (
            .powershell,
            [
                Mark(3, ["new-object ", "invoke-", "write-host", "get-wmiobject", "param(", "[cmdletbinding"]),
                Mark(3, ["set-itemproperty", "get-childitem", "start-process", "[system.", "-executionpolicy"]),
                Mark(2, ["\n$", "function ", " -eq ", "foreach-object"]),
            ]
        ),
        (
            .vbscript,
            [
                Mark(3, ["\nsub autoopen", "\nsub auto_open", "sub document_open", "sub workbook_open"]),
                Mark(3, ["createobject(\"", "attribute vb_", "\noption explicit", "wscript.shell"]),
                Mark(2, ["\ndim ", "end sub", "end function", "\nset "]),
            ]
        ),
        (
            .python,
            [
                Mark(2, ["\nimport ", "\nfrom ", "__import__"]), Mark(2, ["\ndef ", "if __name__", "\nclass "]),
                Mark(1, ["pr" + "int(", "self.", "except ", "elif ", "):\n", "none"]),
            ]
        ),
        (
            .javascript,
            [
                Mark(3, ["require(\"", "require('", "module.exports", "use strict"]),
                Mark(2, ["const ", "let ", "=> {", "function(", "function (", "var "]),
                Mark(1, ["console.log", "===", ");\n", "});"]),
            ]
        ),
        (.perl, [Mark(3, ["\nuse strict;", "\nmy $", "perl -e"]), Mark(2, ["use socket", "sub ", "@_;"])]),
        (.ruby, [Mark(2, ["require 'socket'", "\nrequire '", "\nend\n"]), Mark(2, ["\ndef ", " do |", ".each "])]),
        (.go, [Mark(5, ["\npackage main"])]), (.c, [Mark(4, ["\n#include <", "\n#include \""])]),
        (.csharp, [Mark(5, ["\nusing system;"])]), (.java, [Mark(4, ["\nimport java", "public class "])]),
        (.rust, [Mark(4, ["fn main()", "\nuse std::"])]),
        (.dockerfile, [Mark(2, ["\nfrom "]), Mark(2, ["\nrun ", "\nentrypoint ", "\ncmd ["])]),
        (
            .shell,
            [
                Mark(3, ["/bin/sh", "/bin/bash", "bash -", "/dev/tcp/", "\nexport ", "\nfi\n", "; then", " 2>&1"]),
                Mark(3, ["curl -", "wget ", "chmod ", "\nsudo ", "\nnc ", "$(", "/dev/null"]),
                Mark(1, ["\necho ", " | ", " && ", "${"]),
            ]
        ),
    ]
}
