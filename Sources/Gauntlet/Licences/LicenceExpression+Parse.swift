extension LicenceExpression {
    /// Bytes of an expression, at most.
    private static let maximumBytes = 2000
    /// Parentheses in parentheses, at most.
    private static let maximumDepth = 16

    /// Parses an expression; identifiers get their case and their present name.
    ///
    /// - Parameters:
    ///   - text: The expression. Behind a complete one something else may follow, unless it is strict.
    ///   - index: What knows the identifiers.
    ///   - isStrict: Whether all of the text must be the expression, and each identifier a known one.
    /// - Returns: `nil` for what is no expression.
    package init?(parsing text: String, index: LicenceIndex, isStrict: Bool = true) {
        guard text.utf8.count <= Self.maximumBytes else { return nil }
        var parser = ExpressionParser(text, index: index, isStrict: isStrict)
        guard let parsed = parser.parse() else { return nil }
        self = parsed
    }

    /// An expression of the index, whose identifiers are right as they stand.
    init(trusted text: String) {
        var parser = ExpressionParser(text, index: nil, isStrict: true)
        self = parser.parse() ?? .licence(text)
    }

    /// Recursive descent over AND, OR, WITH and parentheses.
    private struct ExpressionParser {
        private let tokens: [Substring]
        private let index: LicenceIndex?
        private let isStrict: Bool
        private var at = 0

        init(_ text: String, index: LicenceIndex?, isStrict: Bool) {
            let spaced = text.replacing("(", with: " ( ").replacing(")", with: " ) ").replacing("/", with: " / ")
            tokens = spaced.split { $0 == " " || $0 == "\t" }
            self.index = index
            self.isStrict = isStrict
        }

        mutating func parse() -> LicenceExpression? {
            guard let found = choice(0), at == tokens.count || !isStrict else { return nil }
            return found
        }

        private func isNext(_ words: String...) -> Bool {
            at < tokens.count && words.contains(tokens[at].uppercased())
        }

        private mutating func choice(_ depth: Int) -> LicenceExpression? {
            guard var parts = sum(depth).map({ [$0] }) else { return nil }
            // Cargo's manifests once wrote OR as a slash.
            while isNext("OR", "/", "||") {
                let mark = at
                at += 1
                guard let next = sum(depth) else {
                    at = mark
                    break
                }
                parts.append(next)
            }
            return LicenceExpression.choosing(parts)
        }

        private mutating func sum(_ depth: Int) -> LicenceExpression? {
            guard var parts = part(depth).map({ [$0] }) else { return nil }
            while isNext("AND", "&&") {
                let mark = at
                at += 1
                guard let next = part(depth) else {
                    at = mark
                    break
                }
                parts.append(next)
            }
            return LicenceExpression.joining(parts)
        }

        private mutating func part(_ depth: Int) -> LicenceExpression? {
            guard at < tokens.count, depth < LicenceExpression.maximumDepth else { return nil }
            if tokens[at] == "(" {
                at += 1
                guard let inner = choice(depth + 1), isNext(")") else { return nil }
                at += 1
                return inner
            }
            guard let found = licence(String(tokens[at])) else { return nil }
            at += 1
            guard isNext("WITH"), at + 1 < tokens.count else { return found }
            guard case .licence(let name) = found, let exception = exception(String(tokens[at + 1])) else {
                return found
            }
            at += 2
            return .with(name, exception)
        }

        private func licence(_ name: String) -> LicenceExpression? {
            guard let index else { return .licence(name) }
            if let known = index.currentName(of: name) { return known == name ? .licence(name) : .init(trusted: known) }
            if name.hasSuffix("+") {
                let bare = String(name.dropLast())
                for later in [bare + "-or-later", bare.replacing("-only", with: "") + "-or-later"] {
                    if let known = index.currentName(of: later) { return .licence(known) }
                }
                return index.currentName(of: bare).map { .licence($0 + "+") }
            }
            let isReference = name.hasPrefix("LicenseRef-") || name.hasPrefix("DocumentRef-")
            return isReference && name.utf8.count > 11 ? .licence(name) : nil
        }

        private func exception(_ name: String) -> String? {
            guard let index else { return name }
            return index.isException(name) ? index.currentName(of: name) : nil
        }
    }
}
