package import CupelCore

/// Builds JSON Schemas (2020-12) for the OpenAPI document.
package enum Schema {
    /// Anything.
    package static let any: JSON = [:]
    /// An identifier.
    package static let identifier: JSON = ["type": "string", "format": "uuid"]
    /// A moment.
    package static let moment: JSON = ["type": "string", "format": "date-time"]
    /// A text.
    package static let text: JSON = ["type": "string"]

    /// A text of 1 to `limit` bytes.
    package static func text(limit: Int) -> JSON {
        ["type": "string", "minLength": 1, "maxLength": .integer(Int64(limit))]
    }

    /// One of some texts.
    package static func choice(_ values: [String]) -> JSON {
        ["type": "string", "enum": .array(values.map { .string($0) })]
    }

    /// A whole number within a range.
    package static func integer(_ range: ClosedRange<Int>, default standard: Int) -> JSON {
        [
            "type": "integer", "minimum": .integer(Int64(range.lowerBound)),
            "maximum": .integer(Int64(range.upperBound)), "default": .integer(Int64(standard)),
        ]
    }

    /// A value that may be null.
    package static func optional(_ schema: JSON) -> JSON { ["anyOf": [schema, ["type": "null"]]] }

    /// A list.
    package static func array(_ schema: JSON) -> JSON { ["type": "array", "items": schema] }

    /// An object with required and optional members.
    package static func object(_ required: [(String, JSON)], optional: [(String, JSON)] = []) -> JSON {
        var properties: JSON = [:]
        for (name, schema) in required + optional { properties[name] = schema }
        return [
            "type": "object", "properties": properties, "required": .array(required.map { .string($0.0) }),
        ]
    }

    /// A page of a list.
    package static func page(of schema: JSON) -> JSON {
        object([("items", array(schema)), ("next_cursor", optional(text))])
    }

    /// A problem by RFC 9457, with our members.
    package static let problem = object(
        [("type", text), ("title", text), ("status", ["type": "integer"]), ("detail", text), ("request_id", text)],
        optional: [("errors", array(object([("field", text), ("message", text)])))]
    )
}
