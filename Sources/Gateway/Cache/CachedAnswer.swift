/// An answer as it was sent, so that it can be sent again.
package struct CachedAnswer: Sendable, Hashable {
    /// How an answer is sent.
    package enum Form: Sendable, Hashable, CaseIterable {
        /// In one piece.
        case whole
        /// As events.
        case stream
    }

    /// The bytes of the answer in one piece; `nil` when only its events were seen.
    package var body: [UInt8]?
    /// The type of the body.
    package var contentType: String
    /// The bytes of its events, as they followed each other; `nil` when it was not streamed.
    package var events: [UInt8]?
    /// What it took to make.
    package var usage: TokenUsage?
    /// What answered, as records name it.
    package var model: String

    /// An answer in one form or both.
    package init(
        body: [UInt8]? = nil,
        contentType: String = "application/json",
        events: [UInt8]? = nil,
        usage: TokenUsage? = nil,
        model: String
    ) {
        self.body = body
        self.contentType = contentType
        self.events = events
        self.usage = usage
        self.model = model
    }

    /// Whether it can be sent in a form.
    package func has(_ form: Form) -> Bool { form == .whole ? body != nil : events != nil }

    /// Bytes that it takes, with what is kept around it.
    var weight: Int { (body?.count ?? 0) + (events?.count ?? 0) + contentType.utf8.count + model.utf8.count + 256 }

    /// This answer with the form that it lacks taken from an older one of the same question.
    func completed(by older: CachedAnswer) -> CachedAnswer {
        var answer = self
        if answer.body == nil { (answer.body, answer.contentType) = (older.body, older.contentType) }
        if answer.events == nil { answer.events = older.events }
        return answer
    }
}
