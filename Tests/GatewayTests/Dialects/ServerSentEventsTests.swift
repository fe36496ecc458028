import Testing

@testable import Gateway

@Suite("Server-sent events")
struct ServerSentEventsTests {
    private func events(_ text: String) -> [ServerSentEvents.Event] {
        var splitter = ServerSentEvents()
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { splitter.feed($0) } + splitter.finish()
    }

    private func event(_ data: String, _ name: String = "") -> ServerSentEvents.Event {
        ServerSentEvents.Event(name: name, data: Array(data.utf8))
    }

    @Test("Line ends of every kind, comments, several data lines and unknown fields are read as the standard says")
    func forms() {
        #expect(events("data: a\n\ndata: b\r\n\r\ndata: c\r\r") == [event("a"), event("b"), event("c")])
        #expect(events(": hi\n\nevent: x\nid: 1\nretry: 5\ndata:a\ndata:  b\n\n") == [event("a\n b", "x")])
        #expect(events("\u{FEFF}data: a\n\n") == [event("a")])
        #expect(events("event: x\n\ndata: a\n\n") == [event("a")])
        #expect(events("data\n\n") == [event("")])
        #expect(events("data: last without an empty line") == [event("last without an empty line")])
        #expect(events("") == [])
    }

    @Test("An event over the limit stops the reading, one at the limit does not")
    func limit() {
        let payload = [UInt8](repeating: 0x61, count: ServerSentEvents.eventLimit - 6)
        var splitter = ServerSentEvents()
        let atLimit = Array("data: ".utf8) + payload
        _ = atLimit.withUnsafeBytes { splitter.feed($0) }
        #expect(!splitter.isTooLong)
        _ = [UInt8(0x61)].withUnsafeBytes { splitter.feed($0) }
        #expect(splitter.isTooLong)
    }
}
