/// What the ledger needs to know of an answer that passes through.
package struct AnswerFacts: Sendable, Hashable {
    /// What it took.
    package var usage: TokenUsage?
    /// The model that answered.
    package var model: String?
    /// Why it ended.
    package var finish: FinishReason?

    /// Facts, none to begin with.
    package init(usage: TokenUsage? = nil, model: String? = nil, finish: FinishReason? = nil) {
        self.usage = usage
        self.model = model
        self.finish = finish
    }
}

/// Reads the facts of a whole answer that passes through, without reading the answer: one pass over its bytes that
/// looks only at the members that matter.
package enum AnswerSkim {
    /// The facts of an answer's body; what is not there, or is no JSON, is `nil`. `embeddings` are
    /// ``ClientDialect/chatCompletions`` in this.
    package static func facts(_ body: UnsafeRawBufferPointer, _ dialect: ClientDialect) -> AnswerFacts {
        facts(JSONSkim(bytes: body), at: 0, dialect)
    }

    /// The facts of an answer's body.
    package static func facts(_ body: [UInt8], _ dialect: ClientDialect) -> AnswerFacts {
        body.withUnsafeBytes { facts($0, dialect) }
    }

    static func facts(_ skim: JSONSkim, at start: Int, _ dialect: ClientDialect) -> AnswerFacts {
        var facts = AnswerFacts()
        var counts = UsageCounts()
        var status: String?
        var incomplete: String?
        _ = skim.walk(at: start) { key, value in
            if skim.isEqual(key, "usage") {
                return counts.read(skim, at: value, isTop: true)
            } else if skim.isEqual(key, "model") {
                facts.model = skim.plainString(at: value)
            } else if dialect == .chatCompletions, skim.isEqual(key, "choices") {
                facts.finish = finish(skim, choices: value)
            } else if dialect == .messages, skim.isEqual(key, "stop_reason") {
                facts.finish = skim.plainString(at: value).map { FinishReason(anthropic: $0) }
            } else if dialect == .responses, skim.isEqual(key, "status") {
                status = skim.plainString(at: value)
            } else if dialect == .responses, skim.isEqual(key, "incomplete_details") {
                incomplete = skim.value(of: "reason", at: value).flatMap { skim.plainString(at: $0) }
            }
            return nil
        }
        if let status { facts.finish = finish(status: status, incomplete: incomplete) }
        facts.usage = dialect == .messages ? counts.anthropic : counts.openAI
        return facts
    }

    /// `choices[0].finish_reason`.
    static func finish(_ skim: JSONSkim, choices: Int) -> FinishReason? {
        guard let choice = skim.firstElement(at: choices), let word = skim.value(of: "finish_reason", at: choice) else {
            return nil
        }
        return skim.plainString(at: word).map { FinishReason($0) }
    }

    private static func finish(status: String, incomplete: String?) -> FinishReason? {
        switch (status, incomplete) {
        case ("completed", _): .stop
        case ("incomplete", "max_output_tokens"): .length
        case ("incomplete", "content_filter"): .filtered
        case ("in_progress", _), ("queued", _): nil
        default: .other(status)
        }
    }
}

/// The counts of a `usage` object in OpenAI's or Anthropic's words, as they stand.
struct UsageCounts: Sendable {
    private var input: Int?
    private var output: Int?
    private var total: Int?
    private var cached: Int?
    private var hit: Int?
    private var written: Int?
    private var long: Int?
    private var reasoning: Int?

    /// Reads the object at `start`; what it names replaces what was read before.
    /// The index after the object; `nil` when it does not end or is none.
    @discardableResult
    mutating func read(_ skim: JSONSkim, at start: Int, isTop: Bool) -> Int? {
        skim.walk(at: start) { key, value in
            if skim.isObject(at: value) {
                return isTop ? read(skim, at: value, isTop: false) : nil
            }
            if let count = skim.count(at: value) { set(skim, key, count, isTop) }
            return nil
        }
    }

    private mutating func set(_ skim: JSONSkim, _ key: Range<Int>, _ count: Int, _ isTop: Bool) {
        // By length first: few keys are compared with more than one word.
        switch (isTop, key.count) {
        case (true, 12): if skim.isEqual(key, "input_tokens") { input = count } else { setTotal(skim, key, count) }
        case (true, 13):
            if skim.isEqual(key, "prompt_tokens") { input = count }
            if skim.isEqual(key, "output_tokens") { output = count }
        case (true, 17): if skim.isEqual(key, "completion_tokens") { output = count }
        case (true, 23):
            if skim.isEqual(key, "prompt_cache_hit_tokens") { hit = count }
            if skim.isEqual(key, "cache_read_input_tokens") { cached = count }
        case (true, 27): if skim.isEqual(key, "cache_creation_input_tokens") { written = count }
        case (false, 13): if skim.isEqual(key, "cached_tokens") { cached = count }
        case (false, 18): if skim.isEqual(key, "cache_write_tokens") { written = count }
        case (false, 25): if skim.isEqual(key, "ephemeral_1h_input_tokens") { long = count }
        case (false, 16): if skim.isEqual(key, "reasoning_tokens") { reasoning = count }
        case (false, 15): if skim.isEqual(key, "thinking_tokens") { reasoning = count }
        default: break
        }
    }

    private mutating func setTotal(_ skim: JSONSkim, _ key: Range<Int>, _ count: Int) {
        if skim.isEqual(key, "total_tokens") { total = count }
    }

    /// OpenAI's counts in our meaning; see ``TokenUsage/init(openAI:)``.
    var openAI: TokenUsage? {
        guard let input else { return nil }
        let thought = reasoning ?? 0
        var output = output ?? 0
        if thought > 0, thought > output || total == input + output + thought { output += thought }
        let cacheRead = cached ?? hit ?? 0
        let cacheWrite = written ?? 0
        return TokenUsage(
            input: max(input, cacheRead + cacheWrite),
            output: output,
            cacheRead: cacheRead,
            cacheWrite: cacheWrite,
            reasoning: thought
        )
    }

    /// Anthropic's counts in our meaning; see ``TokenUsage/init(anthropic:)``.
    var anthropic: TokenUsage? {
        guard let input else { return nil }
        let cacheRead = cached ?? 0
        let all = written ?? 0
        let hour = min(all, long ?? 0)
        return TokenUsage(
            input: input + cacheRead + all,
            output: output ?? 0,
            cacheRead: cacheRead,
            cacheWrite: all - hour,
            cacheWriteLong: hour,
            reasoning: reasoning ?? 0
        )
    }
}
