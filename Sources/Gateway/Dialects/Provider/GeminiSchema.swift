import CupelCore
import OrderedCollections

/// Makes JSON schemas what Gemini takes for the parameters of a function: a part of OpenAPI 3.0's
/// (ai.google.dev/api/caching#Schema).
struct GeminiSchema {
    /// Schemas inside each other, references followed among them; what is deeper becomes "anything".
    private static let depthLimit = 24

    /// Schemas in all, references followed among them, so that few bytes cannot grow without end.
    private static let countLimit = 5_000

    private static let kept: Set<String> = [
        "title", "description", "nullable", "maxItems", "minItems", "minProperties", "maxProperties", "minLength",
        "maxLength", "pattern", "required", "propertyOrdering", "minimum", "maximum", "default", "example",
    ]
    private static let formats: Set<String> = ["enum", "date-time", "float", "double", "int32", "int64"]

    private let root: JSON
    private var count = 0

    private init(root: JSON) { self.root = root }

    /// The schema of a function's parameters; `nil` for a function without any, which Gemini wants left out.
    static func parameters(_ schema: JSON) -> JSON? {
        var cleaner = GeminiSchema(root: schema)
        let clean = cleaner.clean(schema, depth: 0)
        if clean["type"] == "object", clean["properties"]?.objectValue?.isEmpty ?? true { return nil }
        return clean
    }

    /// A schema without the word that says which dialect it is in.
    static func withoutDialect(_ schema: JSON) -> JSON {
        var schema = schema
        schema["$schema"] = nil
        return schema
    }

    private mutating func clean(_ schema: JSON, depth: Int) -> JSON {
        count += 1
        guard depth < Self.depthLimit, count <= Self.countLimit, case .object(let members) = schema else {
            return .object([:])
        }
        if let reference = members["$ref"]?.stringValue {
            return clean(resolve(reference), depth: depth + 1)
        }
        var result: OrderedDictionary<String, JSON> = [:]
        for (name, value) in members {
            switch name {
            case "type": Self.addType(value, to: &result)
            case "format": if let word = value.stringValue, Self.formats.contains(word) { result[name] = value }
            case "enum": result["enum"] = Self.texts(value.arrayValue ?? [])
            case "const": result["enum"] = Self.texts([value])
            case "properties":
                var properties = value.objectValue ?? [:]
                for (name, value) in properties { properties[name] = clean(value, depth: depth + 1) }
                result[name] = .object(properties)
            case "items": result[name] = clean(value, depth: depth + 1)
            case "anyOf", "oneOf": addAlternatives(value.arrayValue ?? [], depth, to: &result)
            case "allOf":
                for element in value.arrayValue ?? [] {
                    let inner = clean(element, depth: depth + 1).objectValue ?? [:]
                    result.merge(inner) { mine, _ in mine }
                }
            default: if Self.kept.contains(name) { result[name] = value }
            }
        }
        if result["enum"] != nil { result["type"] = result["type"] ?? "string" }
        if result["type"] == "array", result["items"] == nil { result["items"] = .object([:]) }
        Self.keepKnownRequired(&result)
        return .object(result)
    }

    /// `required` may only name properties that are there.
    private static func keepKnownRequired(_ result: inout OrderedDictionary<String, JSON>) {
        guard let required = result["required"]?.arrayValue else { return }
        let properties = result["properties"]?.objectValue ?? [:]
        let known = required.filter { $0.stringValue.map { properties[$0] != nil } ?? false }
        result["required"] = known.isEmpty ? nil : .array(known)
    }

    /// `["string", "null"]` is a string that may be null.
    private static func addType(_ value: JSON, to result: inout OrderedDictionary<String, JSON>) {
        guard let types = value.arrayValue else {
            result["type"] = value
            return
        }
        let others = types.filter { $0 != "null" }
        if others.count < types.count { result["nullable"] = true }
        if others.count == 1 {
            result["type"] = others[0]
        } else if others.count > 1 {
            result["anyOf"] = .array(others.map { ["type": $0] })
        }
    }

    private mutating func addAlternatives(
        _ alternatives: [JSON],
        _ depth: Int,
        to result: inout OrderedDictionary<String, JSON>
    ) {
        let others = alternatives.filter { $0["type"] != "null" }
        if others.count < alternatives.count { result["nullable"] = true }
        if others.count == 1 {
            result.merge(clean(others[0], depth: depth + 1).objectValue ?? [:]) { mine, _ in mine }
        } else if others.count > 1 {
            var cleaned: [JSON] = []
            for other in others { cleaned.append(clean(other, depth: depth + 1)) }
            result["anyOf"] = .array(cleaned)
        }
    }

    /// Gemini takes only texts in an `enum`.
    private static func texts(_ values: [JSON]) -> JSON {
        .array(values.filter { $0 != .null }.map { $0.stringValue == nil ? .string($0.text()) : $0 })
    }

    /// What `#/$defs/Name` points to.
    private func resolve(_ reference: String) -> JSON {
        guard reference.hasPrefix("#/") else { return .null }
        var value = root
        for step in reference.dropFirst(2).split(separator: "/") {
            guard let next = value[String(step)] else { return .null }
            value = next
        }
        return value
    }
}
