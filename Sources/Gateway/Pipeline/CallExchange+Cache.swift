import CupelCore
import NIOCore
import Policy

/// The exact cache: the same question of the same tenant under the same policy is asked once.
extension CallExchange {
    /// Looks whether the answer is known, or is being asked for.
    /// - Returns: whether the call needs no upstream, or waits for another's answer.
    func answerFromCache() throws(CupelError) -> Bool {
        guard let seconds = candidate.decision.settings.cacheSeconds, call.redaction == nil, endpoint != .countTokens
        else {
            return false
        }
        let json = try tree()
        guard CacheKey.isCacheable(json) else { return false }
        let key = CacheKey(
            tenant: caller.tenant,
            dialect: endpoint.word,
            model: call.model,
            policyVersion: caller.policy.version.hex,
            request: json
        )
        let (loop, ticket, id) = (loop, ticket, id)
        let found = loop.tools.cache.lookup(key, call.isStream ? .stream : .whole, now: .nanoseconds(Self.now)) {
            answer in
            loop.run { $0.exchange(ticket, id)?.followed(answer) }
        }
        switch found {
        case .hit(let answer, let age):
            guard age < .seconds(seconds) else { return false }
            hit(answer)
            return true
        case .lead(let lead):
            record.cache = "miss"
            call.lead = lead
            return false
        case .follow:
            record.cache = "shared"
            state = .following
            return true
        case .bypass:
            record.cache = "bypass"
            return false
        }
    }

    /// Another's call brought the answer, or none.
    private func followed(_ answer: CachedAnswer?) {
        guard case .following = state else { return }
        if let answer { return hit(answer) }
        record.cache = "miss"
        state = .deciding
        proceed()
    }

    private func hit(_ answer: CachedAnswer) {
        record.cache = record.cache ?? "hit"
        record.modelAnswered = answer.model
        record.firstByte = elapsed
        var fields = endpoint.dialect.requestFields(id.description)
        fields.append(("x-cupel-cache", record.cache ?? "hit"))
        if call.isStream, let events = answer.events {
            settle(.answered, status: 200, then: .stream(fields, ByteBuffer(bytes: events)))
        } else {
            var whole = CallAnswer(body: ByteBuffer(bytes: answer.body ?? []))
            whole.contentType = answer.contentType
            whole.fields = fields
            settle(.answered, status: 200, then: .answer(whole))
        }
    }

    /// Keeps a whole answer for whoever asks the same.
    func keepForOthers(_ answer: CallAnswer) {
        guard let lead = call.lead else { return }
        call.lead = nil
        let kept = CachedAnswer(
            body: Array(answer.body.readableBytesView),
            contentType: answer.contentType,
            events: nil,
            usage: record.usage,
            model: record.modelAnswered ?? candidate.name
        )
        lead.store(kept, now: .nanoseconds(Self.now))
    }

    /// Keeps a stream, as it went out.
    func keepStreamForOthers() {
        guard let lead = call.lead else { return }
        call.lead = nil
        guard var events = inbound.copy else { return lead.abandon() }
        events.writeImmutableBuffer(inbound.tail)
        let kept = CachedAnswer(
            body: nil,
            contentType: "text/event-stream; charset=utf-8",
            events: Array(events.readableBytesView),
            usage: record.usage,
            model: record.modelAnswered ?? candidate.name
        )
        lead.store(kept, now: .nanoseconds(Self.now))
    }
}
