package import CupelCore

/// One module offered for a clause, with the values that the ask gives it.
package struct ModuleOffer: Sendable, Hashable {
    /// The module's short name.
    package let module: String
    /// How well it fits; only comparable within one clause.
    package let score: Double
    /// Why it was offered.
    package let reason: String
    /// What the ask gives for its options.
    package var slots: [Slot]
    /// What a task of it would be called.
    package var title: String
    /// Lint rules that the ask itself overrides.
    package var lintExceptions: [String]
    /// Keywords beside the module (`changed_when`).
    package var keywords: [String: JSON]
    /// The option and the further values for each of which the task is done again ("users alice and bob").
    package var more: Slot?
}

/// One task to be: a clause and the modules that the model may choose from, best first.
package struct TaskDraft: Sendable, Hashable {
    /// The clause as text.
    package var clause: String
    /// The modules, best first; never empty.
    package var offers: [ModuleOffer]
    /// Other names for the task that the model may pick.
    package var titles: [String]

    /// The first value of an option of the best offer.
    func value(_ option: String) -> JSON? {
        offers.first?.slots.first { $0.option == option }?.candidates.first
    }

    /// The task, once for each thing that the clause names.
    func repeated() -> [TaskDraft] {
        guard let best = offers.first, let more = best.more, let first = value(more.option) else { return [self] }
        var single = best
        single.more = nil
        let base = TaskDraft(clause: clause, offers: [single], titles: [TaskName.normalised(best.title)])
        return [base]
            + more.candidates.map { value in
                var offer = single
                offer.slots = offer.slots.map { slot in
                    slot.option == more.option
                        ? Slot(option: slot.option, candidates: [value], reason: slot.reason) : slot
                }
                offer.title = best.title.split(separator: " ").map {
                    $0 == first.scalarText ? value.scalarText : String($0)
                }
                .joined(separator: " ")
                return TaskDraft(clause: clause, offers: [offer], titles: [TaskName.normalised(offer.title)])
            }
    }

    /// The best offer's module.
    var module: String { offers.first?.module ?? "" }
}
