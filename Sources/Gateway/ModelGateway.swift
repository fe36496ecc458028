import CupelCore

/// The gateway with the one upstream that answers for now: the configured endpoint, or the local model once it runs.
package struct ModelGateway: Sendable {
    private let gateway: Gateway
    private let upstream: @Sendable () async throws -> Upstream

    /// A gateway that asks for its upstream at every call, since a local model comes and goes.
    package init(sink: @escaping CallSink, upstream: @escaping @Sendable () async throws -> Upstream) {
        gateway = Gateway(sink: sink)
        self.upstream = upstream
    }

    /// Asks the model.
    /// - Throws: as ``Gateway/answer(_:from:)``; what makes the upstream unavailable.
    package func answer(_ request: ModelRequest) async throws -> ModelAnswer {
        try await gateway.answer(request, from: try await upstream())
    }

    /// Whether the upstream answers at all.
    /// - Throws: as ``answer(_:)``.
    package func check() async throws { try await gateway.check(try await upstream()) }

    /// Closes all connections.
    package func close() async { await gateway.close() }
}
