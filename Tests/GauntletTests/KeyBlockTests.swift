import Testing

@testable import Gauntlet

@Suite struct KeyBlockTests {
    private static let begin = "-----BEGIN " + "RSA PRIVATE KEY-----"
    private static let end = "-----END " + "RSA PRIVATE KEY-----"
    private static let lines: [String] = {
        var generator = SeededGenerator(seed: 5)
        return (0..<6).map { _ in ExampleTemplate("${base64:64}").expand(using: &generator) }
    }()

    private static func isFound(_ text: String) throws -> Bool {
        try GauntletFixture.scan(text).findings.contains { $0.rule == "private-key" }
    }

    @Test func `a key is found whole, cut off, in one line, in pieces, in JSON and in a diff`() throws {
        let body = Self.lines
        for text in [
            "\(Self.begin)\n\(body.joined(separator: "\n"))\n\(Self.end)", "\(Self.begin)\n\(body[0])\n",
            "k = \"\(Self.begin)\\n\(body.joined(separator: "\\n"))\\n\(Self.end)\"",
            "  k: |\n    \(Self.begin)\n    \(body.joined(separator: "\n    "))\n    \(Self.end)",
            "\"\(Self.begin)\\n\" +\n  \"\(body[0])\\n\" +\n  \"\(body[1])\\n\"",
            "+\(Self.begin)\n+\(body[0])\n+\(body[1])\n+\(Self.end)", "\(Self.begin)\(body.joined())\(Self.end)",
            "\(Self.begin)\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n\(body[0])\n\(body[1])\n\(Self.end)",
        ] {
            #expect(try Self.isFound(text), "\(text.prefix(60))")
        }
    }

    @Test func `a mention, a drawing or a template of a key is none`() throws {
        for text in [
            Self.begin, "\(Self.begin)\n...\n\(Self.end)", "if text.startswith(\"\(Self.begin)\"): return 1",
            "\(Self.begin)\n{{ key_from_the_vault }}\n\(Self.end)", "\(Self.begin)\n\(Self.end)",
            "\(Self.begin)\n\(String(repeating: "x", count: 64))\n\(String(repeating: "x", count: 64))\n\(Self.end)",
            "\(Self.begin)\nMIIE\nabc\nthe rest of the key\n\(Self.end)",
        ] {
            #expect(try !Self.isFound(text), "\(text.prefix(60))")
        }
    }
}
