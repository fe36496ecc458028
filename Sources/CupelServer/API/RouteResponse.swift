package import CupelCore
package import HTTPTypes

/// What a route answers.
package struct RouteResponse: Sendable {
    /// The bytes, at once or as they come.
    package enum Body: Sendable {
        case bytes([UInt8])
        case stream(AsyncStream<[UInt8]>)
    }

    package var status: Int
    package var headers: HTTPFields
    package var body: Body

    /// An answer of some media type.
    package init(_ status: Int = 200, mediaType: String, body: Body, headers: HTTPFields = [:]) {
        self.status = status
        self.headers = headers
        self.headers[.contentType] = mediaType
        self.body = body
    }

    /// A JSON answer.
    package static func json(_ json: JSON, status: Int = 200, headers: HTTPFields = [:]) -> RouteResponse {
        RouteResponse(status, mediaType: "application/json", body: .bytes(json.bytes()), headers: headers)
    }

    /// A text answer.
    package static func text(_ text: String, mediaType: String = "text/plain; charset=utf-8") -> RouteResponse {
        RouteResponse(mediaType: mediaType, body: .bytes(Array(text.utf8)))
    }

    /// A page.
    package static func page(_ html: String, status: Int = 200) -> RouteResponse {
        RouteResponse(status, mediaType: "text/html; charset=utf-8", body: .bytes(Array(html.utf8)))
    }

    /// Sends the browser to another page.
    package static func redirect(to path: String) -> RouteResponse {
        RouteResponse(303, mediaType: "text/plain; charset=utf-8", body: .bytes([]), headers: [.location: path])
    }

    /// A page of a list: the items, and the cursor of the next page when this one is full.
    package static func list<Item>(
        _ items: [Item],
        limit: Int,
        cursor: (Item) -> String,
        json: (Item) -> JSON
    ) -> RouteResponse {
        let next: JSON = items.count == limit ? items.last.map { .string(cursor($0)) } ?? .null : .null
        return .json(["items": .array(items.map(json)), "next_cursor": next])
    }
}
