import CupelCore
import HTTPTypes
import Identity

/// Signing in with the token, and what a signed-in page needs for its writes.
enum SessionRoutes {
    static func all(_ sessions: Sessions, _ pages: Pages, isSecure: Bool) -> [Route] {
        [
            Route(.get, "/login", tag: "session", "The page that takes the token", access: .open) { _ in
                .page(try pages.login(problem: nil))
            }
            .answering(200, "The page", Schema.text, as: "text/html"),
            signIn(sessions, pages, isSecure),
            Route(.post, "/logout", tag: "session", "End the session") { request in
                if let session = request.session { await sessions.close(session) }
                return .redirect(to: "/login")
            }
            .answering(303, "To the page that takes the token"),
            Route(.get, "/api/v1/csrf", tag: "session", "The token that a session's writes must carry") { request in
                guard let session = request.session else {
                    throw CupelError(.conflict, "Only a browser session has a CSRF token; bearers need none.")
                }
                return .json(["csrf_token": .string(sessions.csrfToken(of: session).expose())])
            }
            .answering(200, "The token", Schema.object([("csrf_token", Schema.text)])),
        ]
    }

    private static func signIn(_ sessions: Sessions, _ pages: Pages, _ isSecure: Bool) -> Route {
        Route(.post, "/login", tag: "session", "Open a session with the token", access: .open) { request in
            let form = Form(request.body)
            do {
                let session = try await sessions.open(with: form["token"] ?? "")
                var response = RouteResponse.redirect(to: "/")
                response.headers[.setCookie] =
                    "\(Gatekeeper.cookie)=\(session.expose()); Path=/; HttpOnly; SameSite=Strict; Max-Age=604800"
                    + (isSecure ? "; Secure" : "")
                return response
            } catch let error as CupelError where error.code == .unauthorized {
                return .page(try pages.login(problem: error.message), status: 401)
            }
        }
        .answering(303, "Signed in")
        .answering(401, "Another token", Schema.text, as: "text/html")
    }
}

/// A form as browsers send it: `application/x-www-form-urlencoded`.
struct Form {
    private(set) var values: [String: String] = [:]

    init(_ body: [UInt8]) {
        for pair in String(decoding: body, as: UTF8.self).split(separator: "&").prefix(100) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values[Self.decoded(parts[0])] = parts.count == 2 ? Self.decoded(parts[1]) : ""
        }
    }

    subscript(name: String) -> String? { values[name] }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "+") {
                bytes.append(0x20)
            } else if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest.removeFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
