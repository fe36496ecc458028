import CupelCore
import NIOCore

/// The request as an upstream gets it: the client's own bytes where both speak the same dialect, else written anew.
extension CallExchange {
    /// Bodies from this size on are written after the head and not copied behind it.
    private static let copyBytes = 16 << 10

    /// Where the client's body may go as it is; `nil` where it must be translated.
    private var samePath: String? {
        switch (endpoint, candidate.dialect) {
        case (.chatCompletions, .openAI), (.messages, .anthropic): chatPath
        case (.responses, .openAI): candidate.paths.responses
        case (.embeddings, .openAI): candidate.paths.embeddings
        case (.countTokens, .anthropic): candidate.paths.countTokens
        default: nil
        }
    }

    private var chatPath: String { call.isStream ? candidate.paths.stream : candidate.paths.chat }

    /// Whether the answer passes through as it comes.
    var passesThrough: Bool { samePath != nil }

    /// Head and body for the candidate at hand.
    func outbound() throws(CupelError) -> (head: ByteBuffer, body: ByteBuffer?) {
        if let path = samePath { return assemble(path, [], editedBody()) }
        guard endpoint != .embeddings, endpoint != .countTokens else {
            throw CupelError(
                .modelNotAvailable,
                "`\(candidate.target.name)` offers no \(endpoint.word); choose a model of another provider."
            )
        }
        let request = try candidate.dialect.request(translated(), model: candidate.model, traits: candidate.traits)
        var fields = request.headers.map { (name: $0.name, value: $0.value) }
        if let sign = candidate.sign {
            let parts = CallCandidate.SignedParts(path: chatPath, body: request.body, time: SystemTime().now)
            fields += sign(parts)
        }
        return assemble(chatPath, fields, ByteBuffer(bytes: request.body))
    }

    /// The request in no provider's words.
    private func translated() throws(CupelError) -> ChatRequest {
        if let chat = call.chat { return chat }
        let json = try tree()
        var chat = try ChatRequest(parsing: json, endpoint.dialect)
        chat.maxOutputTokens = chat.maxOutputTokens ?? call.imposedMaxTokens
        call.chat = chat
        return chat
    }

    private func assemble(
        _ path: String,
        _ fields: [(name: String, value: String)],
        _ body: ByteBuffer
    ) -> (head: ByteBuffer, body: ByteBuffer?) {
        let target = candidate.target
        let isCopied = body.readableBytes <= Self.copyBytes
        var head = ByteBufferAllocator().buffer(
            capacity: target.headLines.count + path.utf8.count + 256 + (isCopied ? body.readableBytes : 0)
        )
        head.writeStaticString("POST ")
        head.writeString(target.pathPrefix)
        head.writeString(path)
        head.writeStaticString(" HTTP/1.1\r\n")
        head.writeBytes(target.headLines)
        head.writeStaticString("content-type: application/json\r\ncontent-length: ")
        head.writeString(String(body.readableBytes))
        head.writeStaticString("\r\n")
        if call.isStream { head.writeStaticString("accept: text/event-stream\r\n") }
        if candidate.dialect == .anthropic {
            for field in call.fields where field.name.hasPrefix("anthropic") { head.write(field) }
            if !call.fields.contains(where: { $0.name == "anthropic-version" }) {
                head.writeStaticString("anthropic-version: 2023-06-01\r\n")
            }
        } else if passesThrough {
            for field in call.fields where field.name.hasPrefix("openai") { head.write(field) }
        }
        for field in fields where field.name != "anthropic-version" && field.name != "content-type" {
            head.write(field)
        }
        head.writeStaticString("\r\n")
        guard isCopied else { return (head, body) }
        head.writeImmutableBuffer(body)
        return (head, nil)
    }

    // MARK: The client's own bytes

    /// The client's body with the upstream's name of the model, and with the usage asked for that settles the call.
    private func editedBody() -> ByteBuffer {
        guard let skim = call.skim, let model = skim.model else { return call.bytes }
        var edits: [(range: Range<Int>, bytes: [UInt8])] = []
        if call.model != candidate.model {
            edits.append((model.lowerBound - 1..<model.upperBound + 1, candidate.modelJSON))
        }
        if skim.isStream, endpoint == .chatCompletions, candidate.traits.knowsStreamUsage, !call.wantsUsage {
            edits.append(usageEdit(skim))
        }
        if endpoint == .chatCompletions, !candidate.traits.knowsStreamUsage, let options = skim.streamOptions {
            // What this provider does not know it refuses; its usage comes unasked.
            edits.append((call.bytes.withUnsafeReadableBytes { Self.member(around: options, $0) }, []))
        }
        if let limit = call.imposedMaxTokens {
            edits.append((skim.start..<skim.start, Array("\"\(limitName)\":\(limit),".utf8)))
        }
        guard !edits.isEmpty else { return call.bytes }
        edits.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        let base = call.bytes.readerIndex
        var body = ByteBufferAllocator().buffer(capacity: call.bytes.readableBytes + 128)
        var at = 0
        for edit in edits {
            if let slice = call.bytes.getSlice(at: base + at, length: edit.range.lowerBound - at) {
                body.writeImmutableBuffer(slice)
            }
            body.writeBytes(edit.bytes)
            at = edit.range.upperBound
        }
        if let slice = call.bytes.getSlice(at: base + at, length: call.bytes.readableBytes - at) {
            body.writeImmutableBuffer(slice)
        }
        return body
    }

    /// A member of the body's object, by where its value stands: with its name and one of the commas beside it.
    private static func member(around value: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> Range<Int> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        var start = value.lowerBound
        // The body's grammar was checked: before the value stand its colon and its name, which has no escapes.
        for _ in 0..<2 {
            repeat { start -= 1 } while start > 0 && bytes[start] != UInt8(ascii: "\"")
        }
        var end = value.upperBound
        while end < bytes.count, isSpace(bytes[end]) { end += 1 }
        if end < bytes.count, bytes[end] == UInt8(ascii: ",") { return start..<end + 1 }
        var comma = start - 1
        while comma > 0, isSpace(bytes[comma]) { comma -= 1 }
        return (comma > 0 && bytes[comma] == UInt8(ascii: ",") ? comma : start)..<value.upperBound
    }

    /// What the dialect calls the limit on an answer's tokens.
    private var limitName: String {
        switch endpoint {
        case .responses: "max_output_tokens"
        case .chatCompletions where candidate.traits.knowsMaxCompletionTokens: "max_completion_tokens"
        default: "max_tokens"
        }
    }

    private func usageEdit(_ skim: RequestSkim) -> (range: Range<Int>, bytes: [UInt8]) {
        guard let options = skim.streamOptions else {
            return (skim.start..<skim.start, Array("\"stream_options\":{\"include_usage\":true},".utf8))
        }
        var stated = Self.member(call.bytes, options) ?? [:]
        if stated.objectValue == nil { stated = [:] }
        stated["include_usage"] = true
        return (options, stated.bytes())
    }
}

extension ByteBuffer {
    /// Writes a line of a head.
    fileprivate mutating func write(_ field: (name: String, value: String)) {
        writeString(field.name)
        writeStaticString(": ")
        writeString(field.value)
        writeStaticString("\r\n")
    }
}
