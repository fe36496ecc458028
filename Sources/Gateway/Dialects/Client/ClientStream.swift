package import CupelCore

/// Writes the events of an answer as server-sent events in the client's dialect.
package struct ClientStream: Sendable {
    // One of these is there; they are no enum, so that each is changed in place.
    private var chat: ChatStreamEncoder?
    private var responses: ResponsesStreamEncoder?
    private var messages: MessagesStreamEncoder?

    /// A stream of which nothing was written.
    package init(_ dialect: ClientDialect, _ frame: ClientFrame) {
        switch dialect {
        case .chatCompletions: chat = ChatStreamEncoder(frame)
        case .responses: responses = ResponsesStreamEncoder(frame)
        case .messages: messages = MessagesStreamEncoder(frame)
        }
    }

    /// The bytes for what happened next; may be empty.
    package mutating func encode(_ events: [ChatEvent]) -> [UInt8] {
        chat?.encode(events) ?? responses?.encode(events) ?? messages?.encode(events) ?? []
    }

    /// The bytes that end a complete answer.
    package mutating func end() -> [UInt8] {
        chat?.end() ?? responses?.end() ?? messages?.end() ?? []
    }

    /// The bytes that end an answer that went wrong; nothing follows them.
    package mutating func fail(_ error: CupelError) -> [UInt8] {
        responses?.fail(error) ?? Self.failure(error, chat == nil ? .messages : .chatCompletions)
    }

    /// The error event of a dialect for a stream that passes through and of which we know nothing else.
    package static func failure(_ error: CupelError, _ dialect: ClientDialect) -> [UInt8] {
        var out = WireBytes()
        switch dialect {
        case .chatCompletions:
            out.raw("data: ")
            out.json(["error": ClientDialect.openAIError(error)])
        case .messages:
            out.raw("event: error\ndata: ")
            out.json(["type": "error", "error": ClientDialect.anthropicError(error)])
        case .responses:
            let said = ClientDialect.openAIError(error)
            out.raw("event: error\ndata: ")
            out.json([
                "type": "error", "code": said["code"] ?? .null, "message": said["message"] ?? .null,
                "param": said["param"] ?? .null, "sequence_number": 0,
            ])
        }
        out.raw("\n\n")
        return out.bytes
    }

    /// What shows the client that the stream lives, in a dialect: Anthropic's ping, or a comment, which every client
    /// of server-sent events skips.
    package static func ping(_ dialect: ClientDialect) -> [UInt8] {
        var out = WireBytes()
        switch dialect {
        case .messages: out.raw("event: ping\ndata: {\"type\":\"ping\"}\n\n")
        case .chatCompletions, .responses: out.raw(": ping\n\n")
        }
        return out.bytes
    }
}
