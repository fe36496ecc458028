import CupelCore

/// Reads a provider's stream into events, however its bytes are cut.
package struct ProviderStream: Sendable {
    private var events = ServerSentEvents()
    private var frames = EventStreamFrames()
    private let dialect: ProviderDialect
    private var openAI = OpenAIStreamReader()
    private var anthropic = AnthropicStreamReader()
    private var gemini = GeminiReader()
    private var bedrock = BedrockStreamReader()
    private var comments = 0

    /// What went wrong; nothing is read after it.
    package private(set) var fault: ProviderFault?

    /// A stream of which nothing has come.
    package init(_ dialect: ProviderDialect) { self.dialect = dialect }

    /// Whether the answer has its proper end; what follows adds nothing to it but perhaps usage.
    package var isComplete: Bool {
        switch dialect {
        case .openAI: openAI.isComplete
        case .anthropic: anthropic.isComplete
        case .gemini: gemini.isComplete
        case .bedrock: bedrock.isComplete
        }
    }

    /// Takes bytes, and gives what happened; look at ``fault`` after it.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) -> [ChatEvent] {
        guard fault == nil else { return [] }
        var result: [ChatEvent] = []
        do throws(ProviderFault) {
            if dialect == .bedrock {
                frames.feed(bytes)
                while let frame = try frames.next() { try bedrock.read(frame, into: &result) }
            } else {
                let complete = events.feed(bytes)
                if events.isTooLong {
                    throw ProviderFault(.garbled, "an event of its stream is over \(ServerSentEvents.eventLimit) bytes")
                }
                for event in complete { try read(event, into: &result) }
                if events.comments > comments, result.isEmpty { result.append(.ping) }
                comments = events.comments
            }
        } catch {
            fault = error
        }
        return result
    }

    /// Takes bytes, and gives what happened; look at ``fault`` after it.
    package mutating func feed(_ bytes: [UInt8]) -> [ChatEvent] {
        bytes.withUnsafeBytes { feed($0) }
    }

    /// Tells that the connection brings no more; ``fault`` is `cut` when the answer has no proper end.
    package mutating func finish() -> [ChatEvent] {
        guard fault == nil else { return [] }
        var result: [ChatEvent] = []
        do throws(ProviderFault) {
            for event in events.finish() { try read(event, into: &result) }
            if dialect == .openAI { openAI.close(into: &result) }
        } catch {
            fault = isComplete ? nil : error
        }
        if fault == nil, !isComplete { fault = ProviderFault(.cut, "its stream ended without its last event") }
        return result
    }

    private mutating func read(_ event: ServerSentEvents.Event, into result: inout [ChatEvent]) throws(ProviderFault) {
        if event.data.elementsEqual("[DONE]".utf8) {
            openAI.done(into: &result)
            return
        }
        let json: JSON
        do {
            json = try JSON(parsing: event.data, limits: ProviderDialect.answerLimits)
        } catch {
            throw ProviderFault(.garbled, "an event of its stream is no JSON: \(error)")
        }
        if event.name == "error" || (json["error"].map { $0 != .null } ?? false) {
            throw dialect.fault(status: nil, error: json)
        }
        switch dialect {
        case .openAI: openAI.read(json, into: &result)
        case .anthropic: try anthropic.read(json, into: &result)
        case .gemini: gemini.read(json, into: &result)
        case .bedrock: break
        }
    }
}
