import CupelCore
import HTTPTypes
import Hummingbird
import Logging
import Metrics
import NIOCore
import Telemetry

/// The outermost layer: request id in and out, every error a problem, one log line and one measure a request, and the
/// headers that protect a browser.
struct EdgeMiddleware: RouterMiddleware {
    let logger: Logger
    let time: any TimeSource

    /// The longest request id that is taken from a client.
    static let maximumRequestIDBytes = 128

    func handle(
        _ request: Request,
        context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let began = time.monotonic
        var context = context
        context.requestID = Self.requestID(request)
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = answer(error, context, request)
        }
        response.headers[Self.requestIDHeader] = context.requestID
        Self.protect(&response)
        record(request, response, context, time.monotonic - began)
        return response
    }

    static let requestIDHeader = HTTPField.Name("X-Request-ID") ?? .server

    /// A client's id when it is short and plain, else a new one.
    private static func requestID(_ request: Request) -> String {
        if let given = request.headers[requestIDHeader], given.utf8.count <= maximumRequestIDBytes, !given.isEmpty,
            given.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
        {
            return given
        }
        return Identifier<Request>().description
    }

    private func answer(_ error: any Error, _ context: ServerContext, _ request: Request) -> Response {
        let problem = Problem(Self.translated(error, request), requestID: context.requestID)
        if problem.isUnexpected {
            logger.log(
                .error,
                "a request failed unexpectedly",
                [.requestID: context.requestID, .path: request.uri.path, .error: "\(error)"]
            )
        }
        var headers: HTTPFields = [.contentType: "application/problem+json"]
        if let seconds = problem.retryAfterSeconds { headers[.retryAfter] = String(seconds) }
        if problem.status == 401 { headers[.wwwAuthenticate] = "Bearer" }
        return Response(
            status: .init(code: problem.status),
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: problem.json.bytes()))
        )
    }

    /// Hummingbird's own errors in our words.
    private static func translated(_ error: any Error, _ request: Request) -> any Error {
        guard let http = error as? any HTTPResponseError else { return error }
        switch http.status.code {
        case 404: return CupelError(.notFound, "There is nothing at \(request.uri.path).")
        case 405:
            return CupelError(.methodNotAllowed, "\(request.method.rawValue) is not offered at \(request.uri.path).")
        case 413: return CupelError(.payloadTooLarge, "The body is over its limit.")
        default: return CupelError(.malformedRequest, "The request cannot be read.", cause: error)
        }
    }

    private static func protect(_ response: inout Response) {
        response.headers[.xContentTypeOptions] = "nosniff"
        for (name, value) in protectiveHeaders where response.headers[name] == nil { response.headers[name] = value }
    }

    private static let protectiveHeaders: [(HTTPField.Name, String)] = [
        ("X-Frame-Options", "DENY"), ("Referrer-Policy", "same-origin"), ("Cache-Control", "no-store"),
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                + "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        ),
    ].compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }

    private func record(_ request: Request, _ response: Response, _ context: ServerContext, _ took: Duration) {
        let status = response.status.code
        Counter(
            label: "cupel_http_requests_total",
            dimensions: [("status", "\(status)"), ("method", request.method.rawValue)]
        )
        .increment()
        Metrics.Timer(label: "cupel_http_request").recordNanoseconds(took.wholeMicroseconds * 1000)
        let level: Logger.Level = status >= 500 ? .error : request.uri.path.hasPrefix("/health") ? .debug : .info
        logger.log(
            level,
            "request",
            [
                .requestID: context.requestID, .method: request.method.rawValue, .path: request.uri.path,
                .status: "\(status)", .duration: "\(took.inMilliseconds)",
            ]
        )
    }
}
