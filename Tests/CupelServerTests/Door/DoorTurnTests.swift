import Testing

@testable import CupelServer

@Suite(.timeLimit(.minutes(1))) struct DoorTurnTests {
    /// Two hundred requests in an order that a seed decides: path, and body or none.
    private static func requests(_ seed: UInt64) -> [(path: String, body: String)] {
        var state = seed
        return (0..<200).map { index in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let branch = ["/engine", "/other", "/pages", "/engine/declined"][Int(state >> 33) % 4]
            let body = (state >> 40) % 2 == 0 ? "" : "<body \(index)>"
            return (branch == "/engine/declined" ? branch : "\(branch)/\(index)", body)
        }
    }

    private static func text(_ request: (path: String, body: String), _ index: Int) -> String {
        let head = "POST \(request.path) HTTP/1.1\r\nHost: a\r\n"
        guard index % 2 == 0, !request.body.isEmpty else {
            return head + "Content-Length: \(request.body.utf8.count)\r\n\r\n" + request.body
        }
        let size = String(request.body.utf8.count, radix: 16)
        return head + "Transfer-Encoding: chunked\r\n\r\n\(size)\r\n\(request.body)\r\n0\r\n\r\n"
    }

    private static func check(_ answers: String, _ requests: [(path: String, body: String)]) {
        let parts = answers.split(separator: "HTTP/1.1 200 OK\r\n")
        #expect(parts.count == requests.count)
        for (part, request) in zip(parts, requests) {
            let isEngine = request.path.hasPrefix("/engine/") && request.path != "/engine/declined"
            let name = isEngine || request.path.hasPrefix("/other") ? "engine" : "hummingbird"
            #expect(part.lowercased().contains("x-from: \(name) \(request.path)\r\n"), "\(request) \(part)")
            #expect(request.body.isEmpty || part.contains(request.body))
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `pipelined requests alternate freely and their answers keep the order`(_ seed: UInt64) async throws {
        let requests = Self.requests(seed)
        let all = requests.enumerated().map { Self.text($1, $0) }.joined()
        let answers = try await Door.open { door in
            try await Wire.open(door.port) { wire in
                try await wire.send(all)
                return try await wire.read(until: "\r\n0\r\n\r\n", times: requests.count)
            }
        }
        Self.check(answers, requests)
    }

    @Test func `requests one after the other alternate freely on one connection`() async throws {
        let requests = Self.requests(4)
        let answers = try await Door.open { door in
            try await Wire.open(door.port) { wire in
                var answers = ""
                for (index, request) in requests.enumerated() {
                    try await wire.send(Self.text(request, index))
                    answers += try await wire.read(until: "\r\n0\r\n\r\n")
                    wire.forget()
                }
                return answers
            }
        }
        Self.check(answers, requests)
    }

    @Test(arguments: ["/engine", "/pages"])
    func `a client that asks first is told to continue`(_ path: String) async throws {
        try await Door.open { door in
            try await Wire.open(door.port) { wire in
                try await wire.send(
                    "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
                )
                let first = try await wire.read(until: "\r\n\r\n")
                #expect(first.hasPrefix("HTTP/1.1 100 Continue\r\n"))
                try await wire.send("hi")
                let answer = try await wire.read(until: "\r\n0\r\n\r\n")
                #expect(answer.contains("HTTP/1.1 200 OK") && answer.contains("hi"))
            }
        }
    }

    @Test(arguments: ["/engine", "/pages"])
    func `an answer to HTTP 1.0 comes without chunks and ends with the connection`(_ path: String) async throws {
        let answer = try await Door.open {
            try await $0.ask("POST \(path) HTTP/1.0\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi")
        }
        #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n") && answer.hasSuffix("\r\n\r\nhi"), "\(answer)")
        #expect(answer.lowercased().contains("connection: close\r\n"))
    }

    @Test(arguments: ["/engine", "/pages"])
    func `a client that closes its half still gets its answer`(_ path: String) async throws {
        try await Door.open { door in
            try await Wire.open(door.port) { wire in
                try await wire.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                wire.finish()
                #expect(try await wire.readToEnd().hasPrefix("HTTP/1.1 200 OK"))
            }
        }
    }

    @Test(arguments: ["/engine", "/pages"])
    func `an upgrade to something else is ignored and the connection ends`(_ path: String) async throws {
        let answer = try await Door.open {
            try await $0.ask(
                "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET / HTTP/1.1\r\n\r\n"
            )
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK") && answer.components("HTTP/1.1 2") == 1)
        #expect(answer.lowercased().contains("connection: close\r\n"))
    }

    @Test func `an engine may close the connection`() async throws {
        #expect(try await Door.open { try await $0.ask("GET /engine/close HTTP/1.1\r\nHost: a\r\n\r\n") } == "")
    }
}
