/// Which hosts an ask is for.
enum HostPattern {
    private static let nouns: Set<String> = [
        "servers", "hosts", "machines", "nodes", "server", "host", "machine", "node", "boxes",
    ]
    private static let vague: Set<String> = [
        "all", "every", "the", "my", "our", "each", "any", "these", "those", "a", "of", "new", "remote", "other",
        "target",
    ]

    /// The patterns to pick from, likeliest first: "on the web servers" gives `webservers`, `web` and `all`.
    static func candidates(_ words: [Word]) -> [String] {
        if words.contains(where: { $0.lower == "localhost" }) { return ["localhost"] }
        for (index, word) in words.enumerated() where nouns.contains(word.lower) && index > 0 {
            let before = words[index - 1]
            let leads = words[..<index].suffix(4).contains {
                ["on", "of", "from", "to", "for", "in"].contains($0.lower)
            }
            guard leads, before.isName, before.kind == .plain, !vague.contains(before.lower),
                Action.ofImperative(before) == nil, !Reading.stopWords.contains(before.lower),
                before.lower.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") })
            else { continue }
            return [before.lower + "servers", before.lower, "all"]
        }
        return ["all"]
    }
}
