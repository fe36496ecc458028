import Gauntlet
import Testing

@Suite struct MaliceSourceTests {
    @Test(arguments: [
        ("a/b.py", "", Language.python), ("x.ps1", "", .powershell), ("Makefile", "", .make),
        ("run", "#!/bin/sh\n", .shell),
        ("run", "#!/usr/bin/env python3\n", .python), ("x", "@echo off\r\ndel a\r\n", .batch),
        ("x", "$a = New-Object Net.WebClient", .powershell), ("x", "<?php echo 1;", .php),
        ("x", "#include <stdio.h>\nint main", .c), ("x", "package main\nimport \"net\"", .go),
        (".github/workflows/ci.yml", "on: push\njobs:\n  a:\n    runs-on: x\n", .workflow),
        ("site.yaml", "- hosts: all\n  become: true\n", .ansible), ("values.yaml", "a: 1\n", .yaml),
        ("README", "some words", .text), ("notes.txt", "These are a few plain words, as a person writes them.", .text),
        ("cmd.txt", "curl -s http://h/a | sh 2>&1", .shell), ("x", "", .unknown),
    ])
    func `a language is told by path, first line and content`(_ path: String, _ text: String, _ expected: Language) {
        #expect(Language(path: path, content: Array(text.utf8)) == expected)
    }

    @Test(arguments: [
        ("x = 1 # c", Language.python, [("x", SourceMap.Part.code), ("c", .comment)]),
        ("\"\"\"doc\"\"\"\nf('''arg''')", .python, [("doc", .comment), ("arg", .string)]),
        ("f(\n\"\"\"payload\"\"\")", .python, [("payload", .string)]),
        (
            "a // c\n/* d */ `t\nu` e", .javascript,
            [("a", .code), ("c", .comment), ("d", .comment), ("u", .string), ("e", .code)]
        ),
        ("x = /['\"]/; y", .javascript, [("y", .code)]),
        ("echo a#b # c", .shell, [("a#b", .code), ("# c", .comment)]), ("#!/bin/sh", .shell, [("bin", .code)]),
        ("rem note\r\ndel x", .batch, [("note", .comment), ("x", .code)]),
        ("<# b #> a # c", .powershell, [("b", .comment), ("a", .code), ("c", .comment)]),
        ("' note\nx = 1", .vbscript, [("note", .comment), ("x", .code)]),
        ("-- n\ns", .lua, [("n", .comment), ("s", .code)]), ("<!-- n --> t", .html, [("n", .comment), ("t", .code)]),
        ("'unclosed\nx", .python, [("x", .code)]),
    ])
    func `comments and strings are told from code`(
        _ text: String,
        _ language: Language,
        _ places: [(String, SourceMap.Part)]
    ) throws {
        let map = SourceMap(Array(text.utf8), language: language)
        for (word, part) in places {
            let place = try #require(text.utf8.firstRange(of: word.utf8)?.lowerBound)
            #expect(map.part(at: text.utf8.distance(from: text.utf8.startIndex, to: place)) == part, "\(word)")
        }
    }

    @Test func `a map of any bytes answers at every offset`() {
        var generator = SeededGenerator(seed: 29)
        let pieces = ["\"\"\"", "'", "\"", "`", "/*", "*/", "#", "//", "\\", "\n", "<#", "--[[", "<!--", "x", "(", "/"]
        for _ in 0..<400 {
            let text = (0..<20).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            for language in Language.allCases {
                let map = SourceMap(Array(text.utf8), language: language)
                for offset in 0...text.utf8.count { _ = map.part(at: offset) }
            }
        }
    }

    @Test(arguments: [
        ("base64", "hello, this is a text of some length"), ("base64", "a\nb\nc and more and more and more"),
    ])
    func `base64 is decoded, over line ends too`(_ kind: String, _ plain: String) throws {
        let encoded = MaliceSamples.base64(plain)
        let pieces = Decoder.pieces(in: Array("x = \"\(encoded)\"".utf8))
        #expect(pieces.map { String(decoding: $0.bytes, as: UTF8.self) } == [plain])
        #expect(pieces.first?.range == 5..<5 + encoded.utf8.count)
        let split = encoded.prefix(24) + "\"\n    \"" + encoded.dropFirst(24)
        let joined = Decoder.pieces(in: Array("x = (\"\(split)\")".utf8))
        #expect(joined.map { String(decoding: $0.bytes, as: UTF8.self) } == [plain])
    }

    @Test func `hexadecimal, escapes, wide text and reversed base64 are decoded`() {
        let plain = "import os, sys, socket"
        let hex = plain.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        let wide = String(decoding: plain.utf8.flatMap { [$0, 0] }, as: UTF8.self)
        let texts = [
            hex.joined(), "\\x" + hex.joined(separator: "\\x"), "%" + hex.joined(separator: "%"),
            MaliceSamples.base64(wide), String(MaliceSamples.base64(plain + "!!!!!!").reversed()),
        ]
        for text in texts {
            let found = Decoder.pieces(in: Array("a '\(text)' b".utf8)).map {
                String(decoding: $0.bytes, as: UTF8.self)
            }
            #expect(found.contains { $0.hasPrefix(plain) }, "\(text) gave \(found)")
        }
    }

    @Test func `digests, identifiers and paths are not taken for text`() {
        let texts = [
            String(repeating: "9f86d081884c7d659a2feaa0c55ad015", count: 2),
            "getElementsByTagNameAndSomethingElseAltogether", "/usr/share/somewhere/deep/inside/of/it/all",
            String(repeating: "A", count: 64), String(repeating: "-", count: 80),
        ]
        for text in texts { #expect(Decoder.pieces(in: Array("x = \"\(text)\"".utf8)) == [], "\(text)") }
    }
}
