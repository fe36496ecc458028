import CupelCore
import NIOCore

/// Taking the upstream's answer, whole or in pieces.
extension CallExchange {
    func upstream(_ connection: UpstreamConnection, head: ResponseHead) {
        lastByte = Self.now
        state = .answering(connection)
        inbound.head = head
        record.firstByte = elapsed
        guard head.status == 200 else { return }
        let type = head.first("content-type") ?? ""
        guard call.isStream, type.hasPrefix("text/event-stream") || type.hasPrefix("application/vnd.amazon.eventstream")
        else { return }
        beginStream()
    }

    func upstream(_ connection: UpstreamConnection, body bytes: ByteBuffer) {
        lastByte = Self.now
        if inbound.isStreaming { return stream(bytes) }
        var bytes = bytes
        let limit = inbound.head?.status == 200 ? loop.limits.answerBytes : UpstreamClient.complaintBytes
        guard inbound.body.readableBytes + bytes.readableBytes <= limit else {
            // Of a complaint the beginning is enough; an answer that is cut is none.
            guard inbound.head?.status == 200 else { return }
            connection.cancel()
            return failed(.tooLarge(limit: limit))
        }
        if inbound.body.readableBytes == 0 { inbound.body = bytes } else { inbound.body.writeBuffer(&bytes) }
    }

    func upstreamDidRead(_ connection: UpstreamConnection) {
        guard inbound.isStreaming, inbound.hasUnflushed else { return }
        inbound.hasUnflushed = false
        lastWrite = lastByte
        handler?.flush()
        if let handler, !handler.isWritable { connection.pause() }
    }

    func upstream(_ connection: UpstreamConnection, failed failure: UpstreamFailure) {
        guard !isSettled else { return }
        // The answer was whole: only the end of its transport was not.
        if case .cut = failure, inbound.isStreaming, inbound.hasEnded { return endStream() }
        if case .reset = failure, connection.answers > 0, !hasResent { return resend() }
        failed(failure)
    }

    func upstreamEnded(_ connection: UpstreamConnection) {
        guard !isSettled, let head = inbound.head else { return }
        if inbound.isStreaming { return endStream() }
        guard head.status == 200 else { return refused(head) }
        let latency = lastByte - since
        do {
            let answer = try wholeAnswer(head)
            succeeded(firstByte: record.firstByte?.nanoseconds ?? latency)
            keepForOthers(answer)
            settle(.answered, status: answer.status, then: .answer(answer))
        } catch {
            failed(error)
        }
    }

    private func succeeded(firstByte: Int64) {
        isProbe = false
        candidate.target.health.succeeded(firstByte: firstByte)
    }

    // MARK: A whole answer

    private func wholeAnswer(_ head: ResponseHead) throws(UpstreamFailure) -> CallAnswer {
        let body: ByteBuffer
        if passesThrough {
            note(inbound.body.withUnsafeReadableBytes { AnswerSkim.facts($0, endpoint.dialect) })
            body = restored(inbound.body)
        } else {
            body = try translatedAnswer()
        }
        if record.usage == nil, endpoint != .embeddings { estimateUsage() }
        var answer = CallAnswer(body: body)
        answer.fields = answerFields(head)
        return answer
    }

    private func note(_ facts: AnswerFacts) {
        if let usage = facts.usage { record.usage = usage }
        if let model = facts.model { record.modelAnswered = model }
        if let finish = facts.finish { record.finish = finish.word }
        inbound.isUsagePartial = false
    }

    private func translatedAnswer() throws(UpstreamFailure) -> ByteBuffer {
        let answer: ChatAnswer
        do {
            answer = try candidate.dialect.answer(Array(inbound.body.readableBytesView))
        } catch {
            throw .fault(error)
        }
        record.usage = answer.usage
        record.modelAnswered = answer.model
        record.finish = answer.finish.word
        var shown = answer
        if call.redaction != nil {
            shown = AnswerTexts.map(answer) { slot, piece, isLast in
                call.redaction?.restore(slot, piece, isLast) ?? piece
            }
        }
        return ByteBuffer(bytes: endpoint.dialect.body(of: shown, frame).bytes())
    }

    /// What surrounds an answer that is written anew.
    private var frame: ClientFrame {
        ClientFrame(
            id: id.description,
            created: Int(record.started.microseconds / 1_000_000),
            includesUsage: call.wantsUsage
        )
    }

