/// What stands where a secret would, and is none: references, templates, examples, repetitions.
enum Placeholder {
    /// Whether the text is plainly no secret, whatever it was given to.
    static func isOne(_ value: String) -> Bool {
        isReference(value) || isStandIn(value) || isPattern(Array(value.utf8))
    }

    /// `{{ vault_x }}`, `${VAR}`, `$(cmd)`, `%(name)s`, `\(name)`, `<password>`, `#{x}`, `!vault`: filled in elsewhere.
    static func isReference(_ value: String) -> Bool {
        if references.isFound(in: value) { return true }
        if let first = value.first, "$<[({&*!@%|>#.".contains(first) {
            // A password may begin with these; a reference goes on with a name and nothing else.
            let body = value.dropFirst()
            // `$value[0]:$value[1]`: a variable that a text is filled with.
            if first == "$", let next = body.first, next.isLetter,
                body.contains(where: { "[$".contains($0) }) || body.contains("->")
            {
                return true
            }
            if value.hasPrefix("!vault") || value.hasPrefix("$ANSIBLE_VAULT") || value.hasPrefix("<") { return true }
            if "&*!@#.".contains(first), body.contains(where: \.isNumber) { return false }
            if body.allSatisfy({ isName($0) || "])}>%.:[]()-!".contains($0) }) { return true }
        }
        return false
    }

    /// `changeme`, `your-token-here`, `example`, `xxx`, `123456`: put there to be replaced.
    static func isStandIn(_ value: String) -> Bool {
        let low = value.lowercased()
        if exact.contains(low) || published.contains(low) { return true }
        if parts.isFound(inLowered: value) { return true }
        let letters = low.filter(\.isLetter)
        guard exact.contains(letters) else { return false }
        // `test123`, `password!`: a stand-in with the least that a form demands behind it.
        let rest = low.filter { !$0.isLetter }
        // `admin123` opens more doors than one would wish, though.
        if rest.count >= 3, inUse.contains(letters) { return false }
        return rest.count <= 1 || "1234567890".hasPrefix(rest)
    }

    /// One character over and over, a run along the alphabet or the digits, or a short piece repeated.
    static func isPattern(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 3 else { return true }
        if Set(bytes).count <= 2 { return true }
        let steps = zip(bytes, bytes.dropFirst()).filter { $1 == $0 &+ 1 || $1 == $0 }.count
        if Double(steps) >= 0.8 * Double(bytes.count - 1) { return true }
        for period in 2...max(2, min(8, bytes.count / 3)) where bytes.count >= period * 3 {
            if (period..<bytes.count).allSatisfy({ bytes[$0] == bytes[$0 - period] }) { return true }
        }
        return false
    }

    private static func isName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }

    /// Words that people make a password of with figures behind them.
    private static let inUse: Set<String> = [
        "root", "admin", "password", "passwd", "postgres", "mysql", "guest", "qwerty", "letmein", "vagrant", "docker",
    ]

    private static let references = WordList([
        "{{", "}}", "${", "{$", "{%", "%{{", "$(", "\\(", "%(", "#{", "<%", "%{", "process.env", "os.environ", "getenv",
        "lookup(", "env.",
        "secrets.", "vault:", "ssm:", "arn:", "op://",
    ])

    private static let exact: Set<String> = [
        "password", "passwd", "passphrase", "secret", "token", "apikey", "key", "pass", "pwd", "admin", "root", "user",
        "username", "none", "null", "nil", "true", "false", "undefined", "string", "str", "text", "test", "tests",
        "testing", "default", "empty", "value", "auto", "prompt", "required", "optional", "hidden", "unknown", "any",
        "int", "integer", "bool", "boolean", "bytes", "object", "char", "void", "self", "this", "foo", "bar", "baz",
        "foobar", "qux", "spam", "eggs", "abc", "abcd", "abcdef", "letmein", "qwerty", "guest", "anonymous", "login",
        "credentials", "mypassword", "mysecret", "mytoken", "somepassword", "somesecret", "thepassword", "supersecret",
        "topsecret", "p4ssw0rd", "password1", "swordfish",
        "correcthorsebatterystaple", "base64", "sha256", "sha512", "sha1", "md5", "utf8", "utf-8", "oauth2", "ascii",
        "pbkdf2", "bcrypt", "scrypt", "argon2", "argon2i", "argon2id", "aes256", "rsa2048", "hs256", "rs256", "ed25519",
        "x509", "oauth1", "kerberos5", "sha224", "sha384", "sha3", "hmacsha1", "hmacsha256", "notasecret", "notsecret",
        "yes", "no", "on", "off", "present", "absent", "always", "never", "file", "stdin",
        "disabled", "enabled", "public", "private", "basic", "bearer", "postgres", "mysql", "docker", "vagrant",
    ]

    /// Values of the examples in RFC 6749, 6750 and 7617, in lower case: they stand in every OAuth library.
    private static let published: Set<String> = [
        "2yotnfzfejr1zcsicmwpaa", "tgzv3jokf0xg5qx2tlkwia", "czzcagrsa3f0mzpnwdfmqmf0m2jw", "splxlobezqqybys6wxsbia",
        "mf_9.b5f-4.1jqm", "qwxhzgrpbjpvcgvuihnlc2ftzq==",
    ]

    private static let parts = WordList([
        "changeme", "change_me", "change-me", "changethis", "change_this", "replaceme", "replace_me", "replace-me",
        "replace_with", "replace-with", "example", "exmaple", "placeholder", "dummy", "redacted", "masked", "yourpass",
        "your_", "your-", "your ", "yoursecret", "yourtoken", "yourkey", "yourapi", "insert_", "insert-", "enter_",
        "enter-", "todo", "fixme", "fakepass", "fake_", "fake-", "fakekey", "faketoken", "sample", "xxxx", "....",
        "****", "____", "----", "1234567890", "0123456789", "123456789", "12345678", "abcdefgh", "deadbeef",
        "test_pass",
        "testpass", "test-pass", "testtoken", "test_token", "test-token", "testkey", "test_key", "test-key",
        "testsecret",
        "test_secret", "test-secret", "notreal", "not-real", "not_real", "not-a-real", "not_a_", "not-a-", "my_pass",
        "my-pass", "mypass", "my_secret", "my-secret", "my-token", "my_token", "some_", "some-", "goeshere",
        "goes_here",
        "goes-here", "_here", "-here", "foobar", "lorem", "ipsum", "\\x", "\\u", "\u{2026}",
    ])
}
