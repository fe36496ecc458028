package import CupelCore
import Synchronization

/// How an upstream is asked for an answer of a certain shape, best first.
package enum StructuredMode: String, Sendable, Hashable, CaseIterable {
    /// OpenAI's `response_format` of type `json_schema`.
    case jsonSchema = "json_schema"
    /// `response_format` of type `json_object` with a `schema` beside it, as llama.cpp's servers take it.
    case jsonObject = "json_object"
    /// The schema stands in the prompt, and the object is picked out of the text.
    case plain

    /// What is tried when this is refused.
    var next: StructuredMode? {
        switch self {
        case .jsonSchema: .jsonObject
        case .jsonObject: .plain
        case .plain: nil
        }
    }
}

/// What is known of the shapes that each upstream can be asked for.
///
/// It is learnt only from an answer: a refusal may have another reason, an answer in the next mode shows that it had
/// not. What was learnt is forgotten after ``lifetime``, since upstreams are updated.
package final class StructuredMemory: Sendable {
    /// What was learnt of one upstream and model.
    package struct Entry: Sendable, Hashable {
        /// The upstream's name.
        package var upstream: String
        /// The model.
        package var model: String
        /// The best mode that was answered.
        package var mode: StructuredMode
        /// When that was.
        package var learnt: Timestamp

        /// States what is known.
        package init(upstream: String, model: String, mode: StructuredMode, learnt: Timestamp) {
            self.upstream = upstream
            self.model = model
            self.mode = mode
            self.learnt = learnt
        }
    }

    /// How long an entry counts.
    package static let lifetime = Duration.seconds(86_400)
    /// Entries that are kept; a new one beyond them displaces the oldest.
    package static let capacity = 1000

    private struct Key: Hashable {
        var upstream: String
        var model: String
    }

    private let entries: Mutex<[Key: Entry]>
    private let time: any TimeSource

    /// Begins with what an earlier process exported.
    package init(_ entries: [Entry] = [], time: any TimeSource = SystemTime()) {
        self.time = time
        let pairs = entries.suffix(Self.capacity).map { (Key(upstream: $0.upstream, model: $0.model), $0) }
        self.entries = Mutex(Dictionary(pairs, uniquingKeysWith: { $1 }))
    }

    /// Everything that is known, oldest first, to be kept for the next process.
    package var exported: [Entry] {
        entries.withLock {
            $0.values.sorted { ($0.learnt, $0.upstream, $0.model) < ($1.learnt, $1.upstream, $1.model) }
        }
    }

    /// The mode that this upstream answered last, if that still counts.
    package func mode(of upstream: Upstream) -> StructuredMode? {
        let now = time.now
        return entries.withLock { entries in
            guard let entry = entries[Key(upstream: upstream.name, model: upstream.model)] else { return nil }
            return now - entry.learnt < Self.lifetime ? entry.mode : nil
        }
    }

    /// Remembers that the upstream answered in `mode`.
    func learn(_ mode: StructuredMode, of upstream: Upstream) {
        let entry = Entry(upstream: upstream.name, model: upstream.model, mode: mode, learnt: time.now)
        entries.withLock { entries in
            let key = Key(upstream: upstream.name, model: upstream.model)
            // An answer in the mode that was known says nothing new about the better ones, so its age stays.
            if let known = entries[key], known.mode == mode, entry.learnt - known.learnt < Self.lifetime { return }
            if entries[key] == nil, entries.count >= Self.capacity {
                if let oldest = entries.min(by: { $0.value.learnt < $1.value.learnt }) { entries[oldest.key] = nil }
            }
            entries[key] = entry
        }
    }
}
