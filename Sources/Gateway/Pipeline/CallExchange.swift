import CupelCore
import NIOCore

/// One call from its request to its last byte: decided, reserved, sent, answered, settled. It lives on one event loop.
///
/// Before the first byte to the client it may be tried again and elsewhere; never after it. Its last byte goes out once
/// the ledger has kept it.
final class CallExchange: UpstreamListener {
    /// How far it has come.
    enum State {
        /// Nothing was sent yet.
        case deciding
        /// Another call asks the same; its answer is waited for.
        case following
        /// This replica's slice of a budget is too small, and the store is asked for more; since then.
        indirect case leasing(CallHold.Lack, since: Int64)
        /// It waits for a connection.
        case connecting(UpstreamPool.Waiter?)
        /// It waits to be tried again, until then.
        case pausing(until: Int64)
        /// The request is out; nothing of the answer has come.
        case sent(UpstreamConnection)
        /// The answer is coming.
        case answering(UpstreamConnection)
        /// The ledger is keeping it.
        case settling
        case over
    }

    /// What goes out once the ledger has kept the call.
    enum Ending {
        case answer(CallAnswer)
        case streamEnd(ByteBuffer)
        /// A whole stream, with the fields of its head.
        case stream([(name: String, value: String)], ByteBuffer)
        case nothing
    }

    /// Who takes the answer; let go of when it is out or the client has gone. Strong, since a weak one costs each call.
    var handler: (any CallClient)?
    let loop: GatewayLoop
    let caller: Caller
    let endpoint: Endpoint
    let id: Identifier<CallRecord>
    /// When it began, in nanoseconds of the monotonic clock.
    let since: Int64
    private(set) var ticket = -1

    var state = State.deciding
    var record: CallRecord
    var call = CallBody()
    var order: [CallCandidate] = []
    var place = 0
    var hold = CallHold()
    var inbound = CallInbound()
    private var ending = Ending.nothing
    /// Whether this call is the one that may see whether an upstream is back.
    var isProbe = false
    /// Whether money is held for it of which the ledger does not know yet.
    private var isHeld = false
    /// Whether the request went out again because a resting connection had been closed.
    var hasResent = false
    /// When the last byte came from the upstream, or the request went to it.
    var lastByte: Int64
    /// When anything last went to the client of a stream.
    var lastWrite: Int64

    init(
        _ handler: any CallClient,
        _ loop: GatewayLoop,
        _ caller: Caller,
        _ endpoint: Endpoint,
        _ id: Identifier<CallRecord>
    ) {
        self.handler = handler
        self.loop = loop
        self.caller = caller
        self.endpoint = endpoint
        self.id = id
        since = Self.now
        lastByte = since
        lastWrite = since
        record = CallRecord(
            id: id,
            upstream: "",
            modelAsked: "",
            purpose: "",
            started: SystemTime().now,
            duration: .zero,
            attempts: 0,
            outcome: .open
        )
        record.asker = caller.asker
        record.dialect = endpoint.word
        record.replica = loop.ledger.replica
    }

    /// Nanoseconds of the monotonic clock.
    static var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

    /// The one that is tried.
    var candidate: CallCandidate { order[place] }

    /// Whether the client has been sent a part of the answer.
    var isStreaming: Bool { inbound.isStreaming }

    /// Decides, holds what it may cost, and sends it out.
    func begin(_ fields: RequestFields, _ body: ByteBuffer) {
        do {
            try decide(fields, body)
            caller.noteUsed()
            ticket = loop.enter(self)
            if try answerFromCache() { return }
        } catch {
            return refuse(error)
        }
        proceed()
    }

    /// Holds what the call may cost, and sends it out.
    func proceed() {
        do {
            try reserve()
        } catch {
            return refuse(error)
        }
        if case .leasing = state { return }
        goOn()
    }

    /// What the call may cost is held: it goes out.
    func goOn() {
        isHeld = true
        attempt()
    }

    /// Answers a call that never began.
    func refuse(_ error: CupelError) {
        hold.release(cost: .zero, on: nil)
        call.lead?.abandon()
        state = .over
        if ticket >= 0 { loop.leave(ticket) }
        record.outcome = .failed(error.code)
        record.status = ClientDialect.status(of: error)
        record.duration = elapsed
        record.reserved = .zero
        record.cost = .zero
        loop.ledger.add(Ledger.Entry(record: record, phase: .refused))
        handler?.write(CallAnswer(error, endpoint.dialect, id: id.description))
        handler = nil
    }

    var elapsed: Duration { .nanoseconds(Self.now - since) }

    // MARK: The end

