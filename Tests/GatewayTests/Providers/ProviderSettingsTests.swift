import CupelCore
import Testing

@testable import Gateway

@Suite struct ProviderSettingsTests {
    /// A key as providers hand them out; no literal that a scanner would take for one.
    private static let key = "sk-" + String(repeating: "k", count: 24)

    private func read(
        _ yaml: String = "",
        environment: [String: String] = [:],
        options: [String: String] = [:]
    ) throws -> (settings: ProviderSettings, reader: SettingsReader) {
        let file = yaml.isEmpty ? nil : (path: "cupel.yaml", text: yaml)
        let sources = try SettingsSources(commandLine: options, environment: environment, file: file)
        let reader = SettingsReader(sources)
        return (ProviderSettings(reader: reader), reader)
    }

    private func problems(_ yaml: String, environment: [String: String] = [:]) throws -> [FieldProblem] {
        let (_, reader) = try read(yaml, environment: environment)
        do {
            try reader.finish()
            return []
        } catch let error as CupelError {
            return error.fields
        }
    }

    @Test func `with nothing configured the usual variables enable their presets, and say so`() throws {
        let (settings, reader) = try read(environment: ["OPENAI_API_KEY": Self.key, "GEMINI_API_KEY": Self.key])
        #expect(settings.providers.map(\.name) == ["openai", "gemini"])
        #expect(settings.providers.allSatisfy { $0.isUsable })
        #expect(settings["openai"]?.key?.expose() == Self.key)
        try reader.finish()
        let entry = try #require(reader.entries.first { $0.key == "providers.openai.api_key" })
        #expect(entry.origin.description == "environment OPENAI_API_KEY")
        #expect(entry.value == "[redacted]")
    }

    @Test func `one provider that is configured leaves the others' usual variables alone`() throws {
        let (settings, _) = try read(
            "providers:\n  ollama:\n",
            environment: ["OPENAI_API_KEY": Self.key]
        )
        #expect(settings.providers.map(\.name) == ["ollama"])
        #expect(settings["ollama"]?.isUsable == true)
        #expect(settings["ollama"]?.address.description == "http://127.0.0.1:11434/v1")
    }

    @Test func `nothing at all gives no provider`() throws {
        #expect(try read().settings.providers.isEmpty)
    }

    @Test func `providers come in the order of the file, each with all its keys`() throws {
        let yaml = """
            providers:
              zeta:
                base_url: https://llm.example.org:8443/openai/v1/
                api_key: \(Self.key)
                weight: 7
                models: [gpt-5*, o3]
                deny_models: gpt-5-pro
                proxy: http://u:p4ssw0rd@proxy.example.org:3128
                ca_file: /etc/ssl/own.pem
                connect_seconds: 2
                tries: 1
                region: eu-west-1
                retention: none
                headers:
                  X-Team: blue
              alpha:
                preset: anthropic
                api_key: \(Self.key)
                enabled: false
            """
        let (settings, reader) = try read(yaml)
        try reader.finish()
        #expect(settings.providers.map(\.name) == ["zeta", "alpha"])
        let zeta = try #require(settings["zeta"])
        #expect(zeta.dialect == .openAI)
        #expect(zeta.auth == .bearer)
        #expect(zeta.address.host == "llm.example.org" && zeta.address.port == 8443)
        #expect(zeta.address.authority == "llm.example.org:8443")
        #expect(zeta.path(of: .chat, model: "m") == "/openai/v1/chat/completions")
        #expect(zeta.weight == 7)
        #expect(zeta.limits.connect == .seconds(2) && zeta.limits.tries == 1)
        #expect(zeta.proxy?.address.port == 3128)
        #expect(zeta.proxy?.credentials?.expose() == "u:p4ssw0rd")
        #expect(zeta.headers.map(\.name) == ["x-team"])
        #expect(zeta.retention == .none)
        #expect(zeta.serves("gpt-5-mini") && zeta.serves("o3"))
        #expect(!zeta.serves("gpt-5-pro") && !zeta.serves("o3-mini"))
        #expect(settings["alpha"]?.isUsable == false)
        #expect(settings["alpha"]?.dialect == .anthropic)
        #expect(reader.entries.allSatisfy { !$0.value.contains(Self.key) && !$0.value.contains("p4ssw0rd") })
    }

