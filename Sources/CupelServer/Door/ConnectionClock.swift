import NIOCore

/// When a connection has been silent for too long; the time comes from its event loop.
struct ConnectionClock {
    private enum Phase {
        /// Nothing of the next head has come.
        case idle(deadline: NIODeadline)
        /// Some of a head has come.
        case head(deadline: NIODeadline)
        /// A body is coming.
        case body(since: NIODeadline)
        /// The request is complete, its answer is not.
        case answer
    }

    /// What a look at the clock says.
    enum Verdict: Equatable {
        case close
        case lookAgain(at: NIODeadline)
    }

    private let settings: DoorSettings
    private var phase: Phase
    private var isReading = false
    private var writes = 0
    private var lastLook: (buffered: Int, writes: Int, since: NIODeadline)

    init(_ settings: DoorSettings, now: NIODeadline) {
        self.settings = settings
        phase = .head(deadline: now + settings.headTimeout)
        lastLook = (0, 0, now)
    }

    /// Bytes came from the network; the time is asked for only where it matters.
    mutating func bytesArrived(_ now: @autoclosure () -> NIODeadline) {
        isReading = false
        switch phase {
        case .idle: phase = .head(deadline: now() + settings.headTimeout)
        case .body: phase = .body(since: now())
        case .head, .answer: break
        }
    }

    /// We are ready for more bytes; from here on it is the client who is waited for.
    mutating func readStarted(_ now: @autoclosure () -> NIODeadline) {
        guard !isReading else { return }
        isReading = true
        if case .body = phase { phase = .body(since: now()) }
    }

    /// A whole head came.
    mutating func headCompleted(_ now: NIODeadline) { phase = .body(since: now) }

    /// The whole request came, its answer is not complete.
    mutating func requestCompleted() { phase = .answer }

    /// Something of an answer was written.
    mutating func wrote() { writes &+= 1 }

    /// Request and answer are complete.
    mutating func exchangeCompleted(_ now: NIODeadline) { phase = .idle(deadline: now + settings.keepAliveTimeout) }

    /// Looks at the clock.
    /// - Parameter buffered: bytes that are written but that the client has not taken.
    mutating func look(_ now: NIODeadline, buffered: Int) -> Verdict {
        let progressed = buffered == 0 || buffered != lastLook.buffered || writes != lastLook.writes
        if progressed { lastLook = (buffered, writes, now) }
        if now >= lastLook.since + settings.stallTimeout, buffered > 0 { return .close }
        // As often as the shortest timeout, so that a deadline set in between is met exactly.
        let soon = now + min(settings.headTimeout, min(settings.keepAliveTimeout, settings.stallTimeout))
        switch phase {
        case .idle(let deadline), .head(let deadline):
            return now >= deadline ? .close : .lookAgain(at: min(soon, deadline))
        case .body(let since):
            let deadline = since + settings.stallTimeout
            guard isReading, buffered == 0, now >= deadline else {
                return .lookAgain(at: now >= deadline ? soon : min(soon, deadline))
            }
            return .close
        case .answer: return .lookAgain(at: soon)
        }
    }
}