    /// The call is over for the upstream: what it cost is kept, and then `ending` goes out.
    func settle(_ outcome: CallRecord.Outcome, status: Int, then ending: Ending) {
        guard !isSettled else { return }
        self.ending = ending
        state = .settling
        endProbe()
        record.outcome = outcome
        record.status = status
        record.duration = elapsed
        let used = record.attempts > 0 ? candidate : nil
        record.cost = price(used)
        hold.release(cost: record.cost ?? .zero, on: used)
        correctTokens()
        call.lead?.abandon()
        loop.ledger.add(Ledger.Entry(record: record, phase: .ended, loop: loop.index, ticket: ticket))
    }

    var isSettled: Bool {
        switch state {
        case .settling, .over: true
        default: false
        }
    }

    private func price(_ used: CallCandidate?) -> Money? {
        guard let used, let usage = record.usage else { return .zero }
        return used.cost?(usage)
    }

    /// Rates were drawn on by what the call might take; now it is known.
    private func correctTokens() {
        let used = (record.usage?.input ?? 0) + (record.usage?.output ?? 0)
        for meter in call.tokens { meter.settle(taken: call.mostTokens, used: used) }
    }

    /// The ledger has kept the call, or could not.
    func kept(_ isKept: Bool) {
        guard case .settling = state else { return }
        state = .over
        if isKept { hold.keep() }
        loop.leave(ticket)
        let ending = isKept ? ending : unkept
        switch ending {
        case .answer(let answer): handler?.write(answer)
        case .streamEnd(let bytes):
            handler?.writeStream(bytes)
            handler?.endStream()
        case .stream(let fields, let bytes):
            handler?.beginStream(fields)
            handler?.writeStream(bytes)
            handler?.endStream()
        case .nothing: break
        }
        handler = nil
    }

    /// What the client is told when the store does not take its call.
    private var unkept: Ending {
        let error = CupelError(
            .storageUnavailable,
            "The call was answered, but could not be recorded: the store does not write.",
            retryAfterSeconds: 5
        )
        switch ending {
        case .answer, .stream: return .answer(CallAnswer(error, endpoint.dialect, id: id.description))
        case .streamEnd: return .streamEnd(ByteBuffer(bytes: ClientStream.failure(error, endpoint.dialect)))
        case .nothing: return .nothing
        }
    }

    /// The client has gone: the upstream stops at once, and what it generated is paid for.
    func abandon() {
        guard !isSettled else {
            handler = nil
            return
        }
        handler = nil
        switch state {
        case .sent(let connection), .answering(let connection):
            connection.cancel()
            estimateUsage()
        case .connecting(let waiter): waiter?.cancel()
        default: break
        }
        settle(.cancelled, status: 499, then: .nothing)
    }

    /// The client takes more, or no more for now.
    func clientIsWritable(_ isWritable: Bool) {
        guard case .answering(let connection) = state, isStreaming else { return }
        if isWritable { connection.resume() } else { connection.pause() }
    }

    // MARK: Deadlines

    /// Looks at the clock.
    func look(at now: Int64) {
        guard !isSettled else { return }
        if isHeld, now - since >= Ledger.openMoment.nanoseconds {
            isHeld = false
            loop.ledger.add(Ledger.Entry(record: record, phase: .opened, loop: loop.index, ticket: ticket))
        }
        if case .leasing(let lack, let since) = state { return lookAtLease(lack, since, now) }
        let limits = order.isEmpty ? UpstreamLimits() : candidate.target.limits
        if now - since > limits.whole.nanoseconds {
            return tooSlow("the whole call took over \(limits.whole)")
        }
        switch state {
        case .sent where now - lastByte > limits.firstByte.nanoseconds:
            tooSlow("no answer began within \(limits.firstByte)")
        case .answering where now - lastByte > limits.betweenBytes.nanoseconds && (handler?.isWritable ?? false):
            tooSlow("nothing came for \(limits.betweenBytes)")
        case .answering where isStreaming && now - lastWrite > Self.pingNanoseconds:
            ping(now)
        case .pausing(let until) where now >= until: attempt()
        default: break
        }
    }

    /// How long a stream may be silent before the client is shown that it lives.
    static let pingNanoseconds: Int64 = 20_000_000_000

    private func ping(_ now: Int64) {
        // Between two events, never inside one.
        guard inbound.isBetweenEvents else { return }
        lastWrite = now
        handler?.writeStream(ByteBuffer(bytes: ClientStream.ping(endpoint.dialect)))
        handler?.flush()
    }

    private func tooSlow(_ limit: String) {
        switch state {
        case .sent(let connection), .answering(let connection): connection.cancel()
        case .connecting(let waiter): waiter?.cancel()
        case .following:
            return give(
                up: CupelError(.timeout, "The same question is being asked, and its answer did not come: \(limit).")
            )
        default: break
        }
        failed(.slow(limit))
    }
}

extension Duration {
    /// The whole nanoseconds.
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
