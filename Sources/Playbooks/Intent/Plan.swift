package import CupelCore
import OrderedCollections

/// What an ask is understood as: who it is for, and one draft a task.
package struct Plan: Sendable, Hashable {
    /// The host patterns that the model may pick from, likeliest first.
    package var hosts: [String]
    /// The tasks in order; never empty.
    package var tasks: [TaskDraft]
    /// Names for the play that the model may pick from.
    package var titles: [String]
}

/// Turns an ask into a plan: clauses, the modules offered for each and why, the values that the ask gives.
package struct AskPlanner: Sendable {
    /// Modules offered for one clause.
    package static let maximumOffers = 3
    /// A module is offered beside the best only when its score is at least this part of the best one's.
    private static let nearness = 0.8

    let catalog: ModuleCatalog
    private let index: ModuleIndex

    /// A planner over these modules.
    package init(catalog: ModuleCatalog) {
        self.catalog = catalog
        index = ModuleIndex(catalog: catalog)
    }

    /// Reads an ask.
    /// - Throws: ``CupelError`` `nothing_fits` with the nearest modules when a part of it fits none.
    package func plan(_ ask: Ask) throws(CupelError) -> Plan {
        let words = Phrase.normalised(Tokenizer.words(of: ask.text))
        var drafts: [TaskDraft] = []
        var focus: String?
        var unread: [Clause] = []
        for clause in Clause.split(words) {
            let reading = Reading(clause: clause, earlier: drafts, focus: focus, ask: words)
            if let draft = draft(reading) {
                for one in draft.repeated() { Self.append(one, to: &drafts) }
            } else if let path = reading.absolutePaths.first,
                clause.actions.isEmpty || reading.wants(.open, .set, .gather)
            {
                focus = path
            } else if !clause.isAside {
                unread.append(clause)
            }
        }
        // What was not understood must not be left out in silence.
        guard !drafts.isEmpty, unread.isEmpty else { throw nothingFits(unread.first, words) }
        return Plan(hosts: HostPattern.candidates(words), tasks: drafts, titles: Self.titles(drafts))
    }

    /// The modules that a clause fits, best first; `nil` when there are none.
    private func draft(_ reading: Reading) -> TaskDraft? {
        var offers: [ModuleOffer] = []
        for match in index.rank(reading.clause) {
            guard let reader = ModuleReaders.all[match.module], let read = reader(reading),
                read.isSafe, isComplete(read, match.module)
            else { continue }
            offers.append(offer(match, read))
        }
        let usual = offers.filter { !ModuleReaders.lastResorts.contains($0.module) }
        if !usual.isEmpty { offers = usual }
        guard let best = offers.first else { return nil }
        let near = offers.filter { $0.score >= best.score * Self.nearness }
        return TaskDraft(
            clause: reading.clause.sentence,
            offers: Array(near.prefix(Self.maximumOffers)),
            titles: Self.titles(best, reading)
        )
    }

    /// Whether the ask gives every option that the module requires: what it does not give is not made up.
    private func isComplete(_ reading: ModuleReading, _ module: String) -> Bool {
        guard let spec = catalog.modules[module] else { return false }
        let given = Set(reading.slots.map(\.option))
        return spec.options.values.allSatisfy { !$0.isRequired || given.contains($0.name) }
            && spec.requiredOneOf.allSatisfy { $0.contains(where: given.contains) }
    }

    private func offer(_ match: ModuleMatch, _ reading: ModuleReading) -> ModuleOffer {
        let words = match.words.prefix(3).map { word in
            switch word.first {
            case "!": "the wish to \(word.dropFirst())"
            case "@": "the \(word.dropFirst()) in the ask"
            default: "'\(word)'"
            }
        }
        return ModuleOffer(
            module: match.module,
            score: match.score,
            reason: "for " + (words.isEmpty ? "the values in the ask" : words.joined(separator: ", ")),
            slots: reading.slots,
            title: reading.title,
            lintExceptions: reading.lintExceptions,
            keywords: Dictionary(reading.keywords, uniquingKeysWith: { first, _ in first }),
            more: reading.more
        )
    }

    /// The task's names: ours, and the person's own words where they stand alone.
    private static func titles(_ offer: ModuleOffer, _ reading: Reading) -> [String] {
        let own = TaskName.normalised(offer.title)
        let said = TaskName.normalised(reading.clause.sentence)
        let standsAlone =
            !reading.pointsBack && reading.clause.words.count > 2 && said.count <= 72
            && Action.ofImperative(reading.clause.words[0]) != nil && reading.actions.count == 1
            && !said.contains { "'\"{}%#:\\".contains($0) }
        return standsAlone && said != own ? [own, said] : [own]
    }

    private static func titles(_ drafts: [TaskDraft]) -> [String] {
        let names = drafts.map { $0.titles[0] }
        let joined = names.enumerated().map { $0 == 0 ? $1 : $1.prefix(1).lowercased() + $1.dropFirst() }
        let all =
            joined.count < 3
            ? joined.joined(separator: " and ")
            : joined.dropLast().joined(separator: ", ") + " and " + joined[joined.count - 1]
        return [TaskName.normalised(all.count <= 100 ? all : names[0] + " and \(drafts.count - 1) more")]
    }

    private func nothingFits(_ clause: Clause?, _ words: [Word]) -> CupelError {
        let clause = clause ?? Clause(actions: [], words: words)
        let nearest = index.rank(clause).filter { $0.score > 0 }.prefix(3).map(\.module)
        let hint = nearest.isEmpty ? "" : " The nearest modules are \(nearest.joined(separator: ", "))."
        let part = String(clause.sentence.prefix(120))
        return CupelError(
            .nothingFits,
            "No module fits '\(part)': say what should change and name it, as 'install nginx' or 'create user bob'."
                + hint
        )
    }
}
