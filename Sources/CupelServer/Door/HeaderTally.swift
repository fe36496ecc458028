import NIOHTTP1

/// The header fields that decide how a request is read, counted and checked in one pass.
struct HeaderTally {
    private(set) var hosts = 0
    private(set) var isHostValid = true
    private(set) var lengths = 0
    private(set) var isLengthValid = true
    private(set) var announcesBytes = false
    private(set) var encodings = 0
    private(set) var isEncodingChunked = true
    private(set) var expectations = 0
    private(set) var continueExpectations = 0
    private(set) var hasUpgrade = false
    private(set) var isUpgradeToWebSocket = false

    /// Looks at each field once.
    /// - Throws: when there are too many, or a value holds what ends a line elsewhere.
    init(_ headers: HTTPHeaders) throws(HeadBreach) {
        var count = 0
        for (name, value) in headers {
            count += 1
            guard count <= DoorSettings.maximumHeaderFields else {
                throw HeadBreach("There are over \(DoorSettings.maximumHeaderFields) header fields.", status: 431)
            }
            guard HeadSyntax.isLine(value) else { throw HeadBreach("A header field holds a control byte.") }
            note(name, value)
        }
    }

    /// The length of a name rules out nearly every field before a byte is compared.
    private mutating func note(_ name: String, _ value: String) {
        switch name.utf8.count {
        case 4 where HeadSyntax.equal(name, "host"):
            hosts += 1
            isHostValid = isHostValid && HeadSyntax.isHost(value)
        case 6 where HeadSyntax.equal(name, "expect"):
            expectations += 1
            if HeadSyntax.equal(value, "100-continue") { continueExpectations += 1 }
        case 7 where HeadSyntax.equal(name, "upgrade"):
            hasUpgrade = true
            isUpgradeToWebSocket = HeadSyntax.equal(value, "websocket")
        case 14 where HeadSyntax.equal(name, "content-length"):
            lengths += 1
            isLengthValid = isLengthValid && HeadSyntax.isLength(value)
            announcesBytes = value.utf8.contains { $0 != UInt8(ascii: "0") }
        case 17 where HeadSyntax.equal(name, "transfer-encoding"):
            encodings += 1
            isEncodingChunked = isEncodingChunked && HeadSyntax.equal(value, "chunked")
        default: break
        }
    }
}
