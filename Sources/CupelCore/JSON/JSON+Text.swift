extension JSON {
    /// How a value is laid out as text.
    public enum Layout: Sendable {
        /// One line, members in their order.
        case compact
        /// Two-space indentation, members in their order.
        case pretty
        /// One line, members sorted by key: equal values give equal text.
        case canonical
    }

    /// The value as JSON text. Numbers that JSON cannot hold become `null`.
    public func text(_ layout: Layout = .compact) -> String {
        var output = ""
        write(to: &output, layout, depth: 0)
        return output
    }

    /// The value as UTF-8 JSON.
    public func bytes(_ layout: Layout = .compact) -> [UInt8] { Array(text(layout).utf8) }

    private func write(to output: inout String, _ layout: Layout, depth: Int) {
        switch self {
        case .null: output += "null"
        case .bool(let value): output += value ? "true" : "false"
        case .integer(let value): output += String(value)
        case .number(let value): output += value.isFinite ? "\(value)" : "null"
        case .string(let value): Self.quote(value, into: &output)
        case .array(let elements):
            Self.list(elements, "[", "]", into: &output, layout, depth) { element, output in
                element.write(to: &output, layout, depth: depth + 1)
            }
        case .object(let members):
            let pairs = layout == .canonical ? members.sorted { $0.key < $1.key } : members.map { $0 }
            Self.list(pairs, "{", "}", into: &output, layout, depth) { pair, output in
                Self.quote(pair.key, into: &output)
                output += layout == .pretty ? ": " : ":"
                pair.value.write(to: &output, layout, depth: depth + 1)
            }
        }
    }

    private static func list<Element>(
        _ elements: [Element],
        _ open: String,
        _ close: String,
        into output: inout String,
        _ layout: Layout,
        _ depth: Int,
        each: (Element, inout String) -> Void
    ) {
        output += open
        for (index, element) in elements.enumerated() {
            if index > 0 { output += "," }
            if layout == .pretty { output += "\n" + String(repeating: "  ", count: depth + 1) }
            each(element, &output)
        }
        if layout == .pretty, !elements.isEmpty { output += "\n" + String(repeating: "  ", count: depth) }
        output += close
    }

    private static func quote(_ text: String, into output: inout String) {
        output += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}":
                let hex = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}