    @Test func `the environment and the command line set keys of a provider that is named`() throws {
        let (settings, reader) = try read(
            "providers:\n  my-gpu:\n    base_url: http://10.0.0.7:8000/v1\n",
            environment: ["CUPEL_PROVIDERS_MY_GPU_WEIGHT": "9", "CUPEL_PROVIDERS_GROQ_API_KEY": Self.key],
            options: ["providers.my-gpu.auth": "none"]
        )
        try reader.finish()
        #expect(settings.providers.map(\.name) == ["my-gpu", "groq"])
        #expect(settings["my-gpu"]?.weight == 9)
        #expect(settings["my-gpu"]?.isUsable == true)
        #expect(settings["groq"]?.isUsable == true)
    }

    @Test func `a key is read from the file that its twin names`() throws {
        let path = "/tmp/cupel-provider-\(Identifier<Int>())"
        try BoundedFile.replace(path, with: Array((Self.key + "\n").utf8), mode: 0o600)
        let (settings, reader) = try read(environment: ["CUPEL_PROVIDERS_OPENAI_API_KEY_FILE": path])
        try reader.finish()
        #expect(settings["openai"]?.key?.expose() == Self.key)
    }

    @Test func `the usual key never goes to an address that is not the preset's own`() throws {
        let yaml = "providers:\n  openai:\n    base_url: https://elsewhere.example.org/v1\n"
        let (settings, _) = try read(yaml, environment: ["OPENAI_API_KEY": Self.key])
        #expect(settings["openai"]?.key == nil)
        #expect(settings["openai"]?.missing?.contains("no key") == true)
        let aws = [
            "AWS_ACCESS_KEY_ID": "AKIA" + String(repeating: "A", count: 16), "AWS_SECRET_ACCESS_KEY": Self.key,
        ]
        let (bedrock, _) = try read(
            "providers:\n  bedrock:\n    base_url: https://elsewhere.example.org\n",
            environment: aws
        )
        #expect(bedrock["bedrock"]?.aws == nil)
    }

    @Test func `a provider without its key is there, and says what is missing`() throws {
        let (settings, reader) = try read("providers:\n  openai: {}\n")
        try reader.finish()
        #expect(settings["openai"]?.missing == "it has no key: set its api_key or OPENAI_API_KEY")
    }

    @Test func `bedrock signs with the usual credentials in the usual region, and a bearer's key beats them`() throws {
        var environment = [
            "AWS_ACCESS_KEY_ID": "AKIA" + String(repeating: "A", count: 16), "AWS_SECRET_ACCESS_KEY": Self.key,
            "AWS_SESSION_TOKEN": String(repeating: "t", count: 30), "AWS_REGION": "eu-central-1",
        ]
        let signed = try #require(try read(environment: environment).settings["bedrock"])
        #expect(signed.auth == .sigv4 && signed.isUsable)
        #expect(signed.address.host == "bedrock-runtime.eu-central-1.amazonaws.com")
        #expect(signed.aws?.sessionToken != nil)
        environment["AWS_BEARER_TOKEN_BEDROCK"] = Self.key
        let bearer = try #require(try read(environment: environment).settings["bedrock"])
        #expect(bearer.auth == .bearer && bearer.isUsable)
    }

