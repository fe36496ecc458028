import CupelCore
import Testing

private enum Color: String, CaseIterable { case red, green }

@Suite struct SettingsTests {
    @Test func `the command line beats the environment, which beats the file, which beats the default`() throws {
        let file = (path: "cupel.yaml", text: "server:\n  port: 1\n  host: file\n  name: file\n")
        let sources = try SettingsSources(
            commandLine: ["server.port": "3"],
            environment: ["CUPEL_SERVER_PORT": "2", "CUPEL_SERVER_HOST": "env"],
            file: file
        )
        let reader = SettingsReader(sources)
        #expect(reader.integer("server.port", default: 0, in: 0...9, purpose: "p") == 3)
        #expect(reader.text("server.host", default: "x", purpose: "h") == "env")
        #expect(reader.text("server.name", default: "x", purpose: "n") == "file")
        #expect(reader.text("server.other", default: "x", purpose: "o") == "x")
        try reader.finish()
        let origins = Dictionary(uniqueKeysWithValues: reader.entries.map { ($0.key, $0.origin.description) })
        #expect(origins["server.port"] == "command line --server.port")
        #expect(origins["server.host"] == "environment CUPEL_SERVER_HOST")
        #expect(origins["server.name"] == "cupel.yaml:4")
        #expect(origins["server.other"] == "default")
    }

    @Test func `every problem is named at once with its origin, what is allowed, and the nearest key`() throws {
        let file = (path: "c.yaml", text: "server:\n  port: 99999\n  hots: a\ncolor: blue\n")
        let reader = SettingsReader(try SettingsSources(environment: ["CUPEL_SERVER_PROT": "1"], file: file))
        _ = reader.integer("server.port", default: 80, in: 0...65535, purpose: "p")
        _ = reader.text("server.host", default: "x", purpose: "h")
        _ = reader.choice("color", default: Color.red, purpose: "c")
        let error = #expect(throws: CupelError.self) { try reader.finish() }
        let text = try #require(error).description
        #expect(text.contains("c.yaml:2: '99999' is not allowed; allowed is 0 to 65535"))
        #expect(text.contains("c.yaml:3: unknown; did you mean server.host?"))
        #expect(text.contains("c.yaml:4: 'blue' is not allowed; allowed is red, green"))
        #expect(text.contains("did you mean CUPEL_SERVER_PORT?"))
    }

    @Test func `a secret is read from its file twin and shown masked`() throws {
        let path = "/tmp/cupel-secret-\(Identifier<Int>())"
        try BoundedFile.replace(path, with: Array("s3cret-from-file\n".utf8), mode: 0o600)
        let reader = SettingsReader(try SettingsSources(environment: ["CUPEL_MODEL_API_KEY_FILE": path]))
        #expect(reader.secret("model.api_key", purpose: "k")?.expose() == "s3cret-from-file")
        #expect(reader.entries.first?.value == "[redacted]")
        try reader.finish()
    }

    @Test(arguments: ["[", "just text", "a: *b"])
    func `a broken file is refused with its path`(_ text: String) {
        let error = #expect(throws: CupelError.self) { try SettingsSources(file: ("c.yaml", text)) }
        #expect(error?.message.contains("c.yaml") == true)
    }

    @Test func `a bounded file is read at its limit and refused at one over`() throws {
        let path = "/tmp/cupel-bounded-\(Identifier<Int>())"
        try BoundedFile.replace(path, with: [1, 2, 3])
        #expect(try BoundedFile.bytes(at: path, limit: 3) == [1, 2, 3])
        let error = #expect(throws: CupelError.self) { try BoundedFile.bytes(at: path, limit: 2) }
        #expect(error?.code == .payloadTooLarge)
        #expect(throws: CupelError.self) { try BoundedFile.bytes(at: "/dev/null", limit: 2) }
        #expect(throws: CupelError.self) { try BoundedFile.bytes(at: "/nowhere/file", limit: 2) }
    }

    @Test func `wrong and unknown fields of a request are all named`() throws {
        var fields = try JSONFields(JSON(parsing: #"{"ask": 3, "limit": 900, "aks": "x"}"#))
        _ = fields.text("ask", limit: 10)
        _ = fields.integer("limit", default: 5, in: 1...200)
        let error = #expect(throws: CupelError.self) { try fields.finish() }
        #expect(error?.fields.map(\.field) == ["ask", "limit", "aks"])
        #expect(error?.fields.last?.message == "is unknown; did you mean ask?")
    }
}
