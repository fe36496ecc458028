import AsyncHTTPClient
package import CupelCore
import NIOCore
import NIOHTTP1

/// Speaks to a server's API: the command line's way to everything, whoever owns the data directory.
package struct APIClient: Sendable {
    private let base: String
    private let token: Secret

    /// The largest answer, in bytes.
    static let maximumAnswerBytes = 64 << 20

    /// A client of a server.
    package init(base: String, token: Secret) {
        self.base = base
        self.token = token
    }

    /// Reads.
    /// - Throws: what the server answers, as the error that it is; `provider_connection_failed` when it cannot be
    ///   reached.
    package func get(_ path: String) async throws -> JSON { try await send("GET", path, nil) }

    /// Reads what is not JSON.
    /// - Throws: as ``get(_:)``.
    package func text(_ path: String) async throws -> String {
        let (status, bytes) = try await exchange("GET", path, nil, accepting: "*/*")
        guard status < 400 else { throw Self.error(try JSON(parsing: bytes, limits: Self.answerLimits)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes.
    /// - Throws: as ``get(_:)``.
    package func post(_ path: String, _ body: JSON = [:]) async throws -> JSON { try await send("POST", path, body) }

    /// Changes what is there.
    /// - Throws: as ``get(_:)``.
    package func patch(_ path: String, _ body: JSON) async throws -> JSON { try await send("PATCH", path, body) }

    /// Makes or changes what has a name of the caller's.
    /// - Throws: as ``get(_:)``.
    package func put(_ path: String, _ body: JSON) async throws -> JSON { try await send("PUT", path, body) }

    /// Forgets what is there.
    /// - Throws: as ``get(_:)``.
    package func delete(_ path: String) async throws -> JSON { try await send("DELETE", path, nil) }

    /// Follows a job until it is over.
    /// - Parameter each: hears of every event once, in order.
    /// - Returns: the job as it ended.
    package func follow(_ job: String, each: (JSON) -> Void) async throws -> JSON {
        var sequence = 0
        while true {
            let answer = try await get("/api/v1/jobs/\(job)/events?after=\(sequence)&wait=20")
            for event in answer["items"]?.arrayValue ?? [] {
                sequence = event["sequence"]?.intValue ?? sequence
                each(event)
            }
            if answer["final"]?.boolValue == true { return try await get("/api/v1/jobs/\(job)") }
        }
    }

    private static let answerLimits = JSONLimits(bytes: maximumAnswerBytes, depth: 128, values: 10_000_000)

    private func send(_ method: String, _ path: String, _ body: JSON?) async throws -> JSON {
        let (status, bytes) = try await exchange(method, path, body, accepting: "application/json")
        let json = try JSON(parsing: bytes, limits: Self.answerLimits)
        guard status < 400 else { throw Self.error(json) }
        return json
    }

    private func exchange(
        _ method: String,
        _ path: String,
        _ body: JSON?,
        accepting mediaType: String
    ) async throws -> (status: Int, bytes: [UInt8]) {
        var request = request(method, path, accepting: mediaType)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.bytes()))
        }
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
            let bytes = try await response.body.collect(upTo: Self.maximumAnswerBytes)
            return (Int(response.status.code), Array(bytes.readableBytesView))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw CupelError(
                .providerConnectionFailed,
                "The cupel server at \(base) does not answer; does it still run?",
                cause: error
            )
        }
    }

    /// A request with the token.
    func request(_ method: String, _ path: String, accepting mediaType: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: base + path)
        request.method = .init(rawValue: method)
        request.headers.add(name: "Authorization", value: "Bearer \(token.expose())")
        request.headers.add(name: "Accept", value: mediaType)
        return request
    }

    /// The error that a problem answer stands for.
    static func error(_ problem: JSON) -> CupelError {
        let code = ErrorCode.all.first { $0.rawValue == problem["type"]?.stringValue } ?? .internalError
        let fields = (problem["errors"]?.arrayValue ?? []).map {
            FieldProblem($0["field"]?.stringValue ?? "", $0["message"]?.stringValue ?? "")
        }
        return CupelError(code, problem["detail"]?.stringValue ?? "The server gave no reason.", fields: fields)
    }
}
