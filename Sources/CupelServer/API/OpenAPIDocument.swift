package import CupelCore
import HTTPTypes

/// The OpenAPI 3.1 document, made from the declared routes.
package enum OpenAPIDocument {
    /// The document of some routes.
    package static func make(_ routes: [Route], version: String) -> JSON {
        var paths: JSON = [:]
        for route in routes {
            var operations = paths[route.path] ?? [:]
            operations[route.method.rawValue.lowercased()] = operation(route)
            paths[route.path] = operations
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Cupel", "version": .string(version),
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
                "description": "A self-hosted control plane for the code and automation that language models write.",
            ],
            "servers": [["url": "/"]],
            "paths": paths,
            "components": [
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
                "schemas": ["Problem": Schema.problem],
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSON {
        var operation: JSON = [
            "operationId": .string(operationID(route)), "summary": .string(route.summary), "tags": [.string(route.tag)],
        ]
        if route.access == .token { operation["security"] = [["token": []]] }
        if !route.parameters.isEmpty { operation["parameters"] = .array(route.parameters.map(parameter)) }
        if let body = route.body {
            var content: JSON = ["application/json": ["schema": body]]
            for mediaType in route.streams {
                content[mediaType] = ["schema": ["type": "string", "contentMediaType": .string(mediaType)]]
            }
            operation["requestBody"] = ["required": true, "content": content]
        }
        operation["responses"] = responses(route)
        return operation
    }

    private static func parameter(_ parameter: Route.Parameter) -> JSON {
        [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "required": .bool(parameter.place == .path), "description": .string(parameter.summary),
            "schema": parameter.schema,
        ]
    }

    private static func responses(_ route: Route) -> JSON {
        var responses: JSON = [:]
        for answer in route.answers {
            responses[String(answer.status)] = [
                "description": .string(answer.summary),
                "content": content(answer),
            ]
        }
        responses["default"] = [
            "description": "A problem; ERROR_CODES.md lists the codes.",
            "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
        ]
        return responses
    }

    private static func content(_ answer: Route.Answer) -> JSON {
        var content: JSON = [:]
        content[answer.mediaType] = ["schema": answer.schema]
        return content
    }

    /// `GET /api/v1/jobs/{id}` is `get_api_v1_jobs_id`.
    private static func operationID(_ route: Route) -> String {
        let words = route.path.split { !$0.isLetter && !$0.isNumber }
        return ([route.method.rawValue.lowercased()] + words.map(String.init)).joined(separator: "_")
    }
}
