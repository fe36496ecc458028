/// Turns of phrase that are brought into the form of "verb object" before an ask is cut into clauses.
enum Phrase {
    /// Several words for one verb or state.
    private static let idioms: [([String], String)] = [
        (["set", "up"], "setup"), (["virtual", "environment"], "virtualenv"), (["get", "rid", "of"], "remove"),
        (["turn", "off"], "disable"),
        (["turn", "on"], "enable"), (["switch", "off"], "disable"), (["switch", "on"], "enable"),
        (["take", "down"], "stop"), (["shut", "down"], "stop"), (["bring", "up"], "start"),
        (["up", "to", "date"], "latest"), (["up-to-date"], "latest"), (["make", "it"], "have it"),
        (["make", "them"], "have them"),
        (["back", "up"], "backup"), (["does", "not", "exist"], "is absent"),
        (["doesn't", "exist"], "is absent"), (["comment", "out"], "comment"), (["do", "not", "exist"], "are absent"),
    ]
    /// Programs that stand before a verb on a command line.
    private static let tools: Set<String> = [
        "systemctl", "service", "sudo", "apt", "apt-get", "yum", "dnf", "pip", "pip3",
    ]

    /// The words with idioms, command lines and "use TOOL to VERB" rewritten.
    static func normalised(_ words: [Word]) -> [Word] { commandLines(idioms(words)) }

    private static func idioms(_ words: [Word]) -> [Word] {
        var output: [Word] = []
        var index = 0
        while index < words.count {
            if let (phrase, word) = idioms.first(where: { phrase, _ in
                words[index...].prefix(phrase.count).map(\.lower) == phrase
            }) {
                output += word.split(separator: " ").map { Word(String($0), .plain) }
                index += phrase.count
            } else {
                output.append(words[index])
                index += 1
            }
        }
        return output
    }

    /// "apt install -y tree" as "install tree with apt"; "use pip to install x" as "install x with pip".
    private static func commandLines(_ words: [Word]) -> [Word] {
        var output: [Word] = []
        var tool: Word?
        for (index, word) in words.enumerated() {
            let next = index + 1 < words.count ? words[index + 1] : nil
            let opens =
                output.last.map { $0.kind == .mark || ["and", "then", "please", "run", "sudo"].contains($0.lower) }
                ?? true
            if opens, tools.contains(word.lower), let next, Action.ofImperative(next) != nil, next.lower != "update" {
                if !["systemctl", "service", "sudo"].contains(word.lower) { tool = word }
                if output.last?.lower == "run" { output.removeLast() }
                continue
            }
            if tool != nil, word.kind == .plain, word.text.hasPrefix("-") { continue }
            if word.lower == "use", index + 3 < words.count, words[index + 2].lower == "to",
                Action.ofImperative(words[index + 3]) != nil
            {
                tool = words[index + 1]
                continue
            }
            if let known = tool, word == known, output.isEmpty || output.last?.kind == .mark || opens { continue }
            if let known = tool, word.lower == "to", index > 0, words[index - 1] == known { continue }
            if let known = tool, word.kind == .mark || word.lower == "and", ![","].contains(word.text) {
                output += [Word("with", .plain), known]
                tool = nil
            }
            output.append(word)
        }
        if let tool { output += [Word("with", .plain), tool] }
        return output
    }
}
