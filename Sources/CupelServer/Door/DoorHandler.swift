import Gateway
import NIOCore
import NIOHTTP1

/// Sits behind NIO's pipelining handler, so that it sees one request at a time, and gives each to who answers it.
///
/// The pipeline is one line: door, engines between their markers, Hummingbird. The markers hand what passes them to the
/// door, which skips whoever is not concerned: a part is handed on as it came, never unpacked into a new one.
final class DoorHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// How far the connection's life has come.
    enum Stage {
        case open
        /// The last answer is on its way; nothing that comes is looked at.
        case finishing
        /// Our side is closed; what still comes is thrown away.
        case lingering
        /// WebSocket has taken over.
        case upgraded
    }

    let settings: DoorSettings
    let webSocket: DoorWebSocket?
    private let engines: [DoorEngine]

    var starts: [ChannelHandlerContext?]
    var ends: [ChannelHandlerContext?]
    var rear: ChannelHandlerContext?
    /// The handlers before this one that speak HTTP, in the order in which an upgrade removes them.
    var httpHandlers: [any RemovableChannelHandler] = []
    /// Kept until the connection is a WebSocket session or ends.
    var session: EventLoopPromise<WebSocketSession?>?
    /// The head of an accepted upgrade, until its request is complete.
    var acceptedUpgrade: HTTPRequestHead?

    private(set) var stage = Stage.open
    private(set) var exchange: Exchange?
    private(set) var context: ChannelHandlerContext?
    private var clock: ConnectionClock?
    private var look: Scheduled<Void>?
    private var active = Branch.rear
    private var isReadWanted = false

    init(_ settings: DoorSettings, engines: [DoorEngine], webSocket: DoorWebSocket?) {
        self.settings = settings
        self.engines = engines
        self.webSocket = webSocket
        starts = Array(repeating: nil, count: engines.count)
        ends = starts
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { startClock(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard stage == .open else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): headArrived(context, head, data)
        case .body(let bytes):
            guard exchange?.bodyArrived(bytes.readableBytes) ?? false else { return finish(context) }
            forward(data)
        case .end:
            exchange?.requestCompleted()
            clock?.requestCompleted()
            if let head = acceptedUpgrade { return upgrade(context, head) }
            let isOver = exchange?.isOver ?? false
            forward(data)
            if isOver { exchangeCompleted(context) }
        }
    }

    private func headArrived(_ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ data: NIOAny) {
        do {
            let facts = try HeadFacts(head)
            exchange = Exchange(facts)
            clock?.headCompleted(context.eventLoop.now)
            if facts.asksForUpgrade, let webSocket, webSocket.takes(head.uri) {
                try accept(head, facts, webSocket)
                return
            }
            active = branch(of: head.uri)
            if facts.expectsContinue {
                let answer = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(answer)), promise: nil)
            }
            forward(data)
        } catch {
            refuse(context, error, isHead: head.method == .HEAD)
        }
    }

    /// The engine with the longest prefix that takes the target, else Hummingbird.
    private func branch(of target: String) -> Branch {
        var best: Int?
        for (index, engine) in engines.enumerated() where engine.takes(target) {
            if best.map({ engines[$0].prefix.utf8.count < engine.prefix.utf8.count }) ?? true { best = index }
        }
        return best.map(Branch.engine) ?? .rear
    }

    private func forward(_ data: NIOAny) { entry(of: active)?.fireChannelRead(data) }

    private func entry(of branch: Branch) -> ChannelHandlerContext? {
        switch branch {
        case .engine(let index): starts[index]
        case .rear: rear
        }
    }

    /// An engine passed something on: a head is for Hummingbird, anything else means that the engine has left.
    func declined(_ part: HTTPServerRequestPart, _ data: NIOAny, by index: Int) {
        guard stage == .open, active == .engine(index) else { return }
        guard case .head = part, exchange?.isAnswerStarted == false else {
            return engineFailed(index)
        }
        active = .rear
        forward(data)
    }

    /// An engine let an error through, or half a request; if it is its turn the connection cannot go on.
    func engineFailed(_ index: Int) {
        if active == .engine(index), exchange?.isOver == false, let context { abort(context) }
    }

    // MARK: Answers

    /// Takes what a branch writes; whoever is not at turn writes into the void.
    func write(
        _ part: HTTPServerResponsePart,
        _ data: NIOAny,
        from branch: Branch,
        _ promise: EventLoopPromise<Void>?
    ) {
        guard let context, stage == .open, branch == active, exchange?.isAnswerComplete == false else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        clock?.wrote()
        if case .head = part {
        } else if exchange?.takesBody == false {
            // An answer without a head: an engine is broken, and so would be what the client reads.
            promise?.fail(ChannelError.inappropriateOperationForState)
            return abort(context)
        }
        switch part {
        case .head(let head): writeHead(context, head, data, promise)
        case .body:
            guard exchange?.isAnswerBodiless == false else { return promise?.succeed() ?? () }
            context.write(data, promise: promise)
        case .end: writeEnd(context, data, promise)
        }
    }

    private func writeHead(
        _ context: ChannelHandlerContext,
        _ head: HTTPResponseHead,
        _ data: NIOAny,
        _ promise: EventLoopPromise<Void>?
    ) {
        guard !(100..<200).contains(head.status.code) else { return context.write(data, promise: promise) }
        let closes =
            exchange?.answerStarted(
                status: Int(head.status.code),
                announcesClose: HeadSyntax.connection(head.headers, names: "close"),
                hasLength: head.headers.contains(name: "content-length")
            ) ?? true
        guard closes else { return context.write(data, promise: promise) }
        var head = head
        head.headers.replaceOrAdd(name: "connection", value: "close")
        if exchange?.facts.isLegacy ?? false {
            head.version = .http1_0
            head.headers.remove(name: "transfer-encoding")
        }
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    private func writeEnd(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        switch exchange?.answerCompleted() {
        case .close, nil: writeLast(context, data, promise)
        case .waitForRequest: context.write(data, promise: promise)
        case .next:
            // First, since the write below may bring the next request's head at once.
            exchangeCompleted(context)
            context.write(data, promise: promise)
        }
    }

    /// Writes the end of the last answer of a connection, then closes it.
    func writeLast(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        stage = .finishing
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { _ in self.finish(context) }
        context.writeAndFlush(data, promise: written)
    }

    private func exchangeCompleted(_ context: ChannelHandlerContext) {
        clock?.exchangeCompleted(context.eventLoop.now)
        // A read that the engine held is no longer its to hold.
        if isReadWanted { readFromNetwork() }
    }

    // MARK: Reading, flushing, closing

    /// Someone wants more; the engine whose request this is may hold it back.
    func readAsked() {
        isReadWanted = true
        if stage == .open, case .engine(let index) = active, exchange?.isOver == false, let end = ends[index] {
            end.read()
        } else {
            readFromNetwork()
        }
    }

    /// More is read from the network.
    func readFromNetwork() {
        guard let context else { return }
        isReadWanted = false
        clock?.readStarted(context.eventLoop.now)
        context.read()
    }

    func flush() { context?.flush() }

    /// A branch closes the connection.
    func close(_ mode: CloseMode, _ promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        switch (mode, stage) {
        case (.output, .open) where exchange?.isOver ?? true:
            finish(context)
            promise?.succeed()
        case (.output, .finishing), (.output, .lingering): promise?.succeed()
        case (.input, .upgraded): context.close(mode: .all, promise: promise)
        case (.all, .open):
            stage = .finishing
            context.close(promise: promise)
        default: context.close(mode: mode, promise: promise)
        }
    }

    /// Closes at once; nothing more is written or looked at.
    func abort(_ context: ChannelHandlerContext) {
        if stage == .open { stage = .finishing }
        context.close(promise: nil)
    }

    /// Closes our side, throws away for a while what still comes, so that no reset overtakes the answer, then closes.
    func finish(_ context: ChannelHandlerContext) {
        guard stage != .lingering, stage != .upgraded, context.channel.isActive else { return }
        stage = .lingering
        look?.cancel()
        look = context.eventLoop.assumeIsolated().scheduleTask(in: settings.lingerTimeout) {
            context.close(promise: nil)
        }
        context.close(mode: .output, promise: nil)
        context.read()
    }

    func enterUpgrade() {
        stage = .upgraded
        look?.cancel()
    }

    // MARK: The clock

    func bytesArrived() {
        guard let context else { return }
        clock?.bytesArrived(context.eventLoop.now)
    }

    func startClock(_ context: ChannelHandlerContext) {
        guard clock == nil else { return }
        clock = ConnectionClock(settings, now: context.eventLoop.now)
        lookAtClock(context)
    }

    /// While the lane answers, it keeps the time.
    func laneMoved(_ event: LaneEvent, _ context: ChannelHandlerContext) {
        switch event {
        case .taken:
            look?.cancel()
            clock = nil
        case .given: startClock(context)
        }
    }

    private func lookAtClock(_ context: ChannelHandlerContext) {
        guard stage == .open || stage == .finishing else { return }
        let buffered = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        switch clock?.look(context.eventLoop.now, buffered: buffered) {
        case nil: break
        case .close: abort(context)
        case .lookAgain(let deadline):
            look = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.lookAtClock(context) }
        }
    }

    /// Nothing more will happen on this connection.
    func end() {
        look?.cancel()
        session?.succeed(nil)
        session = nil
    }

    /// The half of the connection that the client sends on has ended.
    func inputClosed(_ context: ChannelHandlerContext, _ event: Any) {
        guard stage == .open, exchange?.isOver == false else {
            if stage != .finishing { context.close(promise: nil) }
            return
        }
        exchange?.closeAfterwards()
        entry(of: active)?.fireUserInboundEventTriggered(event)
    }
}
