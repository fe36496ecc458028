package import CupelCore

extension QualityScore {
    /// The score with what it is made of, as it is stored and sent.
    package var json: JSON {
        [
            "score": .number(value), "kind": .string(kind.rawValue),
            "language": .string(language.rawValue), "sampled": .bool(isSampled),
            "signals": .array(
                signals.map {
                    [
                        "name": .string($0.name), "value": .number($0.value),
                        "weight": .number($0.weight), "words": .string($0.words),
                    ]
                }
            ),
        ]
    }

    /// Reads what ``json`` wrote.
    /// - Throws: `validation_error` naming the member that is missing or wrong.
    package init(json: JSON) throws {
        guard let isSampled = try json.member("sampled").boolValue else {
            throw JSON.wrong("sampled", "must be a boolean")
        }
        self.init(
            try json.list("signals").map {
                QualitySignal(
                    try $0.text("name"),
                    try $0.number("value"),
                    weight: try $0.number("weight"),
                    try $0.text("words")
                )
            },
            kind: try json.choice("kind"),
            language: try json.choice("language"),
            isSampled: isSampled
        )
        value = try json.number("score")
    }

    /// A value with four digits, cut: what is shown as 0.7 reaches 0.7.
    static func rounded(_ value: Double) -> Double { (value * 10_000).rounded(.down) / 10_000 }
}

/// How good the files of a tree are: how many of them, how good on average, and the worst by name.
package struct QualityOverview: Sendable, Hashable {
    /// One file's score.
    package struct Line: Sendable, Hashable {
        package var path: String
        package var score: Double
        package var kind: QualityKind
    }

    /// Files that are named, at most: those with the lowest scores.
    package static let maximumLines = 1000

    /// Files that have a score.
    package private(set) var files = 0
    /// How many of them lie in each tenth, from 0 to 1.
    package private(set) var tenths = [Int](repeating: 0, count: 10)
    /// The files with the lowest scores, the lowest first.
    package private(set) var lowest: [Line] = []
    /// In ten-thousandths, so that the order of the files does not show in it.
    private var sum = 0

    /// The overview of no file.
    package init() {}

    /// The mean score; `nil` when no file has one.
    package var mean: Double? { files == 0 ? nil : Double(sum) / 10_000 / Double(files) }

    mutating func add(_ path: String, _ score: QualityScore) {
        files += 1
        sum += Int(score.value * 10_000)
        tenths[max(0, min(9, Int(score.value * 10)))] += 1
        if lowest.count == Self.maximumLines, let last = lowest.last, last.score <= score.value { return }
        let line = Line(path: path, score: score.value, kind: score.kind)
        var (low, high) = (0, lowest.count)
        while low < high {
            let middle = (low + high) / 2
            if lowest[middle].score <= line.score { low = middle + 1 } else { high = middle }
        }
        lowest.insert(line, at: low)
        if lowest.count > Self.maximumLines { lowest.removeLast() }
    }

    /// The overview as it is stored and sent.
    package var json: JSON {
        [
            "files": .integer(Int64(files)), "mean": mean.map { .number(QualityScore.rounded($0)) } ?? .null,
            "tenths": .array(tenths.map { .integer(Int64($0)) }),
            "lowest": .array(
                lowest.map {
                    [
                        "path": .string($0.path), "score": .number(QualityScore.rounded($0.score)),
                        "kind": .string($0.kind.rawValue),
                    ]
                }
            ),
        ]
    }
}
