package import CupelCore

/// The providers that are configured.
///
/// `providers:` in `cupel.yaml` holds one section a provider, named as you like (letters, digits, hyphens and
/// underscores, 1 to 40). A name that is a preset's (`openai`, `azure`, `anthropic`, `gemini`, `bedrock`, `xai`,
/// `mistral`, `groq`, `deepseek`, `openrouter`, `together`, `ollama`, `vllm`, `llamacpp`) takes all it needs from it.
/// Where no provider is configured at all, each preset whose usual variable is in the environment is.
///
/// | key under `providers.NAME.` | type | default | allowed |
/// |---|---|---|---|
/// | `preset` | text | NAME, or none | a preset's name, or nothing for a server of your own |
/// | `dialect` | text | the preset's, or `openai` | `openai`, `anthropic`, `gemini`, `bedrock` |
/// | `base_url` | text | the preset's | `http://…` or `https://…`, up to and without `/chat/completions` |
/// | `api_key` | secret | the preset's usual variable, while `base_url` is the preset's | a key; `_FILE` twin |
/// | `auth` | text | the preset's | `bearer`, `x-api-key`, `api-key`, `x-goog-api-key`, `sigv4`, `none` |
/// | `access_key_id`, `secret_access_key`, `session_token` | secret | `AWS_…` of the same names | with `sigv4` |
/// | `region` | text | the preset's; `AWS_REGION` with `sigv4` | letters, digits and hyphens |
/// | `proxy` | secret | none | `http://name:password@host:port` |
/// | `ca_file` | text | none | an absolute path |
/// | `connect_seconds` | integer | 5 | 1 to 60 |
/// | `first_byte_seconds` | integer | 120 | 1 to 600 |
/// | `between_bytes_seconds` | integer | 30 | 1 to 600 |
/// | `whole_seconds` | integer | 120 | 1 to 3600 |
/// | `tries` | integer | 3 | 1 to 3 |
/// | `max_connections` | integer | 256 | 1 to 65536 |
/// | `headers.NAME` | secret | none | at most 16 headers |
/// | `enabled` | flag | true | true, false |
/// | `models` | list | all | names of models, `*` for any run of characters |
/// | `deny_models` | list | none | the same |
/// | `api_version` | text | `v1` | Azure's: `v1` or a date as `2024-10-21` |
/// | `deployments` | list | none | Azure's: `model=deployment` |
/// | `weight` | integer | 1 | 1 to 1000; the heavier of two that serve a model is asked first |
/// | `retention` | text | the preset's | `none`, `stated` |
package struct ProviderSettings: Sendable, Hashable {
    /// The most providers that may be configured.
    package static let mostProviders = 100

    /// Every provider, in the order of the file.
    package var providers: [ProviderConfiguration]

    /// Providers that were put together elsewhere.
    package init(_ providers: [ProviderConfiguration] = []) { self.providers = providers }

    /// The provider of a name.
    package subscript(name: String) -> ProviderConfiguration? { providers.first { $0.name == name } }

    /// Reads `providers.*`; what is wrong is kept in the reader.
    package init(reader: SettingsReader) {
        var names = reader.names(under: "providers")
        names += ProviderPreset.all.map(\.name).filter {
            !names.contains($0) && reader.hasVariables(under: "providers." + $0)
        }
        if names.isEmpty { names = ProviderPreset.all.filter { Self.isUsual($0, reader) }.map(\.name) }
        if names.count > Self.mostProviders {
            reader.problem("providers", "at most \(Self.mostProviders) providers may be configured")
        }
        providers = names.prefix(Self.mostProviders).compactMap { name in
            guard Self.isName(name) else {
                reader.problem("providers.\(name)", "a name is 1 to 40 letters, digits, hyphens and underscores")
                return nil
            }
            return ProviderConfiguration(reader: reader, name: name)
        }
    }

    /// Whether the environment holds what a preset needs, under the names that are usual for it.
    private static func isUsual(_ preset: ProviderPreset, _ reader: SettingsReader) -> Bool {
        let hasKey = preset.variables.contains(where: reader.hasVariable)
        return switch preset.name {
        case "azure": hasKey && reader.hasVariable(ProviderConfiguration.azureEndpoint)
        case "bedrock":
            hasKey || (reader.hasVariable("AWS_ACCESS_KEY_ID") && reader.hasVariable("AWS_SECRET_ACCESS_KEY"))
        default: hasKey
        }
    }

    private static func isName(_ name: String) -> Bool {
        1...40 ~= name.utf8.count
            && name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
    }
}
