import NIOHTTP1

/// Why a request head is refused.
struct HeadBreach: Error, Equatable {
    /// 400, 414, 417 or 431.
    let status: Int
    /// What is wrong with it, for a person.
    let detail: String

    init(_ detail: String, status: Int = 400) {
        self.status = status
        self.detail = detail
    }
}

/// What the door knows of a request whose head passed the checks of RFC 9112 that keep two readers of one connection
/// from seeing different requests in it.
struct HeadFacts: Equatable {
    /// Whether the connection ends with this request's answer.
    var endsConnection = false
    /// Whether the client speaks HTTP/1.0, and so gets no chunks.
    var isLegacy = false
    /// Whether the answer has no body whatever its head says.
    var isHead = false
    /// Whether the head announces a body.
    var hasBody = false
    /// Whether the client waits for `100 Continue`.
    var expectsContinue = false
    /// Whether the client asks to leave HTTP, for whatever.
    var asksForUpgrade = false
    /// Whether it asks to leave it for WebSocket (RFC 6455, 4.1).
    var asksForWebSocket = false

    /// Checks a head.
    /// - Throws: the first breach that is found.
    init(_ head: HTTPRequestHead) throws(HeadBreach) {
        guard head.version == .http1_1 || head.version == .http1_0 else {
            throw HeadBreach("The version is neither HTTP/1.1 nor HTTP/1.0.")
        }
        try Self.checkTarget(head)
        isLegacy = head.version == .http1_0
        isHead = head.method == .HEAD
        let tally = try HeaderTally(head.headers)
        try checkHost(tally)
        try checkFraming(tally)
        endsConnection = isLegacy || !head.isKeepAlive
        if tally.hasUpgrade, HeadSyntax.connection(head.headers, names: "upgrade") {
            asksForUpgrade = true
            asksForWebSocket = tally.isUpgradeToWebSocket && head.method == .GET && !isLegacy && !hasBody
            endsConnection = true
        }
        if tally.expectations > 0, !isLegacy {
            guard tally.expectations == tally.continueExpectations else {
                throw HeadBreach("The only expectation that is met is 100-continue.", status: 417)
            }
            expectsContinue = hasBody
        }
    }

    private static func checkTarget(_ head: HTTPRequestHead) throws(HeadBreach) {
        let target = head.uri.utf8
        guard target.count <= DoorSettings.maximumTargetBytes else {
            throw HeadBreach("The target is over \(DoorSettings.maximumTargetBytes) bytes.", status: 414)
        }
        if head.uri == "*", head.method == .OPTIONS { return }
        guard head.method != .CONNECT, target.first == UInt8(ascii: "/") else {
            throw HeadBreach("The target must be a path that starts with a slash.")
        }
        guard target.dropFirst().first != UInt8(ascii: "/") else {
            throw HeadBreach("The target must start with one slash; some readers take two for a host.")
        }
        guard target.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw HeadBreach("The target holds a byte that must be percent-encoded.")
        }
    }

    private func checkHost(_ tally: HeaderTally) throws(HeadBreach) {
        guard tally.hosts == 1 || isLegacy && tally.hosts == 0 else {
            throw HeadBreach(tally.hosts == 0 ? "The Host header is missing." : "There is more than one Host header.")
        }
        guard tally.isHostValid else { throw HeadBreach("The Host header is not a host with an optional port.") }
    }

    private mutating func checkFraming(_ tally: HeaderTally) throws(HeadBreach) {
        guard tally.lengths <= 1 else { throw HeadBreach("There is more than one Content-Length header.") }
        guard tally.isLengthValid else { throw HeadBreach("The Content-Length header is not a number of bytes.") }
        if tally.encodings > 0 {
            guard !isLegacy else { throw HeadBreach("HTTP/1.0 has no Transfer-Encoding.") }
            guard tally.lengths == 0 else {
                throw HeadBreach("Content-Length and Transfer-Encoding stand in one request.")
            }
            guard tally.encodings == 1, tally.isEncodingChunked else {
                throw HeadBreach("The only Transfer-Encoding that is taken is chunked, once.")
            }
        }
        hasBody = tally.encodings > 0 || tally.announcesBytes
    }
}
