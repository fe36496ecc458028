import Gauntlet
import Testing

@Suite struct LicenceScannerTests {
    @Test(
        arguments: [
            { $0 }, { $0.replacing("\n", with: "\n// ") }, { $0.replacing("\n", with: "\r\n * ") }, { $0.uppercased() },
            { $0.split(separator: "\n").joined(separator: " ") }, { $0.replacing("\"", with: "\u{201C}") },
            { $0.replacing("\n\n", with: "</p>\n<p>") }, { $0.replacing("License", with: "Licence") },
            { String($0.dropLast($0.count / 5)) }, { $0.replacing("Contribution", with: "Contributoin") },
            { "Copyright (c) 2026 Somebody\n\n" + $0 + "\n\nThank you for reading.\n" },
        ] as [@Sendable (String) -> String]
    )
    func `a text is told whatever was done to its form`(change: @Sendable (String) -> String) throws {
        let text = change(try LicenceFixture.ownLicence())
        let matches = try LicenceFixture.matches(text, path: "LICENSE")
        #expect(matches.map(\.expression.description) == ["Apache-2.0"])
        #expect(matches.first?.kind == .text)
    }

    @Test(arguments: [
        (LicenceFixture.gnu, "2", false, "GNU-2.0-only"), (LicenceFixture.gnu, "2", true, "GNU-2.0-or-later"),
        (LicenceFixture.gnu, "3", true, "GNU-3.0-or-later"), (LicenceFixture.affero, "3", true, "AGNU-3.0-or-later"),
        ("GNU Lesser " + "General Public License", "2.1", true, "LGNU-2.1-or-later"),
    ])
    func `a notice says version and whether later ones do`(name: String, version: String, later: Bool, expected: String)
        throws
    {
        let notice = LicenceFixture.gnuNotice(name, version, later: later)
        for text in [notice, "/*\n * " + notice.replacing("\n", with: "\n * ") + "\n */\nint main() {}\n"] {
            #expect(try LicenceFixture.expression(text, path: "main.c") == LicenceFixture.named(expected))
        }
    }

    @Test(arguments: [
        ("// SPDX-License-" + "Identifier: MIT\n", "a.c", "MIT"),
        ("/* SPDX-License-" + "Identifier: " + LicenceFixture.named("GNU-2.0+") + " */", "a.h", "GNU-2.0-or-later"),
        ("# SPDX-License-" + "Identifier: (MIT OR Apache-2.0)", "a.py", "MIT OR Apache-2.0"),
        ("{\"name\": \"x\", \"license\": \"ISC\"}", "package.json", "ISC"),
        ("[package]\nlicense = \"MIT OR Apache-2.0\"\n", "Cargo.toml", "MIT OR Apache-2.0"),
        ("License-Expression: BSD-3-Clause\n", "METADATA", "BSD-3-Clause"),
        ("Licensed under the Apache License, Version 2.0", "a.txt", "Apache-2.0"),
        ("<license><name>Apache-2.0</name></license>", "pom.xml", "Apache-2.0"),
    ])
    func `tags and manifests are read`(text: String, path: String, expected: String) throws {
        #expect(try LicenceFixture.expression(text, path: path) == LicenceFixture.named(expected))
    }

    @Test(arguments: [
        "let licensePlate = car.plate // the license of the driver", "import Foundation\n\nstruct A {}\n", "",
        "This is prose about nothing in particular, and no permission is asked for.",
        "The dependency checker reads each package's licence and writes a report.",
    ])
    func `what licenses nothing gives no licence`(text: String) throws {
        #expect(try LicenceFixture.expression(text) == "")
    }

    @Test func `two texts in a file are both told, in their order`() throws {
        let text =
            try LicenceFixture.ownLicence() + "\n\n----\n\n"
            + LicenceFixture.gnuNotice(LicenceFixture.gnu, "3", later: true)
        #expect(
            try LicenceFixture.expression(text, path: "LICENSE") == "Apache-2.0 AND "
                + LicenceFixture.named("GNU-3.0-or-later")
        )
    }

    @Test func `matches lie inside the text and in order, whatever the bytes`() throws {
        let scanner = try LicenceFixture.scanner()
        var random = SeededGenerator(seed: 11)
        let original = Array(try LicenceFixture.ownLicence().utf8)
        for round in 0..<60 {
            var bytes = Array(original.prefix(Int.random(in: 0...original.count, using: &random)))
            for _ in 0..<(round * 4) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            let matches = bytes.withUnsafeBytes { scanner.look(text: $0, path: "LICENSE") }
            for match in matches {
                #expect(match.range.lowerBound >= 0 && match.range.upperBound <= bytes.count)
                #expect(match.score >= 0 && match.score <= 1)
            }
            #expect(matches.map(\.range.lowerBound) == matches.map(\.range.lowerBound).sorted())
        }
    }

    @Test func `parts of a text are looked at alone`() throws {
        let scanner = try LicenceFixture.scanner()
        let bytes = Array(("SPDX-License-" + "Identifier: MIT\n" + "SPDX-License-" + "Identifier: ISC\n").utf8)
        let half = bytes.count / 2
        let found = bytes.withUnsafeBytes { scanner.look(text: $0, ranges: [half..<bytes.count], path: "a.c") }
        #expect(found.map(\.expression.description) == ["ISC"])
        #expect(found.allSatisfy { $0.range.lowerBound >= half })
    }
}

@Suite struct LicenceIndexTests {
    @Test func `identifiers have their present name and sort`() throws {
        let index = try LicenceFixture.index()
        #expect(index.currentName(of: "apache-2.0") == "Apache-2.0")
        #expect(index.currentName(of: LicenceFixture.named("LGNU-2.0+")) == LicenceFixture.named("LGNU-2.0-or-later"))
        #expect(index.category(of: "MIT") == .permissive)
        #expect(index.category(of: LicenceFixture.named("AGNU-3.0-only")) == .copyleft)
        #expect(index.currentName(of: "no-such-licence") == nil)
    }

    @Test func `damaged fingerprints are refused or harmless`() throws {
        let good = LicenceIndex.builtInBytes()
        var random = SeededGenerator(seed: 3)
        for length in [0, 7, 16, 100, 168, 4096, good.count / 2, good.count - 1] {
            #expect(throws: (any Error).self) { try good.prefix(length).withUnsafeBytes { _ = try LicenceIndex($0) } }
        }
        let text = Array(LicenceFixture.gnuNotice(LicenceFixture.gnu, "2", later: true).utf8)
        for _ in 0..<30 {
            var bytes = good
            for _ in 0..<20 { bytes[Int.random(in: 0..<400, using: &random)] = .random(in: 0...255, using: &random) }
            for _ in 0..<5000 {
                bytes[Int.random(in: 400..<bytes.count, using: &random)] ^= .random(in: 0...255, using: &random)
            }
            bytes.withUnsafeBytes { raw in
                guard let index = try? LicenceIndex(raw) else { return }
                _ = text.withUnsafeBytes { LicenceScanner(index: index).look(text: $0, path: "COPYING") }
            }
        }
        for _ in 0..<30 {
            var bytes = good
            for _ in 0..<5000 {
                bytes[Int.random(in: 400..<bytes.count, using: &random)] ^= .random(in: 0...255, using: &random)
            }
            bytes.withUnsafeBytes { raw in
                guard let index = try? LicenceIndex(raw) else { return }
                _ = text.withUnsafeBytes { LicenceScanner(index: index).look(text: $0, path: "COPYING") }
            }
        }
    }
}
