package import CupelCore

/// What every list takes: a page of it, and filters.
extension Route {
    /// Adds `limit` and `cursor`.
    package func takingPage() -> Route {
        taking(.query, "limit", "Items on a page", Schema.integer(1...200, default: 50))
            .taking(.query, "cursor", "The next_cursor of the page before", Schema.text)
    }
}

extension RouteRequest {
    /// The page that is asked for: what comes before the `cursor`, 50 items or `limit` of them, at most 200.
    /// - Throws: `validation_error` naming the parameter.
    package func page<Kind>(of kind: Kind.Type) throws -> (before: Identifier<Kind>?, limit: Int) {
        (try cursor(of: kind), try integer("limit", default: 50, in: 1...200))
    }

    /// One of the names of a closed set; `nil` when the parameter is missing.
    /// - Throws: `validation_error` with what is allowed.
    package func choice<Value: RawRepresentable & CaseIterable>(_ name: String, of type: Value.Type) throws -> Value?
    where Value.RawValue == String {
        guard let text = query[name] else { return nil }
        guard let value = Value(rawValue: text) else {
            let allowed = Value.allCases.map(\.rawValue)
            let nearest = text.nearest(among: allowed).map { "; did you mean \($0)?" } ?? ""
            throw Self.wrong(name, "must be one of \(allowed.joined(separator: ", "))\(nearest)")
        }
        return value
    }

    /// A name of 1 to `limit` bytes; `nil` when the parameter is missing.
    /// - Throws: `validation_error` when it is empty or too long.
    package func name(_ parameter: String, limit: Int) throws -> String? {
        guard let text = query[parameter] else { return nil }
        guard (1...limit).contains(text.utf8.count) else {
            throw Self.wrong(parameter, "must have 1 to \(limit) bytes")
        }
        return text
    }

    private static func wrong(_ name: String, _ message: String) -> CupelError {
        CupelError(.validationError, "A parameter is wrong.", fields: [FieldProblem(name, message)])
    }
}
