import CupelCore
import NIOCore

/// Sending the call out, and again, and elsewhere.
extension CallExchange {
    /// Tries the candidate at hand.
    func attempt() {
        if endpoint == .countTokens, !passesThrough { return countTokens() }
        switch candidate.target.health.admit(now: Self.now) {
        case .closed(let until):
            let seconds = max(Int((until - Self.now) / 1_000_000_000), 1)
            return failed(.closed(retryAfter: seconds))
        case .open: break
        case .probe: isProbe = true
        }
        let request: (head: ByteBuffer, body: ByteBuffer?)
        do {
            request = try outbound()
        } catch {
            return give(up: error)
        }
        record.attempts += 1
        let pool = loop.pool(of: candidate.target)
        if let connection = pool.takeIdle() { return send(request, on: connection) }
        connect(pool, request)
    }

    /// Sends the request over a connection that is not there yet.
    private func connect(_ pool: UpstreamPool, _ request: (head: ByteBuffer, body: ByteBuffer?)) {
        state = .connecting(nil)
        let waiter = pool.wait { [weak self] result in
            guard let self, case .connecting = self.state else {
                // The call ended meanwhile; the connection serves another.
                if case .success(let connection) = result { pool.release(connection) }
                return
            }
            switch result {
            case .success(let connection): self.send(request, on: connection)
            case .failure(let failure): self.failed(failure)
            }
        }
        guard let waiter else {
            return failed(.unreachable("over \(UpstreamPool.maximumWaiters) calls wait for a connection to it"))
        }
        // One that could not even be begun has failed by now, and the call has gone on.
        if waiter.isWaiting { state = .connecting(waiter) }
    }

    /// A connection that rested was closed by the upstream while the request was on its way: nothing of it was seen, so
    /// it goes out again over a new one, once.
    func resend() {
        hasResent = true
        do {
            connect(loop.pool(of: candidate.target), try outbound())
        } catch {
            give(up: error)
        }
    }

    private func send(_ request: (head: ByteBuffer, body: ByteBuffer?), on connection: UpstreamConnection) {
        inbound = CallInbound()
        lastByte = Self.now
        state = .sent(connection)
        connection.send(request.head, request.body, for: self)
    }

    // MARK: Failure

    /// One try brought no answer: another follows, or the client hears of it.
    func failed(_ failure: UpstreamFailure) {
        if failure.isUpstreams {
            candidate.target.health.failed(now: Self.now, isProbe: isProbe)
            isProbe = false
        } else {
            endProbe()
        }
        if inbound.hasBegun { return breakOff(failure) }
        // What this try counted is not what the next one takes.
        (record.usage, record.modelAnswered, record.finish) = (nil, nil, nil)
        guard candidate.target.limits.whole > elapsed else { return give(up: error(of: failure)) }
        if failure.mayHelpElsewhere, let next = nextCandidate() {
            place = next
            record.upstream = candidate.target.name
            record.model = candidate.name
            record.route = "fallback"
            return attempt()
        }
        let limits = candidate.target.limits
        let left = limits.whole - elapsed
        let chance = Double(loop.chance.next() >> 11) / Double(1 << 53)
        let policy = RetryPolicy(tries: limits.tries)
        if let wait = policy.wait(after: failure, try: record.attempts, left: left, chance: chance) {
            state = .pausing(until: Self.now + wait.nanoseconds)
            return
        }
        give(up: error(of: failure))
    }

    /// The probe, if this call is one, has told nothing.
    func endProbe() {
        guard isProbe else { return }
        isProbe = false
        candidate.target.health.abandonedProbe()
    }

    private func nextCandidate() -> Int? {
        let next = place + 1
        return next < order.count ? next : nil
    }

    /// The error for the client; where its own dialect's upstream refused the request, it is that upstream's words.
    private func error(of failure: UpstreamFailure) -> CupelError {
        failure.error(naming: candidate.target.name, model: candidate.model, attempts: record.attempts)
    }

    /// Ends a call that brought no answer.
    func give(up error: CupelError) {
        let answer = CallAnswer(error, endpoint.dialect, id: id.description)
        settle(.failed(error.code), status: answer.status, then: .answer(answer))
    }

    /// Ends a stream in the middle: the client is told, in its dialect, and pays for what came.
    private func breakOff(_ failure: UpstreamFailure) {
        estimateUsage()
        let error = error(of: failure)
        let event = inbound.failure(error, endpoint.dialect)
        settle(.failed(error.code), status: 200, then: .streamEnd(ByteBuffer(bytes: event)))
    }

    /// What the call took, where the upstream could not say it: a token for four bytes, as is usual for English text.
    func estimateUsage() {
        guard record.usage == nil || inbound.isUsagePartial, endpoint != .countTokens, let skim = call.skim else {
            return
        }
        record.isEstimated = true
        let input = record.usage?.input ?? Self.estimate(skim)
        var usage = record.usage ?? TokenUsage(input: input, output: 0)
        usage.output = max(usage.output, inbound.tokensSeen)
        record.usage = usage
    }

    /// Tokens of a question, as they are commonly found.
    private static func estimate(_ skim: RequestSkim) -> Int {
        skim.narrowBytes / 4 + skim.wideBytes / 2 + skim.media * 1000
    }

    /// Answers how many tokens a question has where the provider does not count them in the client's dialect: agents
    /// ask it of every model, to know when to shorten a conversation, and an estimate serves them better than nothing.
    private func countTokens() {
        let count = call.skim.map(Self.estimate) ?? 0
        var answer = CallAnswer(body: ByteBuffer(bytes: ClientDialect.tokenCount(max(count, 1)).bytes()))
        answer.fields = endpoint.dialect.requestFields(id.description)
        settle(.answered, status: 200, then: .answer(answer))
    }
}

extension UpstreamFailure {
    /// Whether it says something of the upstream rather than of the request.
    var isUpstreams: Bool {
        switch self {
        case .unreachable, .reset, .slow, .broken, .cut, .garbled, .tooLarge: true
        case .fault(let fault): [.overloaded, .server, .garbled, .cut].contains(fault.kind)
        case .rateLimited, .unknownModel, .unauthorized, .refused, .closed: false
        }
    }

    /// Whether another upstream may do better.
    var mayHelpElsewhere: Bool {
        switch self {
        case .refused, .tooLarge: false
        case .fault(let fault): !fault.isOfRequest
        default: true
        }
    }
}

extension ProviderFault {
    /// Whether the request is what is wrong, so that no other upstream would take it either.
    var isOfRequest: Bool {
        switch kind {
        case .invalid, .contextTooLarge, .contentFiltered: true
        default: false
        }
    }
}