    /// What the client is told beside the answer.
    private func answerFields(_ head: ResponseHead) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        fields.reserveCapacity(12)
        fields += endpoint.dialect.requestFields(id.description)
        fields.append(("x-cupel-route", candidate.shown))
        if let cache = record.cache { fields.append(("x-cupel-cache", cache)) }
        if record.redactions > 0 { fields.append(("x-cupel-redactions", String(record.redactions))) }
        if record.attempts > 1 { fields.append(("x-cupel-attempts", String(record.attempts))) }
        appendRateFields(&fields)
        guard passesThrough else { return fields }
        head.append(to: &fields, beginning: endpoint.dialect == .messages ? "anthropic-" : "openai-")
        return fields
    }

    /// The upstream answered with another status than 200.
    private func refused(_ head: ResponseHead) {
        let body = Array(inbound.body.readableBytesView)
        let fault = candidate.dialect.fault(status: head.status, header: { head.first(named: $0) }, body: body)
        guard fault.isOfRequest, passesThrough, (400..<500).contains(head.status) else {
            return failed(.fault(fault))
        }
        // The client's own dialect says best what is wrong with its request.
        var answer = CallAnswer(status: head.status, body: inbound.body)
        answer.fields = answerFields(head)
        settle(.failed(.providerRejected), status: head.status, then: .answer(answer))
    }

    // MARK: A stream

    private func beginStream() {
        inbound.isStreaming = true
        if passesThrough {
            inbound.passage = PassageStream(
                endpoint.dialect,
                removesUsageChunk: endpoint == .chatCompletions && candidate.traits.knowsStreamUsage && !call.wantsUsage
            )
        } else {
            inbound.provider = ProviderStream(candidate.dialect)
            inbound.client = ClientStream(endpoint.dialect, frame)
        }
    }

    private func stream(_ bytes: ByteBuffer) {
        let out = inbound.passage == nil ? translate(bytes) : pass(bytes)
        if let fault = inbound.passage?.fault ?? inbound.provider?.fault {
            if case .answering(let connection) = state { connection.cancel() }
            return failed(.fault(fault))
        }
        guard out.readableBytes > 0 else { return }
        // The last event waits for the ledger.
        if inbound.hasEnded || inbound.tail.readableBytes > 0 {
            inbound.tail.writeImmutableBuffer(out)
            return
        }
        beginWriting()
        copyForOthers(out)
        handler?.writeStream(out)
        inbound.hasUnflushed = true
    }

    /// Bytes of a stream that are kept for others at most.
    private static let mostCopied = 1 << 20

    private func copyForOthers(_ bytes: ByteBuffer) {
        guard call.lead != nil else { return }
        inbound.copy?.writeImmutableBuffer(bytes)
        if inbound.copy?.readableBytes ?? 0 > Self.mostCopied { inbound.copy = nil }
    }

    private func beginWriting() {
        guard !inbound.hasBegun, let head = inbound.head else { return }
        inbound.hasBegun = true
        handler?.beginStream(answerFields(head))
    }

    private func pass(_ bytes: ByteBuffer) -> ByteBuffer {
        guard let forward = bytes.withUnsafeReadableBytes({ inbound.passage?.feed($0) }) else { return ByteBuffer() }
        let out =
            switch forward {
            case .same: bytes
            case .bytes(let kept): ByteBuffer(bytes: kept)
            }
        inbound.countEvents(out)
        takeFacts()
        return restoredStream(out)
    }

    /// Takes over what the passing stream has said of itself.
    private func takeFacts() {
        guard let passage = inbound.passage else { return }
        if let usage = passage.usage { record.usage = usage }
        if record.modelAnswered == nil { record.modelAnswered = passage.model }
        if let finish = passage.finish { record.finish = finish.word }
        // Of several answers in one stream each has an end of its own before the last event.
        let isSingle = call.skim?.choices ?? 1 == 1
        if isSingle ? passage.isComplete : passage.hasSeenLast { inbound.hasEnded = true }
    }

    private func translate(_ bytes: ByteBuffer) -> ByteBuffer {
        encode(bytes.withUnsafeReadableBytes { inbound.provider?.feed($0) } ?? [])
    }

    private func encode(_ events: [ChatEvent]) -> ByteBuffer {
        for event in events {
            switch event {
            case .start(_, let model, let usage):
                if !model.isEmpty { record.modelAnswered = model }
                if let usage { record.usage = usage }
            case .usage(let usage): record.usage = usage
            case .finish(let finish, _):
                record.finish = finish.word
                inbound.hasEnded = true
            case .text, .reasoning, .toolArguments: inbound.events += 1
            default: break
            }
        }
        // Restored first: what restores stands in `inbound` too, which two may not change at once.
        let restored = restored(events)
        return ByteBuffer(bytes: inbound.client?.encode(restored) ?? [])
    }

    private func endStream() {
        if let events = inbound.provider?.finish() {
            var last = encode(events)
            last.writeBytes(inbound.client?.end() ?? [])
            inbound.tail.writeImmutableBuffer(last)
        } else if let rest = inbound.passage?.end() {
            inbound.tail.writeImmutableBuffer(restoredStream(ByteBuffer(bytes: rest)))
            inbound.tail.writeBytes(restoredEnd())
            takeFacts()
        }
        if let fault = inbound.passage?.fault ?? inbound.provider?.fault { return failed(.fault(fault)) }
        beginWriting()
        inbound.isUsagePartial = false
        if record.usage == nil { estimateUsage() }
        succeeded(firstByte: record.firstByte?.nanoseconds ?? 0)
        keepStreamForOthers()
        settle(.answered, status: 200, then: .streamEnd(inbound.tail))
    }
}
