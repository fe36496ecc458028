import CupelCore
import NIOCore
import NIOHTTP1

extension DoorHandler {
    /// Answers a problem and ends the connection; nothing after it is looked at.
    func refuse(_ context: ChannelHandlerContext, _ error: any Error, isHead: Bool) {
        let identifier = Identifier<DoorHandler>().description
        let (status, json) = Self.answer(error, identifier)
        let body = json.bytes()
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
        head.headers = [
            "content-type": "application/problem+json", "content-length": "\(body.count)", "connection": "close",
            "cache-control": "no-store", "x-content-type-options": "nosniff", "x-request-id": identifier,
        ]
        if status == 401 { head.headers.add(name: "www-authenticate", value: "Bearer") }
        if status == 426 { head.headers.add(name: "sec-websocket-version", value: "13") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil) }
        writeLast(context, wrapOutboundOut(.end(nil)), nil)
    }

    private static func answer(_ error: any Error, _ identifier: String) -> (Int, JSON) {
        guard let breach = error as? HeadBreach else {
            let problem = Problem(error, requestID: identifier)
            return (problem.status, problem.json)
        }
        var json = Problem(CupelError(.malformedRequest, breach.detail), requestID: identifier).json
        json["status"] = .integer(Int64(breach.status))
        return (breach.status, json)
    }
}
