import CupelCore

/// How a call proves who pays for it.
package enum ProviderAuth: String, Sendable, Hashable, CaseIterable {
    /// `Authorization: Bearer KEY`.
    case bearer
    /// `x-api-key: KEY`, as Anthropic asks for.
    case apiKeyX = "x-api-key"
    /// `api-key: KEY`, as Azure asks for.
    case apiKey = "api-key"
    /// `x-goog-api-key: KEY`, as Google asks for.
    case googleKey = "x-goog-api-key"
    /// AWS Signature Version 4.
    case sigv4
    /// Nothing.
    case none
}

/// What a provider says of keeping prompts and answers.
package enum ProviderRetention: String, Sendable, Hashable, CaseIterable {
    /// It keeps none, by its terms or by an agreement with you.
    case none
    /// It keeps them as its terms state.
    case stated
}

/// A provider that is known, so that a key is all its configuration needs.
package struct ProviderPreset: Sendable, Hashable {
    /// Its name in `cupel.yaml` and in front of a model's name.
    package var name: String
    /// Its name for people.
    package var title: String
    /// What it speaks.
    package var dialect: ProviderDialect
    /// Where it is; `{region}` stands for the region. `nil` when only you know.
    package var baseURL: String?
    /// How it is paid.
    package var auth: ProviderAuth
    /// The environment variables in which its key usually is, the first one that is set counting.
    package var variables: [String]
    /// The region that it answers from, or that is asked when none is configured.
    package var region: String?
    /// Whether `stream_options.include_usage` may be sent; without it usage comes by itself or not at all.
    package var takesStreamUsage: Bool
    /// Whether it has OpenAI's `responses`.
    package var hasResponses: Bool
    /// Whether it has embeddings.
    package var hasEmbeddings: Bool
    /// What it keeps when nothing else is agreed.
    package var retention: ProviderRetention
    /// The same in a sentence.
    package var retentionNote: String
    /// The official page that says so.
    package var source: String

    /// Whether it is a server of yours, which needs no key.
    package var isLocal: Bool { auth == .none && baseURL != nil }

    /// A server of your own that is not known: it speaks OpenAI's dialect until the configuration says otherwise.
    package static func custom(_ name: String) -> ProviderPreset {
        ProviderPreset(
            name: name,
            title: name,
            dialect: .openAI,
            baseURL: nil,
            auth: .bearer,
            variables: [],
            region: nil,
            takesStreamUsage: true,
            hasResponses: false,
            hasEmbeddings: true,
            retention: .stated,
            retentionNote: "Not known.",
            source: ""
        )
    }

    /// Every preset, in the order in which they are tried when only the environment names them.
    package static let all: [ProviderPreset] = {
        do {
            return try parse(PackageResources.providers_json)
        } catch {
            // Our own resource: a test holds it to its shape.
            preconditionFailure("The built-in providers are broken: \(error)")
        }
    }()

    /// The preset of a name.
    package static func named(_ name: String) -> ProviderPreset? { all.first { $0.name == name } }

    /// Reads a file of presets.
    /// - Throws: `malformed_request` when it is no JSON; `validation_error` naming each wrong field by its path.
    package static func parse(_ bytes: [UInt8]) throws -> [ProviderPreset] {
        let json: JSON
        do {
            json = try JSON(parsing: bytes, limits: JSONLimits(bytes: 1 << 20, depth: 4, values: 10_000))
        } catch {
            throw CupelError(.malformedRequest, "The file of providers is no JSON: \(error).")
        }
        var reader = DataReader()
        let presets = reader.list(json, at: "providers", most: 200) { json, path, reader in
            reader.object(json, at: path) { fields, _ in ProviderPreset(fields: &fields) }
        }
        guard reader.problems.isEmpty else {
            throw CupelError(.validationError, "The file of providers is wrong.", fields: reader.problems)
        }
        return presets
    }
}

extension ProviderPreset {
    private init?(fields: inout JSONFields) {
        self.init(
            name: fields.text("name", limit: 40),
            title: fields.text("title", limit: 60),
            dialect: fields.choice("dialect", default: .openAI),
            baseURL: fields.optionalText("base_url", limit: 300),
            auth: fields.choice("auth", default: .bearer),
            variables: fields.texts("variables", limit: 80, most: 5),
            region: fields.optionalText("region", limit: 32),
            takesStreamUsage: fields.flag("stream_usage", default: false),
            hasResponses: fields.flag("responses", default: false),
            hasEmbeddings: fields.flag("embeddings", default: false),
            retention: fields.choice("retention", default: .stated),
            retentionNote: fields.text("retention_note", limit: 300),
            source: fields.text("source", limit: 300)
        )
        if let baseURL, (try? ProviderAddress(baseURL.split(separator: "{region}").joined(separator: "x"))) == nil {
            fields.problem("base_url", "must be an http:// or https:// address")
        }
    }
}

extension JSONFields {
    fileprivate mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        default standard: Choice
    ) -> Choice {
        let text = text(name, limit: 40)
        if let choice = Choice(rawValue: text) { return choice }
        problem(name, "must be one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        return standard
    }
}
