import Synchronization

/// What an expression says, taken apart once.
struct LicenceMeaning: Sendable {
    let expression: LicenceExpression
    let identifiers: Set<String>
    /// The identifiers up to their versions.
    let families: Set<Substring>
    /// Whether it names sorts of licences alone.
    let isGeneral: Bool
    /// Whether it says only that there is some licence.
    let isIndefinite: Bool

    init(_ expression: LicenceExpression) {
        self.expression = expression
        identifiers = expression.identifiers
        families = Set(identifiers.map(Self.family))
        isGeneral = identifiers.allSatisfy(Self.isGeneral)
        isIndefinite = identifiers.allSatisfy(LicenceExpression.isIndefinite)
    }

    /// An identifier up to its version: `OSL` of `OSL-3.0 WITH x`.
    static func family(_ identifier: String) -> Substring {
        var end = identifier.startIndex
        while let dash = identifier[end...].firstIndex(of: "-") {
            let next = identifier.index(after: dash)
            if next < identifier.endIndex, identifier[next].isNumber { return identifier[..<dash] }
            end = next
        }
        return identifier[...]
    }

    private static func isGeneral(_ identifier: String) -> Bool {
        let prefix = "LicenseRef-scancode-"
        guard identifier.hasPrefix(prefix) else { return false }
        return general.contains(identifier.dropFirst(prefix.count)) || LicenceExpression.isIndefinite(identifier)
    }

    private static let general: Set<Substring> = [
        "warranty-disclaimer", "other-permissive", "other-copyleft", "proprietary-license", "generic-cla",
        "commercial-license", "generic-export-compliance", "philippe-de-muyter",
    ]
}

/// The meanings of an index's expressions, each made when it is first needed.
final class LicenceMeanings: Sendable {
    private let index: LicenceIndex
    private let made: Mutex<[LicenceMeaning?]>

    init(index: LicenceIndex) {
        self.index = index
        made = Mutex(Array(repeating: nil, count: index.expressions.count))
    }

    /// What a statement says.
    func of(_ hit: LicenceHit) -> LicenceMeaning {
        if let expression = hit.expression { return LicenceMeaning(expression) }
        let number = Int(index.expressionNumbers[hit.rule])
        if let known = made.withLock({ $0.indices.contains(number) ? $0[number] : nil }) { return known }
        let meaning = LicenceMeaning(LicenceExpression(trusted: index.expressions[number]))
        made.withLock { if $0.indices.contains(number) { $0[number] = meaning } }
        return meaning
    }
}
