/// The part of an ask that one task can do: an action and what it is about.
struct Clause: Sendable, Hashable {
    /// What is to be done; several where verbs share an object, as in "stop and disable cups".
    var actions: [Action]
    /// The words after politeness, the leading verb included.
    var words: [Word]

    /// The words as a sentence, for a task's name.
    var sentence: String {
        var text = ""
        for word in words {
            let isMark = word.kind == .mark
            text += (text.isEmpty || isMark ? "" : " ") + (word.kind == .quoted ? "'\(word.text)'" : word.text)
        }
        return text
    }
}

extension Clause {
    /// Clauses of one ask; an ask with more is several asks.
    static let maximumCount = 10

    private static let fillers: Set<String> = [
        "please", "then", "also", "and", "now", "first", "finally", "just", "next", "afterwards", "that", "can",
        "could",
        "you", "i", "we", "want", "would", "like", "to", "should", "must", "after", "sure", "be", "lastly", "so", "&",
        "kindly", "hey", "hi", "hello", "it's", "only",
    ]
    /// Beginnings that only say "see to it".
    private static let assurances: [[String]] = [
        ["make", "sure"], ["be", "sure"], ["ensure"], ["make", "certain"], ["guarantee"], ["see", "to", "it"], ["have"],
    ]
    private static let copulas: Set<String> = ["is", "are", "be", "gets", "get", "must", "should", "been"]
    private static let negations: Set<String> = [
        "not", "don't", "doesn't", "never", "isn't", "aren't", "dont", "won't",
    ]

    /// Whether nothing is asked for: "on Debian", "thank you", "because it is old".
    var isAside: Bool {
        guard actions.isEmpty, let first = words.first else { return false }
        let leads: Set<String> = [
            "on", "in", "for", "at", "as", "with", "because", "since", "if", "thanks", "thank", "so",
        ]
        return words.count <= 2 || leads.contains(first.lower)
    }

    /// Splits an ask's words into clauses, in order.
    static func split(_ words: [Word]) -> [Clause] {
        var clauses: [Clause] = []
        var pending: [Action] = []
        for piece in pieces(words) {
            guard let clause = Clause(piece) else { continue }
            // "stop and disable the cups service": a bare verb waits for the object that follows.
            if clause.words.count == 1, clause.actions.count == 1, Action.ofVerb(clause.words[0]) != nil {
                pending += clause.actions
                continue
            }
            var merged = clause
            merged.actions = pending + clause.actions.filter { !pending.contains($0) }
            pending = []
            clauses += merged.separated()
        }
        // A bare verb at the end is about what came before, as in "copy the file and restart".
        for action in pending { clauses.append(Clause(actions: [action], words: [Word(action.rawValue, .plain)])) }
        return Array(clauses.prefix(maximumCount))
    }

    /// One clause for what is on the disk and one for the service, where both are wanted of the same thing.
    private func separated() -> [Clause] {
        let services = actions.filter(\.isOfServices)
        guard !services.isEmpty, services.count < actions.count else { return [self] }
        return [
            Clause(actions: actions.filter { !$0.isOfServices }, words: words), Clause(actions: services, words: words),
        ]
    }

    /// Reads what is wanted from the words of one piece; `nil` when only fillers are left.
    private init?(_ piece: [Word]) {
        var words = piece[...]
        var isAssured = false
        var isWish = false
        while let first = words.first {
            if let assurance = Self.assurances.first(where: { words.map(\.lower).starts(with: $0) }) {
                words = words.dropFirst(assurance.count)
                isAssured = true
            } else if first.kind == .mark || (first.kind != .quoted && Self.fillers.contains(first.lower)) {
                isWish = isWish || first.lower == "want"
                words = words.dropFirst()
            } else {
                break
            }
        }
        while words.last?.kind == .mark { words = words.dropLast() }
        guard let first = words.first else { return nil }
        self.words = Array(words)
        // "I want a folder /data" asks for what it names.
        let isNamed = isWish && Action.ofImperative(first) == nil
        actions = isNamed ? [.install] : Self.actions(self.words, isAssured: isAssured, first: first)
    }

