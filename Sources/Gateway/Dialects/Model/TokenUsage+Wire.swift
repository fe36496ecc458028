import CupelCore
import OrderedCollections

/// Reading the counts of each provider into ours, and writing ours in the clients' words.
extension TokenUsage {
    /// OpenAI's `usage` of chat completions, responses and embeddings (platform.openai.com/docs/api-reference). xAI
    /// leaves reasoning out of `completion_tokens` and counts it in `total_tokens`; DeepSeek names cached tokens
    /// `prompt_cache_hit_tokens`. `nil` when there are no counts.
    init?(openAI usage: JSON) {
        guard let input = Self.count(usage, "prompt_tokens") ?? Self.count(usage, "input_tokens") else { return nil }
        let asked = usage["prompt_tokens_details"] ?? usage["input_tokens_details"] ?? .null
        let answered = usage["completion_tokens_details"] ?? usage["output_tokens_details"] ?? .null
        var output = Self.count(usage, "completion_tokens") ?? Self.count(usage, "output_tokens") ?? 0
        let reasoning = Self.count(answered, "reasoning_tokens") ?? 0
        if reasoning > 0, reasoning > output || Self.count(usage, "total_tokens") == input + output + reasoning {
            output += reasoning
        }
        let cached = Self.count(asked, "cached_tokens") ?? Self.count(usage, "prompt_cache_hit_tokens") ?? 0
        let written = Self.count(asked, "cache_write_tokens") ?? 0
        self.init(
            input: max(input, cached + written),
            output: output,
            cacheRead: cached,
            cacheWrite: written,
            reasoning: reasoning
        )
    }

    /// Anthropic's `usage` (docs.anthropic.com/en/api/messages), whose `input_tokens` leave out what was read from or
    /// written to the cache. `nil` when it holds no count of the question.
    init?(anthropic usage: JSON) {
        guard let fresh = Self.count(usage, "input_tokens") else { return nil }
        let read = Self.count(usage, "cache_read_input_tokens") ?? 0
        let written = Self.count(usage, "cache_creation_input_tokens") ?? 0
        let long = min(written, Self.count(usage["cache_creation"] ?? .null, "ephemeral_1h_input_tokens") ?? 0)
        self.init(
            input: fresh + read + written,
            output: Self.count(usage, "output_tokens") ?? 0,
            cacheRead: read,
            cacheWrite: written - long,
            cacheWriteLong: long,
            reasoning: Self.count(usage["output_tokens_details"] ?? .null, "thinking_tokens") ?? 0
        )
    }

    /// The counts of Anthropic's `message_delta` over those of its `message_start`: what the later one names replaces.
    init?(anthropicStart start: JSON?, delta: JSON) {
        guard case .object(var members) = start ?? .object([:]) else { return nil }
        for (key, value) in delta.objectValue ?? [:] where value != .null { members[key] = value }
        self.init(anthropic: .object(members))
    }

    /// Gemini's `usageMetadata` (ai.google.dev/api/generate-content#UsageMetadata): thoughts are beside the candidates,
    /// what tools brought into the prompt beside the prompt. `nil` when there are no counts.
    init?(gemini usage: JSON) {
        guard let prompt = Self.count(usage, "promptTokenCount") else { return nil }
        let thoughts = Self.count(usage, "thoughtsTokenCount") ?? 0
        self.init(
            input: prompt + (Self.count(usage, "toolUsePromptTokenCount") ?? 0),
            output: (Self.count(usage, "candidatesTokenCount") ?? 0) + thoughts,
            cacheRead: min(prompt, Self.count(usage, "cachedContentTokenCount") ?? 0),
            reasoning: thoughts
        )
    }

    /// Bedrock's `usage` (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html), whose
    /// `inputTokens` leave out what was read from or written to the cache. `nil` when there are no counts.
    init?(bedrock usage: JSON) {
        guard let fresh = Self.count(usage, "inputTokens") else { return nil }
        let read = Self.count(usage, "cacheReadInputTokens") ?? 0
        let written = Self.count(usage, "cacheWriteInputTokens") ?? 0
        var long = 0
        for detail in usage["cacheDetails"]?.arrayValue ?? [] where detail["ttl"]?.stringValue == "1h" {
            long += Self.count(detail, "inputTokens") ?? 0
        }
        long = min(long, written)
        self.init(
            input: fresh + read + written,
            output: Self.count(usage, "outputTokens") ?? 0,
            cacheRead: read,
            cacheWrite: written - long,
            cacheWriteLong: long
        )
    }

    private static func count(_ usage: JSON, _ name: String) -> Int? {
        guard let count = usage[name]?.intValue, (0...1 << 40).contains(count) else { return nil }
        return count
    }

    /// Our counts as `usage` of chat completions.
    var chatCompletionsJSON: JSON {
        var asked: JSON = ["cached_tokens": .integer(Int64(cacheRead))]
        if cacheWrite + cacheWriteLong > 0 {
            asked["cache_write_tokens"] = .integer(Int64(cacheWrite + cacheWriteLong))
        }
        return [
            "prompt_tokens": .integer(Int64(input)), "completion_tokens": .integer(Int64(output)),
            "total_tokens": .integer(Int64(input + output)), "prompt_tokens_details": asked,
            "completion_tokens_details": ["reasoning_tokens": .integer(Int64(reasoning))],
        ]
    }

    /// Our counts as `usage` of responses.
    var responsesJSON: JSON {
        [
            "input_tokens": .integer(Int64(input)),
            "input_tokens_details": ["cached_tokens": .integer(Int64(cacheRead))],
            "output_tokens": .integer(Int64(output)),
            "output_tokens_details": ["reasoning_tokens": .integer(Int64(reasoning))],
            "total_tokens": .integer(Int64(input + output)),
        ]
    }

    /// Our counts as `usage` of messages.
    var messagesJSON: JSON {
        let written = cacheWrite + cacheWriteLong
        var usage: JSON = [
            "input_tokens": .integer(Int64(max(0, input - cacheRead - written))),
            "cache_creation_input_tokens": .integer(Int64(written)),
            "cache_read_input_tokens": .integer(Int64(cacheRead)), "output_tokens": .integer(Int64(output)),
        ]
        if written > 0 {
            usage["cache_creation"] = [
                "ephemeral_5m_input_tokens": .integer(Int64(cacheWrite)),
                "ephemeral_1h_input_tokens": .integer(Int64(cacheWriteLong)),
            ]
        }
        if reasoning > 0 { usage["output_tokens_details"] = ["thinking_tokens": .integer(Int64(reasoning))] }
        return usage
    }
}
