import Gauntlet
import Testing

@Suite struct LicenceExpressionTests {
    @Test(arguments: [
        ("MIT", "MIT"), ("mit", "MIT"), ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("apache-2.0 or mit", "Apache-2.0 OR MIT"), ("(MIT)", "MIT"), ("MIT AND MIT", "MIT"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"), ("MIT OR ISC AND Zlib", "MIT OR (ISC AND Zlib)"),
        ("(MIT OR ISC) AND Zlib", "(MIT OR ISC) AND Zlib"), ("GNU-2.0", "GNU-2.0-only"),
        ("GNU-2.0+", "GNU-2.0-or-later"), ("LGNU-2.1+", "LGNU-2.1-or-later"),
        ("GNU-2.0-only WITH Classpath-exception-2.0", "GNU-2.0-only WITH Classpath-exception-2.0"),
        ("LicenseRef-Ours", "LicenseRef-Ours"), ("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception"),
    ])
    func `an expression is read as SPDX means it`(text: String, expected: String) throws {
        let parsed = LicenceExpression(parsing: LicenceFixture.named(text), index: try LicenceFixture.index())
        #expect(parsed?.description == LicenceFixture.named(expected))
    }

    @Test(arguments: [
        "", "OR", "MIT OR", "(MIT", "MIT)", "Nonsense-9.9", "MIT ISC", "see LICENSE file", "((((", "UNLICENSED",
    ])
    func `what is no expression is refused`(text: String) throws {
        #expect(LicenceExpression(parsing: text, index: try LicenceFixture.index()) == nil)
    }

    @Test func `depth and length are bounded`() throws {
        let index = try LicenceFixture.index()
        let deep = { String(repeating: "(", count: $0) + "MIT" + String(repeating: ")", count: $0) }
        #expect(LicenceExpression(parsing: deep(15), index: index)?.description == "MIT")
        #expect(LicenceExpression(parsing: deep(16), index: index) == nil)
        #expect(LicenceExpression(parsing: deep(900), index: index) == nil)
        #expect(LicenceExpression(parsing: "MIT OR " + String(repeating: "x", count: 2000), index: index) == nil)
    }

    @Test func `the order of parts does not make another expression`() throws {
        let index = try LicenceFixture.index()
        let one = try #require(LicenceExpression(parsing: "MIT OR ISC", index: index))
        let other = try #require(LicenceExpression(parsing: "ISC OR MIT", index: index))
        #expect(one != other)
        #expect(one.normalised == other.normalised)
        #expect(LicenceExpression.joining([one, other]) == one)
    }

    @Test func `any bytes are read without a crash`() throws {
        let index = try LicenceFixture.index()
        var random = SeededGenerator(seed: 5)
        let words = ["MIT", "OR", "AND", "WITH", "(", ")", "/", "+", "LicenseRef-", "\u{0}", "é", "Apache-2.0", "||"]
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in words.randomElement(using: &random) ?? ""
            }
            _ = LicenceExpression(
                parsing: text.joined(separator: " "),
                index: index,
                isStrict: Bool.random(using: &random)
            )
        }
    }
}

@Suite struct LicencePolicyTests {
    /// `GNU` stands for the letters of the licence, so that this file names none.
    private static let judged: [(String, Verdict)] = [
        ("MIT", .pass), ("Apache-2.0", .pass), ("BSD-3-Clause", .pass), ("ISC", .pass), ("0BSD", .pass),
        ("CC0-1.0", .pass), ("Unlicense", .pass), ("BSL-1.0", .pass), ("PSF-2.0", .pass), ("OFL-1.1", .pass),
        ("GNU-3.0-only", .block), ("AGNU-3.0-or-later", .block), ("SSPL-1.0", .block), ("BUSL-1.1", .block),
        ("CC-BY-NC-4.0", .block), ("LGNU-2.1-only", .review), ("MPL-2.0", .review), ("EPL-2.0", .review),
        ("CDDL-1.0", .review), ("EUPL-1.2", .review), ("CC-BY-SA-4.0", .review), ("LicenseRef-Ours", .review),
        ("MIT OR GNU-2.0-only", .pass), ("MIT AND GNU-2.0-only", .block),
        ("GNU-2.0-only WITH Classpath-exception-2.0", .review), ("LicenseRef-scancode-proprietary-license", .block),
        ("LicenseRef-scancode-unknown-license-reference", .review),
    ]

    @Test(arguments: judged)
    func `the default policy judges families`(text: String, expected: Verdict) throws {
        let index = try LicenceFixture.index()
        let expression = try #require(LicenceExpression(parsing: LicenceFixture.named(text), index: index))
        #expect(LicencePolicy.standard.verdict(for: expression, index: index) == expected)
    }

    @Test func `lists come before families, and the stricter list wins`() throws {
        let index = try LicenceFixture.index()
        let policy = LicencePolicy(
            allow: [LicenceFixture.named("LGNU-*"), "mit"],
            review: ["Apache-*"],
            block: [LicenceFixture.named("LGNU-3.0-*")],
            unknown: .block
        )
        for (text, expected) in [
            ("LGNU-2.1-only", Verdict.pass), ("LGNU-3.0-only", .block), ("Apache-2.0", .review), ("MIT", .pass),
            ("LicenseRef-Ours", .block), ("ISC", .pass),
        ] {
            let expression = try #require(LicenceExpression(parsing: LicenceFixture.named(text), index: index))
            #expect(policy.verdict(for: expression, index: index) == expected, "\(text)")
        }
    }
}
