package import CupelCore

/// A statement whose interpolations are parameters: `"SELECT * FROM jobs WHERE id = \(id)"` binds `id`.
///
/// Text from outside can therefore never become SQL; only `\(raw:)`, which takes a `StaticString` or a name from the
/// engine, adds text.
package struct SQL: Sendable, ExpressibleByStringInterpolation {
    /// A piece of a statement: text, or a value to bind.
    package enum Part: Sendable {
        case text(String)
        case value(SQLValue)
    }

    package var parts: [Part]
    /// The text, where the statement is one that is written out once and run very often.
    package let fixed: FixedSQL?

    package init(stringLiteral value: String) {
        parts = [.text(value)]
        fixed = nil
    }

    package init(stringInterpolation: Interpolation) {
        parts = stringInterpolation.parts
        fixed = nil
    }

    package init(parts: [Part]) {
        self.parts = parts
        fixed = nil
    }

    /// A statement that is written out, with its values in the order of its placeholders. SQLite only.
    package init(_ fixed: FixedSQL, _ values: [SQLValue]) {
        parts = values.map { .value($0) }
        self.fixed = fixed
    }

    /// Joins statements' pieces, for conditions that are put together.
    package static func + (left: SQL, right: SQL) -> SQL { SQL(parts: left.parts + right.parts) }

    /// The values in their order.
    package var values: [SQLValue] {
        parts.compactMap { if case .value(let value) = $0 { value } else { nil } }
    }

    /// The text, with a placeholder made from the parameter's number (from 1) for each value.
    package func text(placeholder: (Int) -> String) -> String {
        if let fixed { return fixed.text }
        var number = 0
        return parts.reduce(into: "") { text, part in
            switch part {
            case .text(let piece): text += piece
            case .value:
                number += 1
                text += placeholder(number)
            }
        }
    }

    /// Turns interpolations into values to bind.
    package struct Interpolation: StringInterpolationProtocol {
        var parts: [Part] = []

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ literal: String) {
            if !literal.isEmpty { parts.append(.text(literal)) }
        }

        package mutating func appendInterpolation(_ value: (some SQLBindable)?) {
            parts.append(.value(value?.sqlValue ?? .null))
        }

        /// Adds a part of a statement with its own parameters.
        package mutating func appendInterpolation(_ fragment: SQL) { parts += fragment.parts }

        /// Adds text that the program itself holds: a type or a function name of an engine.
        package mutating func appendInterpolation(raw text: String) { parts.append(.text(text)) }
    }
}

/// A statement with `?` for each value, known by who it is and not by its text, so that finding what was prepared for it
/// costs next to nothing.
package final class FixedSQL: Sendable {
    /// The statement.
    package let text: String

    /// A statement; keep it for as long as the program runs.
    package init(_ text: String) { self.text = text }
}

/// A value as both engines know it.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case bytes([UInt8])
}

/// A type whose values can be bound as parameters.
package protocol SQLBindable {
    /// The value as the engines take it.
    var sqlValue: SQLValue { get }
}

extension Int: SQLBindable { package var sqlValue: SQLValue { .integer(Int64(self)) } }
extension Int64: SQLBindable { package var sqlValue: SQLValue { .integer(self) } }
extension Bool: SQLBindable { package var sqlValue: SQLValue { .integer(self ? 1 : 0) } }
extension Double: SQLBindable { package var sqlValue: SQLValue { .real(self) } }
extension String: SQLBindable { package var sqlValue: SQLValue { .text(self) } }
extension [UInt8]: SQLBindable { package var sqlValue: SQLValue { .bytes(self) } }
extension Timestamp: SQLBindable { package var sqlValue: SQLValue { .integer(microseconds) } }
extension Identifier: SQLBindable { package var sqlValue: SQLValue { .text(description) } }
extension Digest: SQLBindable { package var sqlValue: SQLValue { .text(hex) } }
extension JSON: SQLBindable { package var sqlValue: SQLValue { .text(text()) } }
extension SQLValue: SQLBindable { package var sqlValue: SQLValue { self } }
