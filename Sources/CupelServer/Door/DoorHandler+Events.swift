import Gateway
import NIOCore
import NIOHTTP1

/// What concerns the connection and not one request is told to every branch.
extension DoorHandler {
    func channelActive(context: ChannelHandlerContext) {
        startClock(context)
        everyBranch { $0.fireChannelActive() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        everyBranch { $0.fireChannelInactive() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        everyBranch { $0.fireChannelReadComplete() }
        if stage == .lingering { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        everyBranch { $0.fireChannelWritabilityChanged() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { return inputClosed(context, event) }
        if case ChannelEvent.outputClosed = event { return }
        if let event = event as? LaneEvent { return laneMoved(event, context) }
        everyBranch { $0.fireUserInboundEventTriggered(event) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            everyBranch { $0.fireErrorCaught(error) }
            return abort(context)
        }
        guard stage == .open else { return }
        let isAnswering = exchange.map { $0.isAnswerStarted && !$0.isOver } ?? false
        guard !isAnswering else { return abort(context) }
        refuse(context, HeadBreach(error), isHead: false)
    }

    private func everyBranch(_ tell: (ChannelHandlerContext) -> Void) {
        for case .some(let start) in starts { tell(start) }
        if let rear { tell(rear) }
    }
}

extension HeadBreach {
    /// What NIO's parser (llhttp, strict) found.
    init(_ error: HTTPParserError) {
        switch error {
        case .headerOverflow:
            self.init(
                "The head is over \(DoorSettings.maximumHeaderBytes) bytes or \(DoorSettings.maximumHeaderFields) fields.",
                status: 431
            )
        case .invalidMethod: self.init("The method is not one of HTTP's.")
        case .invalidEOFState: self.init("The connection ended within a request.")
        default: self.init("The request is not HTTP/1.1: \(error).")
        }
    }
}
