import CupelCore
import Testing

@Suite struct SecretTests {
    @Test func `a secret prints as redacted however it is printed`() {
        let secret = Secret("correct-horse-battery")
        #expect("\(secret)" == "[redacted]")
        #expect(String(reflecting: secret) == "[redacted]")
        #expect(!"\(Mirror(reflecting: secret).children.map { $0 })".contains("horse"))
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!dumped.contains("horse"))
        #expect(secret.expose() == "correct-horse-battery")
    }

    @Test func `a registered secret is masked in any text`() {
        let secret = Secret("a-very-private-value")
        #expect(Redactor.shared.redact("key=\(secret.expose())&x=1") == "key=[redacted]&x=1")
    }

    @Test(arguments: [
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [redacted]"),
        ("postgres://cupel" + ":hunter22@db:5432/x", "postgres://cupel" + ":[redacted]@db:5432/x"),
        ("see http://example.com/a@b", "see http://example.com/a@b"), ("Bearer of news", "Bearer of news"),
    ])
    func `what looks like a credential is masked`(_ text: String, _ expected: String) {
        #expect(Redactor().redact(text) == expected)
    }

    @Test func `comparison tells equal from unequal`() {
        let secret = Secret("0123456789")
        #expect(secret.matches("0123456789"))
        #expect(!secret.matches("0123456780"))
        #expect(!secret.matches("012345678"))
        #expect(!secret.matches(""))
        #expect(!secret.matches("01234567890"))
    }
}
