import NIOCore

/// Tells the door that bytes came, before they are decoded: a head that trickles in is never seen otherwise.
final class ArrivalHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private unowned let door: DoorHandler

    init(_ door: DoorHandler) { self.door = door }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        door.bytesArrived()
        context.fireChannelRead(data)
    }
}