    @Test func `azure has an address, deployments and two kinds of paths`() throws {
        let yaml = """
            providers:
              azure:
                base_url: https://own.openAI.azure.com
                api_key: \(Self.key)
                deployments: [gpt-4.1=main, gpt-4o=old one]
            """
        #expect(try problems(yaml).map(\.field) == ["providers.azure.deployments"])
        var azure = try #require(try read(yaml).settings["azure"])
        #expect(azure.deployments == ["gpt-4.1": "main"])
        #expect(azure.path(of: .chat, model: "main") == "/openai/v1/chat/completions")
        azure.apiVersion = "2024-10-21"
        #expect(
            azure.path(of: .chat, model: "a/b")
                == "/openai/deployments/a%2Fb/chat/completions?api-version=2024-10-21"
        )
    }

    @Test(arguments: [
        ("openai", ProviderOperation.chat, true, "/v1/chat/completions"),
        ("openai", .responses, false, "/v1/responses"),
        ("deepseek", .chat, false, "/chat/completions"),
        ("anthropic", .chat, true, "/v1/messages"),
        ("anthropic", .countTokens, false, "/v1/messages/count_tokens"),
        ("gemini", .chat, false, "/v1beta/models/m%3A0:generateContent"),
        ("gemini", .chat, true, "/v1beta/models/m%3A0:streamGenerateContent?alt=sse"),
        ("bedrock", .chat, false, "/model/m%3A0/converse"),
        ("bedrock", .chat, true, "/model/m%3A0/converse-stream"),
    ])
    func `an operation has its path`(_ preset: String, _ operation: ProviderOperation, _ streams: Bool, _ path: String)
        throws
    {
        let provider = try #require(try read("providers:\n  \(preset): {}\n").settings[preset])
        #expect(provider.path(of: operation, model: "m:0", streams: streams) == path)
    }

    @Test(arguments: ProviderPreset.all)
    func `every preset stands on its own or says what it needs`(_ preset: ProviderPreset) throws {
        let (settings, reader) = try read("providers:\n  \(preset.name): {api_key: \(Self.key)}\n")
        if preset.baseURL == nil {
            #expect(settings[preset.name] == nil)
            #expect(throws: CupelError.self) { try reader.finish() }
        } else {
            try reader.finish()
            let provider = try #require(settings[preset.name])
            #expect(provider.isUsable)
            #expect(provider.path(of: .chat, model: "m")?.hasPrefix("/") == true)
        }
    }

    @Test(arguments: [
        ("openai: {tries: 4}", "providers.openai.tries", "1 to 3"),
        ("openai: {api_kye: x}", "providers.openai.api_kye", "did you mean providers.openai.api_key?"),
        ("openai: {base_url: ftp://x}", "providers.openai.base_url", "http://"),
        ("openai: {base_url: 'https://a:b@c'}", "providers.openai.base_url", "no name and password"),
        ("own: {api_key: x}", "providers.own.base_url", "is needed"),
        ("own: {preset: openia}", "providers.own.preset", "allowed"),
        ("openai: {ca_file: own.pem}", "providers.openai.ca_file", "absolute"),
        ("openai: {proxy: 'https://x'}", "providers.openai.proxy", "CONNECT"),
        ("openai: {headers: {Authorization: x}}", "providers.openai.headers.Authorization", "no name of a header"),
        ("openai: {headers: {X-A: \"a\\nb\"}}", "providers.openai.headers.X-A", "one line"),
        ("openai: {retention: never}", "providers.openai.retention", "none, stated"),
        ("openai: {region: EU!}", "providers.openai.region", "region"),
        ("'a b': {base_url: 'http://x'}", "providers.a b", "1 to 40"),
    ])
    func `a wrong key is named with what is allowed`(_ section: String, _ field: String, _ message: String) throws {
        let problems = try problems("providers:\n  \(section)\n")
        let problem = try #require(problems.first { $0.field == field }, "\(problems)")
        #expect(problem.message.contains(message), "\(problem.message)")
    }

    @Test(arguments: [
        "http://h", "https://h:1", "http://[::1]:80/v1", "https://a.b-c_d/x/y/", "http://127.0.0.1:11434/v1",
    ])
    func `an address reads back as itself`(_ text: String) throws {
        let address = try ProviderAddress(text)
        #expect(try ProviderAddress(address.description) == address)
    }

    @Test(arguments: [
        "", "h", "http://", "http://:80", "http://h:0", "http://h:65536", "http://h:x", "http://h?q", "http://h#f",
        "http://h h", "http://[::1", "http://[zz]", "http://h\u{E9}", "//h", "http://a@b",
    ])
    func `an address that is none is refused`(_ text: String) {
        #expect(throws: CupelError.self) { _ = try ProviderAddress(text) }
    }

    @Test(arguments: [
        ("*", "anything", true), ("gpt-*", "gpt-5", true), ("gpt-*", "o3", false), ("*-mini", "gpt-5-mini", true),
        ("a*b*c", "aXXbYYc", true), ("a*b*c", "aXXbYY", false), ("exact", "exact", true), ("", "x", false),
        ("**", "", true), ("a*", "a", true),
    ])
    func `a pattern matches as a person would say`(_ pattern: String, _ name: String, _ matches: Bool) {
        #expect(ModelPatterns([pattern]).match(name) == matches)
    }

    @Test func `a hostile pattern and name take no time`() {
        let pattern = String(repeating: "*a", count: 60) + "b"
        #expect(!ModelPatterns([pattern]).match(String(repeating: "a", count: 128)))
    }
}
