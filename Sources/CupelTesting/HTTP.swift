import AsyncHTTPClient
package import CupelCore
import NIOCore
package import NIOHTTP1

/// A plain HTTP client for tests.
package enum HTTP {
    /// An answer with its whole body.
    package struct Answer: Sendable {
        package var status: Int
        package var headers: HTTPHeaders
        package var bytes: [UInt8]

        /// The body as text.
        package var text: String { String(decoding: bytes, as: UTF8.self) }
        /// The body as JSON; null when it is none.
        package var json: JSON {
            (try? JSON(parsing: bytes, limits: JSONLimits(bytes: 64 << 20, values: 1 << 24))) ?? .null
        }
    }

    /// Answers come as they are: a redirect is not followed.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        return HTTPClient(configuration: configuration)
    }()

    /// Sends a request and reads the whole answer.
    package static func send(
        _ method: String,
        _ url: String,
        token: String? = nil,
        headers: [(String, String)] = [],
        body: [UInt8]? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await client.execute(request, timeout: .seconds(120))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return Answer(
            status: Int(response.status.code),
            headers: response.headers,
            bytes: Array(bytes.readableBytesView)
        )
    }
}

extension RunningServer {
    /// Reads a path with the token.
    package func get(_ path: String, headers: [(String, String)] = []) async throws -> HTTP.Answer {
        try await HTTP.send("GET", base + path, token: token, headers: headers)
    }

    /// Writes to a path with the token.
    package func post(_ path: String, _ body: JSON, headers: [(String, String)] = []) async throws -> HTTP.Answer {
        try await HTTP.send("POST", base + path, token: token, headers: headers, body: body.bytes())
    }

    /// Waits until a job is over.
    package func finished(_ id: String) async throws -> JSON {
        var sequence = 0
        while true {
            let answer = try await get("/api/v1/jobs/\(id)/events?after=\(sequence)&wait=10").json
            sequence = answer["items"]?.arrayValue?.last?["sequence"]?.intValue ?? sequence
            if answer["final"]?.boolValue == true { return try await get("/api/v1/jobs/\(id)").json }
            guard answer["final"] != nil else { throw CupelError(.internalError, "no events: \(answer.text())") }
        }
    }
}
