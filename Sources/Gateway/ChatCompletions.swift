import CupelCore
import OrderedCollections

/// OpenAI's chat completions on the wire (platform.openai.com/docs/api-reference/chat).
enum ChatCompletions {
    /// The request's body.
    static func body(of request: ModelRequest, model: String, mode: StructuredMode?) -> JSON {
        var members: OrderedDictionary<String, JSON> = [
            "model": .string(model), "messages": .array(messages(of: request, mode: mode)),
            "max_tokens": .integer(Int64(request.maxTokens)), "stream": false,
        ]
        if let temperature = request.temperature { members["temperature"] = .number(temperature) }
        if let seed = request.seed { members["seed"] = .integer(Int64(seed)) }
        if let shape = request.shape {
            switch mode {
            case .jsonSchema:
                members["response_format"] = [
                    "type": "json_schema",
                    "json_schema": [
                        "name": .string(shape.name), "schema": shape.schema, "strict": .bool(shape.isStrict),
                    ],
                ]
            case .jsonObject:
                members["response_format"] = ["type": "json_object", "schema": shape.schema]
            case .plain, nil: break
            }
        }
        return .object(members)
    }

    private static func messages(of request: ModelRequest, mode: StructuredMode?) -> [JSON] {
        var system = request.system ?? ""
        if mode == .plain, let shape = request.shape {
            if !system.isEmpty { system += "\n\n" }
            system += "Answer with one JSON object and nothing else. It must match this JSON schema:\n"
            system += shape.schema.text()
        }
        let turns: [JSON] = request.messages.map { ["role": .string($0.role.rawValue), "content": .string($0.text)] }
        return system.isEmpty ? turns : [["role": "system", "content": .string(system)]] + turns
    }

    /// What an answer's body says.
    struct Answer {
        var text: String
        var model: String?
        var finish: FinishReason
        var usage: TokenUsage?
    }

    /// Reads an answer's body, strictly.
    /// - Throws: ``UpstreamFailure`` `garbled`, saying what is wrong.
    static func answer(_ body: [UInt8], limits: UpstreamLimits) throws(UpstreamFailure) -> Answer {
        let json: JSON
        do {
            json = try JSON(parsing: body, limits: JSONLimits(bytes: limits.answerBytes, depth: 32))
        } catch {
            throw .garbled("its answer is no JSON: \(error)")
        }
        guard let choice = json["choices"]?[0], let message = choice["message"] else {
            throw .garbled("its answer has no choices[0].message")
        }
        guard let text = message["content"]?.stringValue ?? message["refusal"]?.stringValue else {
            throw .garbled("its answer's choices[0].message.content is no text")
        }
        var usage: TokenUsage?
        if let input = json["usage"]?["prompt_tokens"]?.intValue,
            let output = json["usage"]?["completion_tokens"]?.intValue, input >= 0, output >= 0
        {
            usage = TokenUsage(input: input, output: output)
        }
        let word = (choice["finish_reason"]?.stringValue).map { String($0.prefix(64)) }
        return Answer(
            text: text,
            model: (json["model"]?.stringValue).map { String($0.prefix(256)) },
            finish: FinishReason(word),
            usage: usage
        )
    }

    /// What an error's body says, at most 300 characters of it, for people.
    static func complaint(_ body: [UInt8]) -> String {
        let json = try? JSON(parsing: body, limits: JSONLimits(bytes: 64 << 10, depth: 16))
        let said =
            json?["error"]?["message"]?.stringValue ?? json?["error"]?.stringValue ?? json?["message"]?.stringValue
            ?? json?["detail"]?.stringValue ?? String(decoding: body.prefix(600), as: UTF8.self)
        let line = said.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return Redactor.shared.redact(String(line.prefix(300)))
    }
}
