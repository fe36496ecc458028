import CupelCore

/// A request with files in it, read and checked.
struct AssayRequest {
    let files: [(path: String, bytes: [UInt8])]
    /// Whether the answer is waited for; `nil` when the size decides.
    let waits: Bool?

    /// Files in one request.
    static let maximumFiles = 1000

    static let schema = Schema.object(
        [("files", Schema.array(Schema.object([("path", Schema.text), ("text", Schema.text)])))],
        optional: [("wait", ["type": "boolean"])]
    )

    /// Reads a body.
    /// - Throws: `malformed_request`, `validation_error` naming every wrong field.
    init(_ body: [UInt8]) throws {
        var fields: JSONFields
        do {
            fields = try JSONFields(JSON(parsing: body, limits: JSONLimits(bytes: max(body.count, 1))))
        } catch let error as JSONError {
            throw CupelError(.malformedRequest, "The body is not JSON: \(error).")
        }
        files = Self.files(&fields)
        let wait = fields.value("wait") ?? .null
        if !wait.isNull, wait.boolValue == nil { fields.problem("wait", "must be true or false") }
        waits = wait.boolValue
        try fields.finish()
    }

    private static func files(_ fields: inout JSONFields) -> [(path: String, bytes: [UInt8])] {
        guard let list = fields.value("files")?.arrayValue, !list.isEmpty, list.count <= maximumFiles else {
            fields.problem("files", "must be a list of 1 to \(maximumFiles) objects with path and text")
            return []
        }
        return list.enumerated().compactMap { index, file in
            guard let path = file["path"]?.stringValue, let text = file["text"]?.stringValue else {
                fields.problem("files[\(index)]", "must have the strings path and text")
                return nil
            }
            return (path, Array(text.utf8))
        }
    }
}
