import CupelCore

/// The secrets that were taken out of one call, and how they come back into its answer.
struct CallRedaction {
    private let placeholders: Placeholders
    private var restorers: [TextSlot: PlaceholderRestorer] = [:]

    init(_ placeholders: Placeholders) { self.placeholders = placeholders }

    /// Puts the originals back into a piece of an answer. Thoughts stay as they are: the provider seals them, and wants
    /// them back unchanged.
    mutating func restore(_ slot: TextSlot, _ piece: String, _ isLast: Bool) -> String {
        guard slot.kind != .reasoning else { return piece }
        let escapes = slot.kind == .toolArguments ? 1 : 0
        let bytes = Array(piece.utf8)
        if slot.isWhole {
            return String(decoding: PlaceholderRestorer.restore(bytes, placeholders, escapes: escapes), as: UTF8.self)
        }
        var restorer = restorers[slot] ?? PlaceholderRestorer(placeholders, escapes: escapes)
        var out = restorer.feed(bytes)
        if isLast {
            out += restorer.flush()
            restorers[slot] = nil
        } else {
            restorers[slot] = restorer
        }
        return String(decoding: out, as: UTF8.self)
    }
}
