import CRE2
import CupelCore
import Synchronization

/// A rule's pattern as RE2 matches it; compiled when it is first needed, since a scan needs few of them.
final class CapturePattern: Sendable {
    private struct State: ~Copyable {
        var compiled: OpaquePointer?
        var isRefused = false
    }

    /// One match: the offsets of the whole and of each group, empty where a group took no part.
    typealias Match = [Range<Int>?]

    private let pattern: String
    private let groups: Int
    private let state = Mutex(State())

    /// A pattern of which groups 0 up to `groups - 1` are wanted.
    init(_ pattern: String, groups: Int) {
        self.pattern = pattern
        self.groups = groups
    }

    deinit { state.withLock { cre2_free($0.compiled) } }

    /// Compiles now and says what is wrong with the pattern.
    /// - Throws: `validation_error` with RE2's words.
    func check() throws {
        var message = [CChar](repeating: 0, count: 256)
        let compiled = cre2_compile(pattern, pattern.utf8.count, &message, message.count)
        defer { cre2_free(compiled) }
        guard let compiled else {
            let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw CupelError(.validationError, "the pattern is refused by RE2: \(text)")
        }
        guard cre2_group_count(compiled) >= groups - 1 else {
            throw CupelError(.validationError, "the pattern has no group \(groups - 1)")
        }
    }

    /// The leftmost match in a window of the text; `nil` when there is none.
    func firstMatch(in text: UnsafeRawBufferPointer, window: Range<Int>) -> Match? {
        guard let compiled = pointer(), let base = text.baseAddress else { return nil }
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: groups * 2) { offsets in
            guard let out = offsets.baseAddress else { return nil }
            let start = base.assumingMemoryBound(to: CChar.self)
            let found = cre2_match(
                compiled,
                start,
                text.count,
                window.lowerBound,
                window.upperBound,
                Int32(groups),
                out
            )
            guard found == 1 else { return nil }
            return (0..<groups).map { group in
                out[2 * group] < 0 ? nil : out[2 * group]..<out[2 * group + 1]
            }
        }
    }

    private func pointer() -> OpaquePointer? {
        state.withLock { state in
            if state.compiled == nil && !state.isRefused {
                state.compiled = cre2_compile(pattern, pattern.utf8.count, nil, 0)
                state.isRefused = state.compiled == nil
            }
            return state.compiled
        }
    }
}
