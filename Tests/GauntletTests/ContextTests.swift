import CupelCore
import Gauntlet
import Testing

@Suite struct ContextTests {
    @Test(arguments: [
        "password: \"{{ vaulted }}\"", "password: '{{ vault_x | password_hash(\"sha512\") }}'", "password: changeme",
        "password: \"${DB_PASSWORD}\"", "password: <password>", "password: xxxxxxxx", "password: example123",
        "password: !vault |", "password: \"$(pass show x1)\"", "password_file: /run/secrets/db1",
        "become_pass: \"{{ lookup('env', 'PASS1') }}\"", "password: \"%(pw1)s\"", "token: your-token-goes-here1",
        "api_key: 0000000000000000000000", "password: ''", "update_password: on_create", "password_expire_max: 90",
        "ssh_pwauth: false",
    ])
    func `a playbook's reference or placeholder is no finding`(_ line: String) throws {
        let text = "- hosts: all\n  vars:\n    \(line)\n"
        #expect(try GauntletFixture.scan(text, path: "site.yml").findings == [])
    }

    @Test(arguments: [
        "password: @", "password: \"@\"", "password: '@'", "ansible_become_password: @", "db_pass: @",
        "mysql_root_password: @  # set once", "- admin_password: @", "password: \"@\" # noqa",
    ])
    func `a playbook's real password is a finding`(_ line: String) throws {
        let text = "    " + line.replacing("@", with: GauntletFixture.password) + "\n"
        let findings = try GauntletFixture.scan(text, path: "site.yml").findings
        #expect(findings.count == 1)
        #expect(findings.first?.severity == .high)
    }

    @Test(arguments: [
        "password = get_password(user1)", "def login(password=None, token2=None):", "password = self.config.password1",
        "token = tokens[0]", "if password == \"\":", "raise ValueError(\"password: must be 8 characters\")",
        "secret = hashlib.sha256(b'x').hexdigest()", "keyword = \"value-of-the-keyword-1\"",
        "parser.add_argument('--password', help='the password2')", "PASSWORD_MIN_LENGTH = \"8-or-more\"",
    ])
    func `an expression in a program is no finding`(_ line: String) throws {
        #expect(try GauntletFixture.scan(line + "\n", path: "a.py").findings == [])
    }

    @Test func `a token whose checksum does not fit is a medium finding that says so`() throws {
        let token = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA2cD4fG6hJ8"
        let finding = try #require(try GauntletFixture.scan(token).findings.first)
        #expect(finding.severity == .medium)
        #expect(finding.message.contains("checksum"))
    }

    @Test func `the better of two rules names a secret`() throws {
        let text = "api_key = \"\(GauntletFixture.awsKey())\""
        #expect(try GauntletFixture.scan(text, path: "a.py").findings.map(\.rule) == ["aws-access-key-id"])
    }
}
