import CupelCore

extension ProviderDialect {
    /// Bytes of an error's body that are looked at.
    package static let errorBodyLimit = 64 << 10

    /// Reads an answer whose status is not 200. `header` gives the value of a header by its lower-case name.
    package func fault(status: Int, header: (String) -> String?, body: [UInt8]) -> ProviderFault {
        let limits = JSONLimits(bytes: Self.errorBodyLimit, depth: 32)
        let json = try? JSON(parsing: body.prefix(Self.errorBodyLimit), limits: limits)
        var fault: ProviderFault
        if let json = json?[0] ?? json {
            fault = self.fault(status: status, error: json, type: header("x-amzn-errortype"))
        } else {
            let text = String(decoding: body.prefix(600), as: UTF8.self)
            fault = ProviderFault(Self.kind(status: status, word: "", text: text), text, status: status)
        }
        if let seconds = Self.retryAfter(header) { fault.retryAfterSeconds = seconds }
        return fault
    }

    /// Reads an error's body, or an error inside a stream, in any of the four formats: OpenAI's and Gemini's `error`
    /// object, Anthropic's `error.type`, Bedrock's `message` beside a type in a header.
    func fault(status: Int?, error json: JSON, type: String? = nil) -> ProviderFault {
        let error = json["error"] ?? json
        let text =
            error["message"]?.stringValue ?? error["Message"]?.stringValue ?? error.stringValue
            ?? json["message"]?.stringValue ?? json["detail"]?.stringValue ?? ""
        var words: [String] = []
        if let type { words.append(String(type.prefix { $0 != ":" })) }
        for name in ["code", "type", "status"] {
            if let word = error[name]?.stringValue { words.append(word) }
        }
        let number = status ?? error["code"]?.intValue ?? error["status"]?.intValue
        var fault = ProviderFault(
            Self.kind(status: number, word: words.joined(separator: " "), text: text),
            text,
            status: status
        )
        fault.retryAfterSeconds = Self.retryDelay(error["details"])
        return fault
    }

    /// What each format's words and the statuses mean.
    static func kind(status: Int?, word: String, text: String) -> ProviderFault.Kind {
        let word = word.lowercased()
        let text = text.prefix(1_000).lowercased()
        func says(_ words: String...) -> Bool { words.contains { word.contains($0) } }
        func tells(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if says("context_length", "request_too_large", "string_above_max_length") { return .contextTooLarge }
        if says("insufficient_quota", "billing") || tells("credit balance") || status == 402 { return .quotaSpent }
        if says("rate_limit", "throttling", "resource_exhausted", "servicequota", "too_many_requests") {
            return .rateLimited
        }
        if says("overloaded", "unavailable", "modelnotready") { return .overloaded }
        if says(
            "authentication",
            "permission",
            "accessdenied",
            "unrecognizedclient",
            "expiredtoken",
            "unauthenticated",
            "invalid_api_key",
            "invalidsignature",
            "missingauthentication"
        )
            || tells("api key not valid", "incorrect api key")
        {
            return .auth
        }
        if says("content_filter", "content_policy", "prohibited") { return .contentFiltered }
        if says("not_found", "resourcenotfound") { return .unknownModel }
        if tells(
            "prompt is too long",
            "maximum context",
            "context length",
            "context window",
            "input is too long",
            "input token count",
            "too many input tokens",
            "exceeds the maximum number of tokens"
        ) {
            return .contextTooLarge
        }
        if says("internal", "api_error", "server_error", "timeout", "modelerror", "modelstreamerror", "deadline") {
            return .server
        }
        if says("invalid", "validation", "badrequest") { return .invalid }
        return kind(status: status)
    }

    private static func kind(status: Int?) -> ProviderFault.Kind {
        switch status {
        case 401, 403: .auth
        case 404: .unknownModel
        case 413: .contextTooLarge
        case 429: .rateLimited
        case 503, 529: .overloaded
        case 408, 409, 425: .server
        case let status? where (400..<500).contains(status): .invalid
        default: .server
        }
    }

    /// `Retry-After` in seconds (RFC 9110, 10.2.3), or OpenAI's `retry-after-ms`; at most a day. Dates are not read.
    private static func retryAfter(_ header: (String) -> String?) -> Int? {
        if let text = header("retry-after-ms"), let value = Double(text), (0...86_400_000).contains(value) {
            return Int((value / 1_000).rounded(.up))
        }
        guard let text = header("retry-after"), let value = Double(text), (0...86_400).contains(value) else {
            return nil
        }
        return Int(value.rounded(.up))
    }

    /// Google's `RetryInfo` among the details of an error: `"retryDelay": "34.07s"`.
    private static func retryDelay(_ details: JSON?) -> Int? {
        for detail in details?.arrayValue ?? [] {
            guard let text = detail["retryDelay"]?.stringValue, text.hasSuffix("s"),
                let value = Double(text.dropLast()), (0...86_400).contains(value)
            else { continue }
            return Int(value.rounded(.up))
        }
        return nil
    }
}
