package import CupelCore
package import Gateway

/// What bounds calls through `/v1` and where they go.
package struct GatewaySettings: Sendable {
    /// Bytes of requests and answers.
    package var limits: GatewayEngine.Limits
    /// Where calls go.
    package var providers: ProviderSettings
    /// Names for variants and fallbacks.
    package var routes: ModelRoutes

    /// Reads `gateway.*`, `providers.*` and `models.*`.
    package init(reader: SettingsReader) {
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
        providers = ProviderSettings(reader: reader)
        routes = ModelRoutes(reader: reader)
    }
}
