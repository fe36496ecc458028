package import CupelCore
package import HTTPTypes

/// A request as a route sees it: parsed, bounded, and with its caller known.
package struct RouteRequest: Sendable {
    /// The identifier that answers and logs carry.
    package let id: String
    /// Parameters of the path by name.
    package let path: [String: String]
    /// Parameters of the query by name, percent-decoded.
    package let query: [String: String]
    /// The header fields.
    package let headers: HTTPFields
    /// The body's bytes; none when it comes as a stream.
    package let body: [UInt8]
    /// The body as it comes, for a route and a media type that take it so.
    package let stream: BodyStream?
    /// The browser session, when the caller came with one.
    package let session: String?

    /// The body as JSON, with its members to be read.
    /// - Throws: `malformed_request` with the position; `validation_error` when it is no object.
    package func fields() throws -> JSONFields {
        do {
            return try JSONFields(JSON(parsing: body, limits: JSONLimits(bytes: max(body.count, 1))))
        } catch let error as JSONError {
            throw CupelError(.malformedRequest, "The body is not JSON: \(error).")
        }
    }

    /// An identifier in the path.
    /// - Throws: `not_found` when it is none.
    package func identifier<Kind>(_ name: String, of kind: Kind.Type = Kind.self) throws -> Identifier<Kind> {
        guard let text = path[name], let identifier = Identifier<Kind>(text) else {
            throw CupelError(.notFound, "'\(path[name] ?? "")' is no identifier.")
        }
        return identifier
    }

    /// A whole number of the query.
    /// - Throws: `validation_error` with what is allowed.
    package func integer(_ name: String, default standard: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = query[name] else { return standard }
        guard let number = Int(text), range.contains(number) else {
            let allowed = "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            throw CupelError(.validationError, "A parameter is wrong.", fields: [FieldProblem(name, allowed)])
        }
        return number
    }

    /// The `cursor` of a list.
    /// - Throws: `validation_error` when it is none of ours.
    func cursor<Kind>(of kind: Kind.Type) throws -> Identifier<Kind>? {
        guard let text = query["cursor"] else { return nil }
        guard let cursor = Identifier<Kind>(text) else {
            throw CupelError(
                .validationError,
                "A parameter is wrong.",
                fields: [FieldProblem("cursor", "must be the next_cursor of an earlier answer")]
            )
        }
        return cursor
    }
}
