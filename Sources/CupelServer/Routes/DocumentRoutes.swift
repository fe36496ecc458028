import CupelCore
import HTTPTypes

/// The API about itself.
enum DocumentRoutes {
    static func all(_ routes: [Route], _ pages: Pages, isShown: Bool) -> [Route] {
        // The document lists its own route too, so it is made from all that was declared before and itself.
        var own = [
            Route(.get, "/openapi.json", tag: "documentation", "This API, machine-readable", access: .open) { _ in
                .json([:])
            }
            .answering(200, "An OpenAPI 3.1 document")
        ]
        let document = OpenAPIDocument.make(routes + own, version: Version.current)
        own = [
            Route(.get, "/openapi.json", tag: "documentation", own[0].summary, access: .open) { _ in .json(document) }
                .answering(200, "An OpenAPI 3.1 document")
        ]
        guard isShown else { return own }
        return own + [
            Route(.get, "/api/docs", tag: "documentation", "This API, to read and try", access: .open) { _ in
                .page(try pages.documentation(document))
            }
            .answering(200, "The page", Schema.text, as: "text/html")
        ]
    }
}
