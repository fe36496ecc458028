import CupelCore
import HTTPTypes
import Hummingbird
import Identity
import NIOCore

/// Puts declared routes behind Hummingbird's router: host, caller, bounds, then the route.
struct RouteResponder: Sendable {
    let gatekeeper: Gatekeeper
    let maximumBodyBytes: Int

    /// Adds a route to the router.
    func add(_ route: Route, to router: Router<ServerContext>) {
        let path = RouterPath(route.path)
        let names = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().dropLast())
        }
        router.on(path, method: route.method) { request, context in
            let session = try await caller(route, request)
            let limit = route.maximumBodyBytes ?? maximumBodyBytes
            try checkLength(request, limit: limit)
            let isStream = route.streams.contains(Self.mediaType(request))
            let bytes = isStream ? [] : try await body(request, limit: limit)
            let parameters = names.map { ($0, context.parameters.get($0) ?? "") }
            let query = request.uri.queryParameters.map { (String($0.key), String($0.value)) }
            let response = try await route.handle(
                RouteRequest(
                    id: context.requestID,
                    path: Dictionary(parameters) { $1 },
                    query: Dictionary(query) { $1 },
                    headers: request.headers,
                    body: bytes,
                    stream: isStream ? BodyStream(request.body, limit: limit) : nil,
                    session: session
                )
            )
            return Self.response(response)
        }
    }

    /// Who calls: checks token or session, and for a session's write its CSRF token.
    /// - Returns: the session, when the caller came with one.
    private func caller(_ route: Route, _ request: Request) async throws -> String? {
        let claim = Gatekeeper.Claim(
            host: request.head.authority,
            origin: request.headers[.origin],
            authorization: request.headers[.authorization],
            cookies: request.headers[values: .cookie]
        )
        try gatekeeper.checkOrigin(claim)
        guard route.access == .token else { return await gatekeeper.session(claim) }
        guard let session = try await gatekeeper.caller(claim) else { return nil }
        let isWrite = ![.get, .head].contains(request.method)
        let given = HTTPField.Name("X-CSRF-Token").flatMap { request.headers[$0] }
        guard !isWrite || gatekeeper.sessions.csrfToken(of: session).matches(given ?? "") else {
            throw CupelError(.csrfFailed, "Send the token of GET /api/v1/csrf in X-CSRF-Token.")
        }
        return session
    }

    /// The media type of a body, without its parameters.
    private static func mediaType(_ request: Request) -> String {
        let whole = request.headers[.contentType] ?? ""
        return whole.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    }

    private func checkLength(_ request: Request, limit: Int) throws {
        if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit {
            throw CupelError(.payloadTooLarge, "The body announces \(announced) bytes; at most \(limit) are taken.")
        }
    }

    private func body(_ request: Request, limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= limit else {
                throw CupelError(.payloadTooLarge, "The body is over \(limit) bytes.")
            }
            bytes += buffer.readableBytesView
        }
        return bytes
    }

    private static func response(_ response: RouteResponse) -> Response {
        let body: ResponseBody =
            switch response.body {
            case .bytes(let bytes): ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            case .stream(let stream): ResponseBody(asyncSequence: stream.map { ByteBuffer(bytes: $0) })
            }
        return Response(status: .init(code: response.status), headers: response.headers, body: body)
    }
}
