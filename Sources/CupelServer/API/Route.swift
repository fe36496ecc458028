// CupelServer: the HTTP door: routes declared once, the OpenAPI document made from them, problem+json, the dashboard.

package import CupelCore
package import HTTPTypes

/// One operation of the API, declared once: what it takes, what it answers, who may call it, and how it is done.
package struct Route: Sendable {
    /// Who may call.
    package enum Access: Sendable {
        /// Anyone who can reach the listener.
        case open
        /// Whoever shows the token, or has a session.
        case token
    }

    /// Where in the request a parameter stands.
    package enum Place: String, Sendable {
        case path
        case query
        case header
    }

    /// A parameter with its schema.
    package struct Parameter: Sendable {
        package var name: String
        package var place: Place
        package var summary: String
        package var schema: JSON
    }

    /// A possible answer.
    package struct Answer: Sendable {
        package var status: Int
        package var summary: String
        package var mediaType: String
        package var schema: JSON
    }

    package let method: HTTPRequest.Method
    package let path: String
    package let tag: String
    package let summary: String
    package let access: Access
    package var parameters: [Parameter] = []
    package var body: JSON?
    package var answers: [Answer] = []
    package var maximumBodyBytes: Int?
    /// Media types whose bodies are handed over as they come.
    package var streams: [String] = []
    package let handle: @Sendable (RouteRequest) async throws -> RouteResponse

    /// Declares an operation; parameters, body and answers are added with the methods below.
    package init(
        _ method: HTTPRequest.Method,
        _ path: String,
        tag: String,
        _ summary: String,
        access: Access = .token,
        handle: @escaping @Sendable (RouteRequest) async throws -> RouteResponse
    ) {
        self.method = method
        self.path = path
        self.tag = tag
        self.summary = summary
        self.access = access
        self.handle = handle
    }

    /// Adds a path or query parameter, or a header.
    package func taking(_ place: Place, _ name: String, _ summary: String, _ schema: JSON) -> Route {
        var route = self
        route.parameters.append(Parameter(name: name, place: place, summary: summary, schema: schema))
        return route
    }

    /// Adds the JSON body, with a bound of its own when it needs one.
    package func body(_ schema: JSON, maximumBytes: Int? = nil) -> Route {
        var route = self
        route.body = schema
        route.maximumBodyBytes = maximumBytes
        return route
    }

    /// Takes bodies of some media types as they come, besides those of ``body(_:maximumBytes:)``.
    package func streaming(_ mediaTypes: [String]) -> Route {
        var route = self
        route.streams = mediaTypes
        return route
    }

    /// Adds an answer.
    package func answering(
        _ status: Int,
        _ summary: String,
        _ schema: JSON = Schema.any,
        as mediaType: String = "application/json"
    ) -> Route {
        var route = self
        route.answers.append(Answer(status: status, summary: summary, mediaType: mediaType, schema: schema))
        return route
    }
}
