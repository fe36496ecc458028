import CupelCore
import CupelServer

/// Queues as a table, and the change of one.
enum QueueTable {
    /// A row a queue, the first being the head.
    static func rows(_ queues: JSON) -> [[String]] {
        [["QUEUE", "WAITING", "RUNNING", "BLOCKED", "DEAD", "OLDEST", "DONE/MIN", "LIMITS"]]
            + (queues["items"]?.arrayValue ?? []).map { item in
                let counts = ["waiting", "running", "blocked", "dead"].map { "\(item[$0]?.intValue ?? 0)" }
                let isWaiting = (item["waiting"]?.intValue ?? 0) > 0
                return [item["name"]?.stringValue ?? ""] + counts + [
                    isWaiting ? age(item["oldest_waiting_seconds"]) : "-",
                    "\(item["last_minute"]?["succeeded"]?.intValue ?? 0)", limits(item),
                ]
            }
    }

    private static func limits(_ item: JSON) -> String {
        var words: [String] = []
        if item["paused"]?.boolValue == true { words.append("paused") }
        if let count = item["concurrency"]?.intValue { words.append("\(count) at once") }
        if let rate = item["rate_per_minute"]?.intValue { words.append("\(rate)/min") }
        return words.joined(separator: ", ")
    }

    /// Seconds as a short text.
    static func age(_ seconds: JSON?) -> String {
        let whole = Int(min(max(seconds?.doubleValue ?? 0, 0), 1e12))
        switch whole {
        case ..<60: return "\(whole)s"
        case ..<3600: return "\(whole / 60)m\(whole % 60)s"
        case ..<86_400: return "\(whole / 3600)h\(whole / 60 % 60)m"
        default: return "\(whole / 86_400)d\(whole / 3600 % 24)h"
        }
    }

    /// Changes what is set for a queue and says so.
    static func change(_ queue: String, _ change: JSON, _ options: CommonOptions, said: String) async throws {
        let path = "/api/v1/queues/" + Query.escaped(queue)
        let answer = try await Session.run(options) { try await $0.patch(path, change) }
        if options.json { return Terminal.standard.print(answer.text(.pretty)) }
        let limits = limits(answer)
        Terminal.standard.say("\(said) \(queue)" + (limits.isEmpty ? "" : ": \(limits)"))
    }
}
