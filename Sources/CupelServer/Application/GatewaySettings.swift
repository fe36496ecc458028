package import CupelCore
package import Gateway

/// What bounds calls through `/v1` and where its policy lies.
package struct GatewaySettings: Sendable {
    /// Bytes of requests and answers.
    package var limits: GatewayEngine.Limits
    /// The policy's file.
    package var policyPath: String
    /// Where calls go.
    package var providers: ProviderSettings
    /// Names for variants and fallbacks.
    package var routes: ModelRoutes

    /// Reads `gateway.*`, `policy.*`, `providers.*` and `models.*`.
    package init(reader: SettingsReader, dataDirectory: String) {
        limits = GatewayEngine.Limits(
            bodyBytes: reader.integer(
                "gateway.max_body_bytes",
                default: 32 << 20,
                in: 1024...(256 << 20),
                purpose: "Largest request of a call; 413 beyond."
            ),
            answerBytes: reader.integer(
                "gateway.max_answer_bytes",
                default: 32 << 20,
                in: 1024...(256 << 20),
                purpose: "Largest answer that is not a stream; beyond it the call fails."
            )
        )
        let path = reader.text(
            "policy.file",
            default: "",
            allowed: "an absolute path, or nothing for cupel.policy.yaml in the data directory",
            purpose: "What calls may do; read again when it changes.",
            where: { $0.isEmpty || $0.hasPrefix("/") }
        )
        policyPath = path.isEmpty ? dataDirectory + "/cupel.policy.yaml" : path
        providers = ProviderSettings(reader: reader)
        routes = ModelRoutes(reader: reader)
    }
}
