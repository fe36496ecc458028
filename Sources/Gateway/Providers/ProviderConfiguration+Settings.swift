import CupelCore

extension ProviderConfiguration {
    static let azureEndpoint = "AZURE_OPENAI_ENDPOINT"
    /// Headers that the gateway itself sets.
    private static let ownHeaders: Set<String> = [
        "authorization", "api-key", "connection", "content-length", "content-type", "host", "te", "trailer",
        "transfer-encoding", "upgrade", "x-api-key", "x-goog-api-key",
    ]

    /// Reads `providers.NAME.*`, as ``ProviderSettings`` lists the keys; `nil` when it cannot be used, with the reason
    /// in the reader.
    init?(reader: SettingsReader, name: String) {
        let keys = ProviderKeys(reader: reader, prefix: "providers.\(name).")
        guard let preset = keys.preset(of: name) else { return nil }
        let dialect = keys.choice("dialect", default: preset.dialect, "Wire format that the provider speaks.")
        let region = keys.region(of: preset)
        guard let (address, isOwnAddress) = keys.address(of: preset, region: region) else { return nil }
        let usual = isOwnAddress ? preset.variables.first(where: reader.hasVariable) : nil
        let key = reader.secret("providers.\(name).api_key", alias: usual, purpose: "Key of the provider.")
        var auth = keys.choice("auth", default: preset.auth, "How calls prove who pays for them.")
        // A key that was given is used: Bedrock's is a bearer's, and so is that of a server of your own.
        if key != nil, preset.auth == auth, auth == .sigv4 || auth == .none { auth = .bearer }
        let aws = auth == .sigv4 ? keys.aws(mayUseUsual: isOwnAddress) : nil
        self.init(
            name: name,
            preset: preset,
            dialect: dialect,
            address: address,
            auth: auth,
            key: key,
            aws: aws,
            region: region,
            proxy: keys.proxy(),
            certificateFile: keys.certificateFile(),
            limits: keys.limits(),
            headers: keys.headers(without: Self.ownHeaders),
            isEnabled: reader.flag(keys.prefix + "enabled", default: true, purpose: "Whether it may be used."),
            missing: Self.missing(auth, key, aws, preset),
            models: keys.patterns("models", "Models that it may be asked for; all when empty."),
            deniedModels: keys.patterns("deny_models", "Models that it may not be asked for."),
            apiVersion: preset.name == "azure" ? keys.apiVersion() : "v1",
            deployments: preset.name == "azure" ? keys.deployments() : [:],
            weight: keys.integer("weight", 1, 1...1000, "How much it is preferred for models that others serve too."),
            retention: keys.choice("retention", default: preset.retention, "What it keeps of prompts and answers.")
        )
    }

    private static func missing(
        _ auth: ProviderAuth,
        _ key: Secret?,
        _ aws: AWSCredentials?,
        _ preset: ProviderPreset
    ) -> String? {
        let usual = preset.variables.first.map { " or \($0)" } ?? ""
        return switch auth {
        case .none: nil
        case .sigv4: aws == nil ? "it has no AWS credentials" : nil
        default: key == nil ? "it has no key: set its api_key\(usual)" : nil
        }
    }
}

/// Reads the keys of one provider.
private struct ProviderKeys {
    let reader: SettingsReader
    let prefix: String

    func integer(_ key: String, _ standard: Int, _ range: ClosedRange<Int>, _ purpose: String) -> Int {
        reader.integer(prefix + key, default: standard, in: range, purpose: purpose)
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String,
        default standard: Choice,
        _ purpose: String
    ) -> Choice {
        reader.choice(prefix + key, default: standard, purpose: purpose)
    }

    func preset(of name: String) -> ProviderPreset? {
        let own = ProviderPreset.named(name) == nil ? "" : name
        let text = reader.text(
            prefix + "preset",
            default: own,
            allowed: ProviderPreset.all.map(\.name).joined(separator: ", ") + ", or nothing",
            purpose: "Known provider that it is.",
            where: { $0.isEmpty || ProviderPreset.named($0) != nil }
        )
        return text.isEmpty ? .custom(name) : ProviderPreset.named(text)
    }

    func region(of preset: ProviderPreset) -> String? {
        let text = reader.text(
            prefix + "region",
            default: preset.region ?? "",
            alias: preset.auth == .sigv4 ? "AWS_REGION" : nil,
            allowed: "a region as eu or eu-west-1",
            purpose: "Where it answers from.",
            where: { $0.isEmpty || Region.isValid($0) }
        )
        return text.isEmpty ? nil : text
    }

