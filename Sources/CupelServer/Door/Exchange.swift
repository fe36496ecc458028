/// One request and its answer on a connection: which parts came and went, and what the end of it means.
struct Exchange {
    /// Where the connection goes once an answer is complete.
    enum Outcome: Equatable {
        /// The next request may come.
        case next
        /// The rest of this request's body must come first.
        case waitForRequest
        /// This was the last.
        case close
    }

    let facts: HeadFacts
    private(set) var isRequestComplete = false
    private(set) var isAnswerStarted = false
    private(set) var isAnswerComplete = false
    private(set) var isAnswerBodiless = false
    private var closes: Bool
    private var drained = 0

    init(_ facts: HeadFacts) {
        self.facts = facts
        closes = facts.endsConnection
    }

    /// Whether request and answer are both complete.
    var isOver: Bool { isRequestComplete && isAnswerComplete }

    /// Whether the answer's body or end may be written.
    var takesBody: Bool { isAnswerStarted && !isAnswerComplete }

    /// The connection ends with this answer.
    mutating func closeAfterwards() { closes = true }

    /// Bytes of the body came.
    /// - Returns: whether they may still be taken.
    mutating func bodyArrived(_ count: Int) -> Bool {
        if isAnswerComplete { drained += count }
        return drained <= DoorSettings.maximumDrainBytes
    }

    /// The request's end came.
    mutating func requestCompleted() { isRequestComplete = true }

    /// The head of the answer goes out.
    /// - Returns: whether it must say that the connection closes.
    mutating func answerStarted(status: Int, announcesClose: Bool, hasLength: Bool) -> Bool {
        isAnswerStarted = true
        isAnswerBodiless = facts.isHead || status == 204 || status == 304
        // Without a length NIO's encoder ends even an answer to HEAD with the last chunk's bytes: nothing may follow.
        if announcesClose || facts.isHead && !hasLength { closes = true }
        return closes
    }

    /// The end of the answer goes out.
    mutating func answerCompleted() -> Outcome {
        isAnswerComplete = true
        if closes { return .close }
        return isRequestComplete ? .next : .waitForRequest
    }
}
