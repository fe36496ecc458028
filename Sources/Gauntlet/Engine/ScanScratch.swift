import CVectorscan
import CupelCore

/// One place where the pass saw a rule's pattern end: a run of neighbouring ends counts as one.
struct Candidate {
    var rule: UInt32
    var firstEnd: UInt32
    var lastEnd: UInt32
}

/// What the places of a pattern are for, as far as the pass itself cares.
enum PatternUse: Sendable {
    /// They are confirmed.
    case match
    /// They are names that a value may be given to; those that are given none are dropped.
    case assignment
    /// A few of them say all that the rule can say.
    case signal

    init(_ rule: Rule) {
        if rule.reader == .assignment { self = .assignment } else { self = rule.signal == nil ? .match : .signal }
    }
}

/// What a scan writes into while it runs; everything is allocated before, so that the callback allocates nothing.
struct CandidateBuffer {
    /// Candidates of one scan, at most; what comes after is dropped and the assay says so.
    static let maximumCandidates = 65_536
    /// Candidates of one rule in one scan, at most.
    static let maximumCandidatesOfRule = 8192

    let candidates: UnsafeMutablePointer<Candidate>
    let latest: UnsafeMutablePointer<Int32>
    let seen: UnsafeMutablePointer<Int32>
    /// Candidates in the order of their rules, made when a pass is over.
    let ordered: UnsafeMutablePointer<Candidate>
    /// Of each rule, whether a candidate counts only where a value may follow it.
    let assignments: UnsafeMutablePointer<Bool>
    /// Candidates of each rule, at most; what is over the bound of a signal is dropped in silence, since it says nothing
    /// new.
    let quotas: [Int32]
    let rules: Int
    /// What the pass runs over.
    var text = UnsafeRawBufferPointer(start: nil, count: 0)
    var count = 0
    var isTruncated = false

    init(patterns: [PatternUse]) {
        let rules = patterns.count
        quotas = patterns.map { $0 == .signal ? Int32(SignalHits.maximumPlaces) : Int32(Self.maximumCandidatesOfRule) }
        candidates = .allocate(capacity: Self.maximumCandidates)
        latest = .allocate(capacity: rules)
        seen = .allocate(capacity: rules)
        self.rules = rules
        ordered = .allocate(capacity: Self.maximumCandidates)
        assignments = .allocate(capacity: rules)
        for (index, use) in patterns.enumerated() {
            assignments.advanced(by: index).initialize(to: use == .assignment)
        }
        latest.initialize(repeating: -1, count: rules)
        seen.initialize(repeating: 0, count: rules)
    }

    func free() {
        candidates.deallocate()
        latest.deallocate()
        seen.deallocate()
        ordered.deallocate()
        assignments.deallocate()
    }

    mutating func reset(for text: UnsafeRawBufferPointer) {
        self.text = text
        latest.update(repeating: -1, count: rules)
        seen.update(repeating: 0, count: rules)
        count = 0
        isTruncated = false
    }

    mutating func add(rule: UInt32, end: UInt32) {
        let index = Int(rule)
        // Names like `key` and `token` are everywhere; what gives them no value is dropped before it costs anything.
        if assignments[index] && !AssignmentReader.isPlausible(text, after: Int(end)) { return }
        let last = Int(latest[index])
        // A pattern with an open end is reported at every further byte of the same match.
        if last >= 0 && end &- candidates[last].lastEnd <= 1 {
            candidates[last].lastEnd = end
            return
        }
        guard count < Self.maximumCandidates, seen[index] < quotas[index] else {
            if quotas[index] == Int32(Self.maximumCandidatesOfRule) { isTruncated = true }
            return
        }
        candidates[count] = Candidate(rule: rule, firstEnd: end, lastEnd: end)
        latest[index] = Int32(count)
        seen[index] += 1
        count += 1
    }

    /// Puts the candidates in the order of their rules, and of their ends within one: a counting sort.
    mutating func order() {
        var start: Int32 = 0
        for rule in 0..<rules {
            latest[rule] = start
            start += seen[rule]
        }
        for index in 0..<count {
            let candidate = candidates[index]
            let rule = Int(candidate.rule)
            ordered[Int(latest[rule])] = candidate
            latest[rule] += 1
        }
    }
}

/// Vectorscan's working memory and the candidates of one scan.
final class ScanScratch: @unchecked Sendable {  // The engine's pool hands each to one scan at a time.
    private let scratch: OpaquePointer
    private let buffer: UnsafeMutablePointer<CandidateBuffer>

    init(for database: PatternDatabase, patterns: [PatternUse]) throws {
        var scratch: OpaquePointer?
        guard hs_alloc_scratch(database.pointer, &scratch) == HS_SUCCESS, let scratch else {
            throw CupelError(.internalError, "There is no memory for a scan")
        }
        self.scratch = scratch
        buffer = .allocate(capacity: 1)
        buffer.initialize(to: CandidateBuffer(patterns: patterns))
    }

    deinit {
        hs_free_scratch(scratch)
        buffer.pointee.free()
        buffer.deallocate()
    }

    /// Runs the pass; what it selected stands in the result until the next one, in the order of the rules.
    func run(_ database: PatternDatabase, over bytes: UnsafeRawBufferPointer) -> UnsafeBufferPointer<Candidate> {
        buffer.pointee.reset(for: bytes)
        guard let base = bytes.baseAddress, bytes.count > 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
        let status = hs_scan(
            database.pointer,
            base.assumingMemoryBound(to: CChar.self),
            UInt32(bytes.count),
            0,
            scratch,
            { rule, _, end, _, context in
                context?.assumingMemoryBound(to: CandidateBuffer.self).pointee
                    .add(rule: rule, end: UInt32(truncatingIfNeeded: end))
                return 0
            },
            buffer
        )
        if status != HS_SUCCESS { buffer.pointee.isTruncated = true }
        buffer.pointee.order()
        return UnsafeBufferPointer(start: buffer.pointee.ordered, count: buffer.pointee.count)
    }

    /// Whether the last pass dropped candidates.
    var isTruncated: Bool { buffer.pointee.isTruncated }
}
