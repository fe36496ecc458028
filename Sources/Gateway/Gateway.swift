// Gateway: the one way to a model: any upstream that speaks OpenAI's API, within limits, with a record of each call.
// It knows nothing of the web framework; the local model that it can run lies in LocalModel/.
package import CupelCore
import Synchronization

/// Calls models.
package final class Gateway: Sendable {
    /// What is known of the shapes that upstreams can be asked for; its `exported` may be kept.
    package let structuredMemory: StructuredMemory

    private let client: UpstreamClient
    private let sink: CallSink
    private let time: any TimeSource

    /// A gateway that hands the record of each call to `sink`. ``close()`` must be called before it goes.
    package init(
        structuredMemory: StructuredMemory = StructuredMemory(),
        connectLimit: Duration = .seconds(5),
        time: any TimeSource = SystemTime(),
        sink: @escaping CallSink
    ) {
        self.structuredMemory = structuredMemory
        self.time = time
        self.sink = sink
        client = UpstreamClient(connectLimit: connectLimit, time: time)
    }

    /// Closes all connections.
    package func close() async { await client.close() }

    /// Asks a model. Transient errors are tried again within the upstream's limits; cancelling closes the connection.
    /// - Throws: `provider_connection_failed`, `provider_rate_limited`, `model_not_available`, `timeout`, each naming
    ///   the upstream and what to do; `configuration_invalid` for an address that is none; `CancellationError`.
    package func answer(_ request: ModelRequest, from upstream: Upstream) async throws -> ModelAnswer {
        var call = Call(request: request, upstream: upstream, started: time.now, since: time.monotonic)
        do {
            let answer = try await negotiate(&call)
            return await finish(call, with: answer)
        } catch {
            let error = Self.error(error, call)
            let outcome: CallRecord.Outcome =
                (error as? CupelError).map { .failed($0.code) }
                ?? (error is CancellationError ? .cancelled : .failed(.internalError))
            await keep(call.record(outcome, duration: time.monotonic - call.since))
            throw error
        }
    }

    /// Whether the upstream answers at all: lists its models.
    /// - Throws: as ``answer(_:from:)``.
    package func check(_ upstream: Upstream) async throws {
        do {
            let deadline = time.monotonic + upstream.limits.whole
            let exchange = try await client.get("/models", of: upstream, deadline: deadline)
            // Some servers list no models; one that answers 404 here still is a server.
            guard exchange.status == 200 || exchange.status == 404 else {
                throw UpstreamFailure(
                    status: exchange.status,
                    retryAfter: exchange.retryAfter,
                    body: exchange.body
                )
            }
        } catch let failure as UpstreamFailure {
            throw failure.error(of: upstream, attempts: 1)
        }
    }

    /// Goes down the modes until one is answered.
    private func negotiate(_ call: inout Call) async throws -> ChatCompletions.Answer {
        guard call.request.shape != nil else { return try await attempt(&call, mode: nil, isProven: true) }
        let known = structuredMemory.mode(of: call.upstream)
        var mode = known ?? .jsonSchema
        while true {
            call.mode = mode
            do {
                let answer = try await attempt(&call, mode: mode, isProven: known == mode)
                structuredMemory.learn(mode, of: call.upstream)
                return answer
            } catch let failure as UpstreamFailure where failure.mayRefuseShape {
                guard let next = mode.next else { throw failure }
                mode = next
            }
        }
    }

    /// Sends the request in one mode, again while that may help.
    /// - Parameter isProven: Whether the upstream has answered in this mode before, so that a 500 is a bad moment and
    ///   not a refusal.
    private func attempt(
        _ call: inout Call,
        mode: StructuredMode?,
        isProven: Bool
    ) async throws -> ChatCompletions.Answer {
        let body = ChatCompletions.body(of: call.request, model: call.upstream.model, mode: mode).bytes()
        let limits = call.upstream.limits
        let deadline = call.since + limits.whole
        let policy = RetryPolicy(tries: limits.tries)
        var number = 0
        while true {
            number += 1
            call.attempts += 1
            let failure: UpstreamFailure
            do {
                let sent = time.monotonic
                let exchange = try await client.post("/chat/completions", body, to: call.upstream, deadline: deadline)
                call.firstByte = sent - call.since + exchange.firstByte
                guard exchange.status == 200 else {
                    throw UpstreamFailure(
                        status: exchange.status,
                        retryAfter: exchange.retryAfter,
                        body: exchange.body
                    )
                }
                return try ChatCompletions.answer(exchange.body, limits: limits)
            } catch let error as UpstreamFailure {
                failure = error
            }
            if failure.mayRefuseShape, !isProven, mode?.next != nil { throw failure }
            let left = deadline - time.monotonic
            let chance = Double.random(in: 0..<1)
            guard let wait = policy.wait(after: failure, try: number, left: left, chance: chance) else { throw failure }
            try await time.sleep(for: wait)
        }
    }

    private func finish(_ call: Call, with answer: ChatCompletions.Answer) async -> ModelAnswer {
        var record = call.record(.answered, duration: time.monotonic - call.since)
        record.modelAnswered = answer.model
        record.usage = answer.usage
        record.finish = answer.finish.word
        await keep(record)
        let json = call.request.shape == nil ? nil : JSONExtraction.object(in: answer.text)
        return ModelAnswer(
            text: answer.text,
            json: json,
            finish: answer.finish,
            usage: answer.usage ?? TokenUsage(input: 0, output: 0),
            record: record
        )
    }

    private func keep(_ record: CallRecord) async {
        GatewayMetrics.count(record)
        let sink = sink
        // A call that was cancelled is recorded all the same, so the sink runs beside the cancelled task; awaited here.
        await Task { await sink(record) }.value
    }

    private static func error(_ error: any Error, _ call: Call) -> any Error {
        if Task.isCancelled { return CancellationError() }
        guard let failure = error as? UpstreamFailure else { return error }
        return failure.error(of: call.upstream, attempts: call.attempts)
    }
}

/// A call while it lasts.
private struct Call {
    let request: ModelRequest
    let upstream: Upstream
    let started: Timestamp
    /// When it began, on the monotonic clock.
    let since: Duration
    var attempts = 0
    var mode: StructuredMode?
    var firstByte: Duration?

    func record(_ outcome: CallRecord.Outcome, duration: Duration) -> CallRecord {
        CallRecord(
            id: Identifier(at: started),
            upstream: upstream.name,
            modelAsked: upstream.model,
            purpose: request.purpose,
            started: started,
            firstByte: firstByte,
            duration: duration,
            attempts: attempts,
            structuredMode: mode,
            outcome: outcome
        )
    }
}