    /// The leading verb, or the state after "is"; what stands after a "not" is not wanted.
    private static func actions(_ words: [Word], isAssured: Bool, first: Word) -> [Action] {
        if !isAssured, let action = Action.ofImperative(first), action != .ensure { return [action] }
        var found: [Action] = []
        var isState = false
        var isNegated = false
        for (index, word) in words.enumerated() {
            if negations.contains(word.lower) {
                // "cups isn't running" wants it stopped; "disable it so it does not start" has said enough.
                guard found.isEmpty else { break }
                (isNegated, isState) = (true, true)
                continue
            }
            if copulas.contains(word.lower) {
                isState = true
            } else if isState || ["contain", "has", "have", "exist"].contains(word.stem),
                let action = Action.ofState(word)
            {
                let wanted = isNegated ? action.opposite : action
                if !found.contains(wanted) { found.append(wanted) }
            } else if isState, index + 1 < words.count, !["and", "already", "always", "also"].contains(word.lower) {
                isState = word.kind == .mark
            }
        }
        if found.isEmpty {
            // Nothing says "is": the first verb anywhere, as in "on Debian, install X" or "in FILE change A to B".
            found = words.lazy.compactMap { Action.ofVerb($0) }.first.map { [$0] } ?? (isAssured ? [.ensure] : [])
        }
        return found
    }

    /// Cuts the words where a new imperative begins.
    private static func pieces(_ words: [Word]) -> [[Word]] {
        var pieces: [[Word]] = []
        var current: [Word] = []
        var index = 0
        while index < words.count {
            let word = words[index]
            if isSeparator(word), !current.isEmpty, beginsClause(words, after: index, current: current) {
                pieces.append(current)
                current = []
            } else {
                current.append(word)
            }
            index += 1
        }
        pieces.append(current)
        return pieces.filter { !$0.isEmpty }
    }

    private static func isSeparator(_ word: Word) -> Bool {
        if word.kind == .mark { return [",", ";", ".", "!", "?"].contains(word.text) }
        return word.kind == .plain
            && ["and", "then", "afterwards", "&", "&&", "but", "before", "plus"].contains(word.lower)
    }

    /// Whether, past fillers, a verb (or "make sure", or "it is running") comes next.
    private static func beginsClause(_ words: [Word], after index: Int, current: [Word]) -> Bool {
        var next = index + 1
        while next < words.count, words[next].kind == .mark || fillers.contains(words[next].lower), next < index + 5 {
            next += 1
        }
        guard next < words.count else { return false }
        let rest = words[next...].prefix(4).map(\.lower)
        if assurances.contains(where: { rest.starts(with: $0) }) { return true }
        // A full stop or a line ends a clause, whatever follows.
        if words[index].kind == .mark, words[index].text != "," { return true }
        guard words[next].kind == .plain else { return false }
        // "get URL and save it as FILE", "clone URL and checkout the main branch" say more of one thing.
        let goesOn = ["save", "store", "put", "checkout"].contains(words[next].lower)
        if goesOn, current.contains(where: { $0.kind == .url }) { return false }
        if Action.ofImperative(words[next]) != nil { return !isNoun(words, next) }
        // "and tell me a joke": a verb that we do not know is not one more package.
        if next + 1 < words.count, objects.contains(words[next + 1].lower), !isNounPhrase(words[next]) { return true }
        // "... is present and the ufw service is enabled": a new subject with a state of its own.
        let span = words[next...].prefix(8)
        guard !current.contains(where: { Action.ofVerb($0) == .remove }) else { return false }
        let upTo = span.firstIndex { isSeparator($0) } ?? span.endIndex
        guard let copula = words[next..<upTo].firstIndex(where: { ["is", "are"].contains($0.lower) }), copula > next
        else {
            return false
        }
        return copula + 1 < words.count && Action.ofState(words[copula + 1]) != nil
    }

    /// What follows a verb rather than a name.
    private static let objects: Set<String> = [
        "me", "us", "it", "them", "the", "a", "an", "all", "every", "my", "our", "its", "everything",
    ]

    /// Whether a word leads a noun phrase or continues what is said, so that no verb can be meant.
    private static func isNounPhrase(_ word: Word) -> Bool {
        Reading.stopWords.contains(word.lower) || word.kind != .plain || word.isName && word.text.contains("-")
    }

    /// Whether what could be a verb is used as a noun: "the backup and log directories".
    private static func isNoun(_ words: [Word], _ index: Int) -> Bool {
        guard index + 1 < words.count else { return false }
        let next = words[index + 1]
        let nouns: Set<String> = ["directory", "directories", "folder", "file", "files", "group", "groups", "packages"]
        let verbNouns: Set<String> = [
            "backup", "log", "test", "list", "template", "mount", "link", "post", "apt", "lock",
        ]
        return verbNouns.contains(words[index].lower) && nouns.contains(next.lower)
    }
}