    /// Where the provider is, and whether that is the preset's own address, to which its usual key may go.
    func address(of preset: ProviderPreset, region: String?) -> (ProviderAddress, isOwn: Bool)? {
        let standard = (preset.baseURL ?? "").split(separator: "{region}", omittingEmptySubsequences: false)
            .joined(separator: region ?? "")
        let text = reader.text(
            prefix + "base_url",
            default: standard,
            alias: preset.name == "azure" ? ProviderConfiguration.azureEndpoint : nil,
            allowed: "http://… or https://…",
            purpose: "Where it is."
        )
        do {
            let address = try ProviderAddress(text)
            let isOwn = standard.isEmpty ? preset.name == "azure" : address == (try ProviderAddress(standard))
            return (address, isOwn)
        } catch {
            let reason = text.isEmpty ? "is needed" : (error as? CupelError)?.message ?? "is no address"
            reader.problem(prefix + "base_url", reason)
            return nil
        }
    }

    func aws(mayUseUsual: Bool) -> AWSCredentials? {
        func secret(_ key: String, _ purpose: String) -> Secret? {
            reader.secret(prefix + key, alias: mayUseUsual ? "AWS_" + key.uppercased() : nil, purpose: purpose)
        }
        let access = secret("access_key_id", "Identifier of the AWS access key.")
        let key = secret("secret_access_key", "AWS access key.")
        let token = secret("session_token", "Token of temporary AWS credentials.")
        guard let access, let key else { return nil }
        return AWSCredentials(accessKey: access, secretKey: key, sessionToken: token)
    }

    func proxy() -> ProviderProxy? {
        guard let text = reader.secret(prefix + "proxy", purpose: "HTTP proxy for its connections.") else { return nil }
        do {
            return try ProviderProxy(text.expose())
        } catch {
            reader.problem(prefix + "proxy", (error as? CupelError)?.message ?? "is no address")
            return nil
        }
    }

    func certificateFile() -> String? {
        let path = reader.text(
            prefix + "ca_file",
            default: "",
            allowed: "an absolute path, or nothing",
            purpose: "File of certificates that are trusted beside the system's.",
            where: { $0.isEmpty || $0.hasPrefix("/") }
        )
        return path.isEmpty ? nil : path
    }

    func limits() -> ProviderLimits {
        var limits = ProviderLimits()
        limits.connect = .seconds(integer("connect_seconds", 5, 1...60, "Time until a connection stands."))
        limits.firstByte = .seconds(integer("first_byte_seconds", 120, 1...600, "Time until an answer begins."))
        limits.betweenBytes = .seconds(
            integer("between_bytes_seconds", 30, 1...600, "Time between two pieces of an answer.")
        )
        limits.whole = .seconds(integer("whole_seconds", 120, 1...3600, "Time for a call with all its tries."))
        limits.tries = integer("tries", 3, 1...3, "Tries against transient errors.")
        limits.connections = integer("max_connections", 256, 1...65536, "Connections at once.")
        return limits
    }

    func headers(without own: Set<String>) -> [ProviderHeader] {
        let names = reader.names(under: prefix + "headers")
        if names.count > 16 { reader.problem(prefix + "headers", "at most 16 headers may be added") }
        return names.prefix(16).compactMap { name in
            let key = prefix + "headers." + name
            let value = reader.secret(key, purpose: "Header that every call carries.")
            guard isHeaderName(name), !own.contains(name.lowercased()) else {
                reader.problem(key, "is no name of a header that may be added")
                return nil
            }
            guard let value else { return nil }
            guard value.byteCount <= 4096, value.expose().utf8.allSatisfy({ $0 == 0x09 || (0x20...0x7E).contains($0) })
            else {
                reader.problem(key, "a header's value is at most 4096 ASCII characters on one line")
                return nil
            }
            return ProviderHeader(name: name.lowercased(), value: value)
        }
    }

    func patterns(_ key: String, _ purpose: String) -> ModelPatterns {
        let list = reader.list(prefix + key, default: [], allowed: "names, * for any characters", purpose: purpose)
        if list.count > 1000 { reader.problem(prefix + key, "at most 1000 names may be listed") }
        if let wrong = list.first(where: { !ModelRegistry.isName($0) }) {
            reader.problem(prefix + key, "'\(wrong.prefix(40))' is no name: 1 to 128 visible ASCII characters")
        }
        return ModelPatterns(Array(list.prefix(1000)))
    }

    func apiVersion() -> String {
        reader.text(
            prefix + "api_version",
            default: "v1",
            allowed: "v1, or a date as 2024-10-21",
            purpose: "Version of Azure's API.",
            where: { $0 == "v1" || (10...20 ~= $0.utf8.count && ModelRegistry.isName($0)) }
        )
    }

    func deployments() -> [String: String] {
        let key = prefix + "deployments"
        let list = reader.list(key, default: [], allowed: "model=deployment", purpose: "Azure's names of the models.")
        var deployments: [String: String] = [:]
        for item in list {
            let parts = item.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, parts.allSatisfy(ModelRegistry.isName) else {
                reader.problem(key, "'\(item.prefix(80))' is not model=deployment")
                continue
            }
            deployments[parts[0]] = parts[1]
        }
        return deployments
    }

    /// A token of RFC 9110, 5.6.2.
    private func isHeaderName(_ name: String) -> Bool {
        1...64 ~= name.utf8.count
            && name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || "!#$%&'*+-.^_`|~".utf8.contains($0)
            }
    }
}
