package import CupelCore

/// One provider as it is configured: all that is needed to reach it, and what it may be used for.
package struct ProviderConfiguration: Sendable, Hashable {
    /// What people call it: in `cupel.yaml`, in front of a model's name, in errors and records.
    package var name: String
    /// What is known of its kind.
    package var preset: ProviderPreset
    /// What it speaks.
    package var dialect: ProviderDialect
    /// Where it is.
    package var address: ProviderAddress
    /// How it is paid.
    package var auth: ProviderAuth
    /// Its key, unless it signs or asks for none.
    package var key: Secret?
    /// The credentials that sign, where it signs.
    package var aws: AWSCredentials?
    /// Where it answers from; `nil` when not known.
    package var region: String?
    /// The proxy that its connections go through.
    package var proxy: ProviderProxy?
    /// A file of certificates that are trusted beside the system's.
    package var certificateFile: String?
    /// What bounds a call to it.
    package var limits: ProviderLimits
    /// Headers that every call to it carries.
    package var headers: [ProviderHeader]
    /// Whether it may be used at all.
    package var isEnabled: Bool
    /// What keeps it from being used, in a sentence, as a missing key; `nil` when nothing does.
    package var missing: String?
    /// The models that it may be asked for; empty for all.
    package var models: ModelPatterns
    /// The models that it may not be asked for.
    package var deniedModels: ModelPatterns
    /// The version of Azure's API: `v1`, or a dated one.
    package var apiVersion: String
    /// What Azure calls each model that is deployed there.
    package var deployments: [String: String]
    /// How much it is preferred among those that serve the same model.
    package var weight: Int
    /// What it keeps of prompts and answers.
    package var retention: ProviderRetention

    /// Whether calls may go to it.
    package var isUsable: Bool { isEnabled && missing == nil }

    /// Whether it may be asked for a model, by the name that it knows or the registry's.
    package func serves(_ names: String...) -> Bool {
        !names.contains(where: deniedModels.match) && (models.isEmpty || names.contains(where: models.match))
    }
}

/// What bounds calls to a provider.
package struct ProviderLimits: Sendable, Hashable {
    /// Time until a connection stands, encryption included.
    package var connect: Duration = .seconds(5)
    /// Time from the request to the first byte of the answer.
    package var firstByte: Duration = .seconds(120)
    /// Time between two pieces of the answer.
    package var betweenBytes: Duration = .seconds(30)
    /// Time for the whole call with all its tries.
    package var whole: Duration = .seconds(120)
    /// Tries against transient errors.
    package var tries = 3
    /// Connections at once.
    package var connections = 256

    package init() {}
}

/// A header that is added to every call; its value may be a credential and is never shown.
package struct ProviderHeader: Sendable, Hashable {
    /// The name, in lower case.
    package var name: String
    /// The value.
    package var value: Secret
}

/// What signs calls to AWS.
package struct AWSCredentials: Sendable, Hashable {
    /// The access key's identifier.
    package var accessKey: Secret
    /// The access key itself.
    package var secretKey: Secret
    /// The token of temporary credentials.
    package var sessionToken: Secret?
}

/// Names of models with `*` for any run of characters, as `gpt-5*`.
package struct ModelPatterns: Sendable, Hashable {
    /// The patterns as they were written.
    package let patterns: [String]
    private let globs: [Glob]

    /// Patterns to match names with.
    package init(_ patterns: [String] = []) {
        self.patterns = patterns
        globs = patterns.compactMap { Glob($0) }
    }

    /// Whether there is no pattern at all.
    package var isEmpty: Bool { patterns.isEmpty }

    /// Whether a name fits one of them.
    package func match(_ name: String) -> Bool { patterns.contains(name) || globs.matches(name) }

    /// Whether the name itself is written down, not only a pattern that it fits.
    package func names(_ name: String) -> Bool { patterns.contains(name) }
}

extension ProviderConfiguration {
    /// What the local model is called as a provider.
    package static let localName = "local"

    /// The model that runs on this machine, or the one endpoint of `model.url`.
    static func local(_ address: ProviderAddress, _ upstream: Upstream) -> ProviderConfiguration {
        var own = ProviderLimits()
        own.whole = upstream.limits.whole
        own.firstByte = upstream.limits.whole
        return ProviderConfiguration(
            name: localName,
            preset: .custom(localName),
            dialect: .openAI,
            address: address,
            auth: upstream.apiKey == nil ? .none : .bearer,
            key: upstream.apiKey,
            limits: own,
            headers: [],
            isEnabled: true,
            models: ModelPatterns([upstream.model]),
            deniedModels: ModelPatterns(),
            apiVersion: "",
            deployments: [:],
            weight: 1,
            retention: .none
        )
    }
}
