import NIOCore
import NIOHTTP1

/// Who answers a request: an engine by its place, or Hummingbird behind them all.
enum Branch: Equatable {
    case engine(Int)
    case rear
}

/// Stands before an engine's handler: what the engine sends out goes to the door, past the engines before it.
final class BranchStart: ChannelOutboundHandler {
    typealias OutboundIn = HTTPServerResponsePart

    private let index: Int
    private let door: DoorHandler

    init(_ index: Int, _ door: DoorHandler) {
        self.index = index
        self.door = door
    }

    func handlerAdded(context: ChannelHandlerContext) { door.starts[index] = context }

    func handlerRemoved(context: ChannelHandlerContext) { door.starts[index] = nil }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        door.write(unwrapOutboundIn(data), data, from: .engine(index), promise)
    }

    func flush(context: ChannelHandlerContext) { door.flush() }

    func read(context: ChannelHandlerContext) { door.readFromNetwork() }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        door.close(mode, promise)
    }
}

/// Stands behind an engine's handler: a head that the engine passes on is Hummingbird's, everything else stops here.
final class BranchEnd: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let index: Int
    private let door: DoorHandler

    init(_ index: Int, _ door: DoorHandler) {
        self.index = index
        self.door = door
    }

    func handlerAdded(context: ChannelHandlerContext) { door.ends[index] = context }

    func handlerRemoved(context: ChannelHandlerContext) { door.ends[index] = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        door.declined(unwrapInboundIn(data), data, by: index)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { door.engineFailed(index) }

    // The door itself tells these to every branch, so that no engine can keep them from the others.
    func channelActive(context: ChannelHandlerContext) {}
    func channelInactive(context: ChannelHandlerContext) {}
    func channelReadComplete(context: ChannelHandlerContext) {}
    func channelWritabilityChanged(context: ChannelHandlerContext) {}
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {}
}

/// Stands before Hummingbird's handlers, behind the engines': what they send out goes to the door, past the engines.
final class RearGate: ChannelOutboundHandler {
    typealias OutboundIn = HTTPServerResponsePart

    private let door: DoorHandler

    init(_ door: DoorHandler) { self.door = door }

    func handlerAdded(context: ChannelHandlerContext) { door.rear = context }

    func handlerRemoved(context: ChannelHandlerContext) { door.rear = nil }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        door.write(unwrapOutboundIn(data), data, from: .rear, promise)
    }

    func flush(context: ChannelHandlerContext) { door.flush() }

    func read(context: ChannelHandlerContext) { door.readAsked() }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        door.close(mode, promise)
    }
}
