import CupelCore

/// Lets a stream pass from a provider to a client of the same dialect, event by event and untouched, and reads on the
/// way what the ledger needs.
package struct PassageStream: Sendable {
    /// What to send to the client.
    package enum Forward: Sendable, Hashable {
        /// The bytes that came, all of them.
        case same
        /// These bytes, which may be none.
        case bytes([UInt8])
    }

    private let dialect: ClientDialect
    private let removesUsageChunk: Bool
    private var events = RawEvents()
    private var counts = UsageCounts()
    private var isDone = false

    /// What the answer took, as far as the provider has said.
    package private(set) var usage: TokenUsage?
    /// The model that answers.
    package private(set) var model: String?
    /// Why it ended.
    package private(set) var finish: FinishReason?
    /// What went wrong; the event that told it has been passed on.
    package private(set) var fault: ProviderFault?

    /// A stream of which nothing has come. `removesUsageChunk` takes away the chunk of usage that we, not the client,
    /// asked OpenAI for.
    package init(_ dialect: ClientDialect, removesUsageChunk: Bool = false) {
        self.dialect = dialect
        self.removesUsageChunk = removesUsageChunk
    }

    /// Whether the answer has its proper end.
    package var isComplete: Bool { isDone || (dialect == .chatCompletions && finish != nil) }

    /// Whether the very last event has come; of several answers in one stream each has an end of its own before it.
    package var hasSeenLast: Bool { dialect == .chatCompletions ? isDone : isComplete }

    /// Takes bytes; only whole events are passed on, so that an error event can follow at any time.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) -> Forward {
        var events = events
        self.events = RawEvents()
        defer { self.events = events }
        let forward = events.feed(bytes) { all, ends in
            let skim = JSONSkim(bytes: all)
            var kept: [UInt8]?
            var start = 0
            for end in ends {
                if look(skim, start..<end), kept == nil {
                    // Only the removed event is left out; what came before it stays.
                    kept = Array(all[..<start])
                } else if kept != nil, !wasRemoved {
                    kept?.append(contentsOf: UnsafeRawBufferPointer(rebasing: all[start..<end]))
                }
                start = end
            }
            if let kept { return Forward.bytes(kept) }
            if start == bytes.count, all.count == bytes.count { return .same }
            return .bytes(Array(all[..<start]))
        }
        if events.isTooLong, fault == nil {
            fault = ProviderFault(.garbled, "an event of its stream is over \(RawEvents.eventLimit) bytes")
        }
        return forward
    }

    /// Takes bytes; only whole events are passed on.
    package mutating func feed(_ bytes: [UInt8]) -> Forward { bytes.withUnsafeBytes { feed($0) } }

    /// Tells that the connection brings no more, and gives what is left to pass on; ``fault`` is `cut` when the answer
    /// has no proper end.
    package mutating func end() -> [UInt8] {
        var tail = events.takePending()
        if !tail.isEmpty {
            tail += [0x0A, 0x0A]
            let isRemoved = tail.withUnsafeBytes { look(JSONSkim(bytes: $0), 0..<$0.count) }
            if isRemoved || !isComplete { tail = [] }
        }
        if fault == nil, !isComplete { fault = ProviderFault(.cut, "its stream ended without its last event") }
        return tail
    }

    private var wasRemoved = false

    /// Reads an event; whether it shall not be passed on.
    private mutating func look(_ skim: JSONSkim, _ range: Range<Int>) -> Bool {
        wasRemoved = false
        guard let (name, data) = RawEvents.head(skim, range) else { return false }
        switch dialect {
        case .chatCompletions: wasRemoved = lookAtChunk(skim, data, range)
        case .messages: lookAtMessage(skim, name, data, range)
        case .responses: lookAtResponse(skim, name, data, range)
        }
        return wasRemoved
    }

    private mutating func lookAtChunk(_ skim: JSONSkim, _ data: Int, _ range: Range<Int>) -> Bool {
        if skim.starts(with: "[DONE]", at: data) {
            isDone = true
            return false
        }
        let inside = JSONSkim(bytes: UnsafeRawBufferPointer(rebasing: skim.bytes[data..<range.upperBound]))
        var usageAt: Int?
        var choicesAt: Int?
        var errorAt: Int?
        let needsModel = model == nil
        inside.forEachMember(at: 0) { key, value in
            if inside.isEqual(key, "choices") {
                choicesAt = value
            } else if inside.isEqual(key, "usage") {
                usageAt = value
            } else if inside.isEqual(key, "error") {
                errorAt = value
            } else if needsModel, inside.isEqual(key, "model") {
                model = inside.plainString(at: value)
            }
            return true
        }
        if let choicesAt, let reason = AnswerSkim.finish(inside, choices: choicesAt) { finish = reason }
        if let errorAt, !inside.starts(with: "null", at: errorAt) { fail(inside) }
        guard let usageAt, inside.isObject(at: usageAt) else { return false }
        var counts = UsageCounts()
        counts.read(inside, at: usageAt, isTop: true)
        usage = counts.openAI ?? usage
        return removesUsageChunk && choicesAt.map { inside.firstElement(at: $0) == nil } ?? true
    }

    private mutating func lookAtMessage(_ skim: JSONSkim, _ name: Range<Int>, _ data: Int, _ range: Range<Int>) {
        if skim.isEqual(name, "content_block_delta") { return }
        let inside = JSONSkim(bytes: UnsafeRawBufferPointer(rebasing: skim.bytes[data..<range.upperBound]))
        if skim.isEqual(name, "message_start") {
            guard let message = inside.value(of: "message", at: 0) else { return }
            model = inside.value(of: "model", at: message).flatMap { inside.plainString(at: $0) }
            readCounts(inside, in: message)
        } else if skim.isEqual(name, "message_delta") {
            readCounts(inside, in: 0)
            guard let delta = inside.value(of: "delta", at: 0), let word = inside.value(of: "stop_reason", at: delta)
            else { return }
            if let word = inside.plainString(at: word) { finish = FinishReason(anthropic: word) }
        } else if skim.isEqual(name, "message_stop") {
            isDone = true
        } else if skim.isEqual(name, "error") {
            fail(inside)
        }
    }

    private mutating func readCounts(_ skim: JSONSkim, in object: Int) {
        guard let at = skim.value(of: "usage", at: object) else { return }
        counts.read(skim, at: at, isTop: true)
        usage = counts.anthropic ?? usage
    }

    private mutating func lookAtResponse(_ skim: JSONSkim, _ name: Range<Int>, _ data: Int, _ range: Range<Int>) {
        let isEnd = skim.isEqual(name, "response.completed") || skim.isEqual(name, "response.incomplete")
        let isFailure = skim.isEqual(name, "response.failed")
        guard isEnd || isFailure || skim.isEqual(name, "error") else { return }
        let inside = JSONSkim(bytes: UnsafeRawBufferPointer(rebasing: skim.bytes[data..<range.upperBound]))
        if let response = inside.value(of: "response", at: 0) {
            let facts = AnswerSkim.facts(inside, at: response, .responses)
            usage = facts.usage ?? usage
            model = facts.model ?? model
            if isEnd { finish = facts.finish }
        }
        if isEnd { isDone = true } else { fail(inside) }
    }

    /// Reads the error that an event tells.
    private mutating func fail(_ skim: JSONSkim) {
        let limits = JSONLimits(bytes: 1 << 20, depth: 32)
        let json = (try? JSON(parsing: skim.bytes, limits: limits)) ?? .null
        let provider: ProviderDialect = dialect == .messages ? .anthropic : .openAI
        fault = provider.fault(status: nil, error: json["response"] ?? json)
    }
}
