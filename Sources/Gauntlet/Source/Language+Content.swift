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
        marks.heaviest(in: lowered(text), least: 3)
    }

    private static func lowered(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        [0x0A] + text.prefix(maximumHead).map(ByteClass.lowered)
    }

    private static let marks = LanguageMarks([
        (.php, [LanguageMarks.Mark(5, ["<?php", "<?="])]),
        (
            .batch,
            [
                LanguageMarks.Mark(5, ["@echo off", "setlocal "]),
                LanguageMarks.Mark(2, ["\nrem ", "%~dp0", "%errorlevel%", "goto :", "%temp%"]),
            ]
        ),
        (
            .powershell,
            [
                LanguageMarks.Mark(
                    3,
                    ["new-object ", "invoke-", "write-host", "get-wmiobject", "param(", "[cmdletbinding"]
                ),
                LanguageMarks.Mark(
                    3,
                    ["set-itemproperty", "get-childitem", "start-process", "[system.", "-executionpolicy"]
                ),
                LanguageMarks.Mark(2, ["\n$", "function ", " -eq ", "foreach-object"]),
            ]
        ),
        (
            .vbscript,
            [
                LanguageMarks.Mark(3, ["\nsub autoopen", "\nsub auto_open", "sub document_open", "sub workbook_open"]),
                LanguageMarks.Mark(3, ["createobject(\"", "attribute vb_", "\noption explicit", "wscript.shell"]),
                LanguageMarks.Mark(2, ["\ndim ", "end sub", "end function", "\nset "]),
            ]
        ),
        (
            .python,
            [
                LanguageMarks.Mark(2, ["\nimport ", "\nfrom ", "__import__"]),
                LanguageMarks.Mark(2, ["\ndef ", "if __name__", "\nclass "]),
                LanguageMarks.Mark(1, ["pr" + "int(", "self.", "except ", "elif ", "):\n", "none"]),
            ]
        ),
        (
            .javascript,
            [
                LanguageMarks.Mark(3, ["require(\"", "require('", "module.exports", "use strict"]),
                LanguageMarks.Mark(2, ["const ", "let ", "=> {", "function(", "function (", "var "]),
                LanguageMarks.Mark(1, ["console.log", "===", ");\n", "});"]),
            ]
        ),
        (
            .perl,
            [
                LanguageMarks.Mark(3, ["\nuse strict;", "\nmy $", "perl -e"]),
                LanguageMarks.Mark(2, ["use socket", "sub ", "@_;"]),
            ]
        ),
        (
            .ruby,
            [
                LanguageMarks.Mark(2, ["require 'socket'", "\nrequire '", "\nend\n"]),
                LanguageMarks.Mark(2, ["\ndef ", " do |", ".each "]),
            ]
        ),
        (.go, [LanguageMarks.Mark(5, ["\npackage main"])]),
        (.c, [LanguageMarks.Mark(4, ["\n#include <", "\n#include \""])]),
        (.csharp, [LanguageMarks.Mark(5, ["\nusing system;"])]),
        (.java, [LanguageMarks.Mark(4, ["\nimport java", "public class "])]),
        (.rust, [LanguageMarks.Mark(4, ["fn main()", "\nuse std::"])]),
        (
            .dockerfile,
            [LanguageMarks.Mark(2, ["\nfrom "]), LanguageMarks.Mark(2, ["\nrun ", "\nentrypoint ", "\ncmd ["])]
        ),
        (
            .shell,
            [
                LanguageMarks.Mark(
                    3,
                    ["/bin/sh", "/bin/bash", "bash -", "/dev/tcp/", "\nexport ", "\nfi\n", "; then", " 2>&1"]
                ),
                LanguageMarks.Mark(3, ["curl -", "wget ", "chmod ", "\nsudo ", "\nnc ", "$(", "/dev/null"]),
                LanguageMarks.Mark(1, ["\necho ", " | ", " && ", "${"]),
            ]
        ),
    ])
}
