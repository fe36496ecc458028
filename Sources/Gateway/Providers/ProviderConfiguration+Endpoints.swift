/// What a provider is asked to do.
package enum ProviderOperation: Sendable, Hashable, CaseIterable {
    /// Answer a conversation.
    case chat
    /// Answer in OpenAI's `responses`.
    case responses
    /// Turn texts into vectors.
    case embeddings
    /// Count the tokens of a conversation.
    case countTokens
    /// List its models.
    case models
}

extension ProviderConfiguration {
    /// The path and query of an operation; `nil` when the dialect has none for it.
    ///
    /// The paths follow each API's reference: OpenAI, Azure OpenAI (`v1` and dated), Anthropic's Messages, Gemini's
    /// `generateContent`, Bedrock's Converse.
    /// - Parameter model: what the provider calls the model; it is escaped where it stands in the path.
    package func path(of operation: ProviderOperation, model: String, streams: Bool = false) -> String? {
        let path: String? =
            switch dialect {
            case .openAI: preset.name == "azure" ? azurePath(operation, model) : openAIPath(operation)
            case .anthropic:
                switch operation {
                case .chat: "/v1/messages"
                case .countTokens: "/v1/messages/count_tokens"
                case .models: "/v1/models"
                case .responses, .embeddings: nil
                }
            case .gemini: geminiPath(operation, model, streams)
            case .bedrock:
                operation == .chat ? "/model/\(Self.escape(model))/converse\(streams ? "-stream" : "")" : nil
            }
        return path.map { address.path + $0 }
    }

    private func openAIPath(_ operation: ProviderOperation) -> String? {
        switch operation {
        case .chat: "/chat/completions"
        case .responses: preset.hasResponses ? "/responses" : nil
        case .embeddings: preset.hasEmbeddings ? "/embeddings" : nil
        case .models: "/models"
        case .countTokens: nil
        }
    }

    private func azurePath(_ operation: ProviderOperation, _ deployment: String) -> String? {
        guard let rest = openAIPath(operation) else { return nil }
        if apiVersion == "v1" { return "/openai/v1" + rest }
        let query = "?api-version=" + Self.escape(apiVersion)
        return switch operation {
        case .chat, .embeddings: "/openai/deployments/\(Self.escape(deployment))\(rest)\(query)"
        case .responses, .models, .countTokens: "/openai\(rest)\(query)"
        }
    }

    private func geminiPath(_ operation: ProviderOperation, _ model: String, _ streams: Bool) -> String? {
        let models = "/models/" + Self.escape(model)
        return switch operation {
        case .chat: models + (streams ? ":streamGenerateContent?alt=sse" : ":generateContent")
        case .embeddings: models + ":batchEmbedContents"
        case .countTokens: models + ":countTokens"
        case .models: "/models"
        case .responses: nil
        }
    }

    /// A text as one part of a path (RFC 3986, 2.3): everything but unreserved characters is escaped.
    static func escape(_ text: String) -> String {
        let plain = Set("-._~".utf8)
        var bytes: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: bytes.append(byte)
            case _ where plain.contains(byte): bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
