import CupelCore
import NIOCore
import Policy

/// Looking for secrets in what is asked, and what the policy says of them.
extension CallExchange {
    /// Takes secrets out, counts them, or refuses the call, as the policy says.
    /// - Throws: `policy_violation` where they are blocked.
    func redact() throws(CupelError) {
        guard let mode = RedactionMode(rawValue: candidate.decision.settings.secrets.rawValue), mode != .off else {
            return
        }
        let find = loop.tools.secrets
        // Most prompts hold none; that is known without a tree.
        guard !find(call.bytes.withUnsafeReadableBytes { PromptText.flat($0) }).isEmpty else { return }
        let json = try tree()
        var texts: [[UInt8]] = []
        _ = TextWalk.map(json, endpoint.dialect) { _, text in
            texts.append(Array(text.utf8))
            return nil
        }
        let redaction = PromptRedactor(mode: mode, find: find).redact(texts)
        record.redactions = redaction.findings.count
        guard !redaction.isBlocked else {
            record.rule = "secrets"
            throw CupelError(
                .policyViolation,
                "The policy blocks prompts that hold secrets, and this one does: \(redaction.rules.joined(separator: ", "))."
                    + " Take them out and send it again."
            )
        }
        guard !redaction.changed.isEmpty else { return }
        try replace(json, redaction)
    }

    private func replace(_ json: JSON, _ redaction: Redaction) throws(CupelError) {
        let changed = Set(redaction.changed)
        var index = -1
        let body = TextWalk.map(json, endpoint.dialect) { _, _ in
            index += 1
            return changed.contains(index) ? String(decoding: redaction.texts[index], as: UTF8.self) : nil
        }
        guard let body else { return }
        call.bytes = ByteBuffer(bytes: body.bytes())
        guard let skim = call.bytes.withUnsafeReadableBytes({ RequestSkim($0) }) else {
            throw CupelError(.internalError, "A prompt could not be written without its secrets.")
        }
        call.skim = skim
        call.redaction = CallRedaction(redaction.placeholders)
    }

    /// The body as a tree.
    func tree() throws(CupelError) -> JSON {
        let limits = JSONLimits(bytes: 64 << 20, depth: RequestSkim.maximumDepth, values: 2_000_000)
        do {
            return try JSON(parsing: call.bytes.readableBytesView, limits: limits)
        } catch {
            throw CupelError(.malformedRequest, "The body is not JSON that is taken: \(error).")
        }
    }

    /// Puts the originals back into a whole answer of the client's own dialect.
    func restored(_ body: ByteBuffer) -> ByteBuffer {
        guard call.redaction != nil else { return body }
        let limits = JSONLimits(bytes: 64 << 20, depth: 128, values: 2_000_000)
        guard let json = try? JSON(parsing: body.readableBytesView, limits: limits) else { return body }
        let mapped = AnswerTexts.map(json, endpoint.dialect) { slot, piece, isLast in
            call.redaction?.restore(slot, piece, isLast) ?? piece
        }
        return ByteBuffer(bytes: mapped.bytes())
    }

    /// Puts the originals back into a stream that passes; the last part of a text is held while it may be the beginning
    /// of a placeholder.
    func restoredStream(_ bytes: ByteBuffer) -> ByteBuffer {
        guard call.redaction != nil, bytes.readableBytes > 0 else { return bytes }
        if inbound.mapper == nil { inbound.mapper = TextMapper(endpoint.dialect) }
        let mapped = bytes.withUnsafeReadableBytes { raw in
            inbound.mapper?.feed(raw) { slot, piece, isLast in
                call.redaction?.restore(slot, piece, isLast) ?? piece
            }
        }
        return mapped.map { ByteBuffer(bytes: $0) } ?? bytes
    }

    /// What a stream still held back when it ended.
    func restoredEnd() -> [UInt8] {
        inbound.mapper?.end { slot, piece, isLast in
            call.redaction?.restore(slot, piece, isLast) ?? piece
        } ?? []
    }

    /// Puts the originals back into events that are translated.
    func restored(_ events: [ChatEvent]) -> [ChatEvent] {
        guard call.redaction != nil else { return events }
        return inbound.eventTexts.map(events) { slot, piece, isLast in
            call.redaction?.restore(slot, piece, isLast) ?? piece
        }
    }
}
