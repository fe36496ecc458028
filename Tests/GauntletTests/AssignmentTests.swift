import Testing

@testable import Gauntlet

@Suite struct AssignmentTests {
    /// A form of giving a value with `@` in its place, and the kind of file it stands in.
    struct Form: Sendable {
        let text: String
        let kind: FileKind
        init(_ text: String, _ kind: FileKind = .code) {
            self.text = text
            self.kind = kind
        }
    }

    private static func read(_ text: String, _ kind: FileKind, keyword: String = "pass") -> String? {
        let bytes = Array(text.utf8)
        guard let found = bytes.firstRange(of: Array(keyword.utf8)) else { return nil }
        return bytes.withUnsafeBytes { raw in
            guard AssignmentReader.isPlausible(raw, after: found.upperBound) else { return nil }
            return AssignmentReader(text: raw, kind: kind).read(around: found.upperBound)
                .map { String(decoding: raw[$0.value], as: UTF8.self) }
        }
    }

    @Test(arguments: [
        Form("my_pass = \"@\""), Form("self.password = '@'"), Form("password := `@`"), Form("'password' => '@',"),
        Form("password: String = \"@\""), Form("let password: &str = \"@\";"), Form("var password string = \"@\""),
        Form("char password[32] = \"@\";"), Form("password = b\"@\""), Form("password = @\"@\""),
        Form("password <- \"@\""), Form("$x['password'] = '@';"), Form("if password == \"@\" {"),
        Form("if (password !== '@')"), Form("x = env.password || \"@\""), Form("x = password or '@'"),
        Form("f(password=\"@\")"), Form("setpassword(\"@\")"), Form("password.equals(\"@\")"),
        Form("put(\"password\", \"@\")"), Form("{\"password\", \"@\"}"), Form("password = new String(\"@\")"),
        Form("password = []byte(\"@\")"), Form("#define password \"@\""), Form("password =\n    \"@\""),
        Form("{\\\"password\\\": \\\"@\\\"}"), Form("cs = \"Server=x;password=@;Y=1\""), Form("\"?password=@&x=1\""),
        Form("password: @", .config), Form("password=@ # set once", .config), Form("password = @", .unknown),
        Form("- name: db_password\n  value: @", .config), Form("<password>@</password>", .config),
        Form("<password type=\"x\">@</password>", .config), Form("<add key=\"password\" value=\"@\"/>", .config),
        Form("<x name=\"password\">@</x>", .config), Form("export password=@ other=1", .shell),
        Form("x --password @ y", .shell), Form("x --password=@ y", .shell), Form("-password \"@\"", .shell),
        Form("machine h login me password @", .unknown), Form("ENV password @", .config),
        Form("&quot;password&quot;:&quot;@&quot;", .text),
    ])
    func `a value is read in the syntax of many languages`(_ form: Form) {
        let text = form.text.replacing("@", with: "W9k!vq2Z", maxReplacements: 9)
            .replacing("= W9k!vq2Z\"", with: "= @\"")
        #expect(Self.read(text, form.kind) == "W9k!vq2Z")
    }

    @Test(arguments: [
        Form("password = get()"), Form("password = other"), Form("password: str"), Form("password)"), Form("pass"),
        Form("password::new(\"x1\")"), Form("[\"password\", \"other1\", \"third1\"]"), Form("password =~ \"x1\""),
        Form("password.split(\"x1\")"), Form("password[i] = x"), Form("the password is short"),
        Form("password: a sentence goes on here", .config), Form("password:", .config), Form("<password/>", .config),
    ])
    func `what gives no value is passed over`(_ form: Form) {
        #expect(Self.read(form.text, form.kind) == nil)
    }

    @Test(arguments: [
        ("password", SecretName.Kind.password), ("DB_PASSWORD", .password), ("userPwd", .password),
        ("spring.datasource.password", .password), ("mysqlRootPassword2", .password), ("apiKey", .key),
        ("X-Api-Key", .key), ("AWSSecretKey", .key), ("client_secret_prod", .key), ("key", .vague),
        ("signature", .vague), ("AUTH_SALT", .salt),
    ])
    func `a name says what kind of secret it holds`(_ name: String, _ kind: SecretName.Kind) {
        #expect(SecretName(name)?.kind == kind)
    }

    @Test(arguments: [
        "password_file", "passwordField", "tokenType", "secretName", "PASSWORD_MIN_LENGTH", "getPassword",
        "primary_key",
        "public_key_id", "cacheKey", "csrf_token", "passwordHash", "compass", "keyboard", "nextPageToken",
    ])
    func `a name of something about a secret is none`(_ name: String) {
        #expect(SecretName(name) == nil)
    }

    @Test func `names fall into their words`() {
        #expect(SecretName.words(of: "AWSSecretKey2_id.x-yZ") == ["aws", "secret", "key", "2", "id", "x", "y", "z"])
    }

    @Test func `any bytes around a name are read without a crash, whatever is cut off or turned`() {
        var generator = SeededGenerator(seed: 23)
        let seeds = [
            "config[\"password\"] = new String(\"" + "W9k!vq2Z\")", "<password a=\"b\"><![CDATA[x]]></password>",
            "- name: db_password\n  value: \"x\"", "&quot;password&quot;:&quot;x&quot;", "machine h login m password x",
            "-----BEGIN " + "PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\\n", "${password:x}\\",
        ]
        for seed in seeds {
            let bytes = Array(seed.utf8)
            for length in 0...bytes.count { Self.readAll(Array(bytes.prefix(length))) }
            for _ in 0..<400 {
                var turned = bytes
                for _ in 0..<3 {
                    turned[Int.random(in: 0..<turned.count, using: &generator)] = .random(
                        in: 0...255,
                        using: &generator
                    )
                }
                Self.readAll(turned)
            }
        }
    }

    private static func readAll(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { raw in
            for end in 0...raw.count {
                _ = AssignmentReader.isPlausible(raw, after: end)
                for kind in FileKind.allCases {
                    guard let found = AssignmentReader(text: raw, kind: kind).read(around: end) else { continue }
                    #expect(found.value.upperBound <= raw.count && !found.value.isEmpty)
                }
                if let block = KeyBlockReader(text: raw).read(after: end) { #expect(block.upperBound <= raw.count) }
            }
        }
    }

    @Test func `Base58Check tells a Bitcoin key from a look-alike`() {
        let key = Base58Check.encode([0x80] + (1...32).map { UInt8($0 * 5) } + [0x01])
        #expect(key.utf8.count == 52)
        #expect(Base58Check.fits(key.utf8))
        #expect(!Base58Check.fits((key.dropLast() + (key.last == "a" ? "b" : "a")).utf8))
        #expect(!Base58Check.fits("0OIl".utf8))
        #expect(!Base58Check.fits("".utf8))
    }

    @Test(arguments: [
        ("src/tests/a.py", true, false), ("pkg/a_test.go", true, false), ("docs/a.rst", true, false),
        ("src/app.py", false, false), ("web/package-lock.json", false, true), ("x/i18n/de.json", false, true),
        ("a.min.js", false, true), ("", false, false),
    ])
    func `a path tells rehearsals and generated files`(_ path: String, _ isRehearsal: Bool, _ isGenerated: Bool) {
        let context = FileContext(path: path)
        #expect(context.isRehearsal == isRehearsal)
        #expect(context.isGenerated == isGenerated)
    }
}
