import CupelCore
import Jobs

/// The last hour of a queue as three lines of sixty points, to be drawn as SVG.
struct Sparkline {
    /// What is drawn as JSON for the template: points of each line, and the counts in words.
    let values: JSON

    /// Points of a line.
    static let minutes = 60
    /// The drawing's size; a line's width of room is kept at its edges.
    static let (width, height) = (180, 36)

    init(_ minutes: [QueueMinute], now: Timestamp) {
        let current = now.microseconds / QueueMinute.microseconds
        let lines = [JobTally.Event.accepted, .succeeded, .failed].map { event in
            var counts = [Int](repeating: 0, count: Self.minutes)
            for minute in minutes {
                let age = Int(current - minute.minute.microseconds / QueueMinute.microseconds)
                if (0..<Self.minutes).contains(age) { counts[Self.minutes - 1 - age] += minute.counts[event] ?? 0 }
            }
            return counts
        }
        let most = max(1, lines.joined().max() ?? 1)
        let totals = lines.map { $0.reduce(0, +) }
        values = [
            "accepted": .string(Self.points(lines[0], most)), "succeeded": .string(Self.points(lines[1], most)),
            "failed": .string(Self.points(lines[2], most)), "hasFailed": .bool(totals[2] > 0),
            "words": .string("last hour: \(totals[0]) accepted, \(totals[1]) succeeded, \(totals[2]) failed"),
            "most": .string("\(most)"),
        ]
    }

    private static func points(_ counts: [Int], _ most: Int) -> String {
        counts.enumerated().map { index, count in
            let x = 2 + index * (width - 4) / (minutes - 1)
            let y = height - 2 - count * (height - 4) / most
            return "\(x),\(y)"
        }.joined(separator: " ")
    }
}
