/// What a check gets to see of a match.
struct TokenContext {
    /// The captured text.
    var value: String
    /// The name it was given to, where the rule captures one.
    var name: String
    /// How values are written in the file.
    var kind: FileKind
    /// Whether the file belongs to tests, examples or documentation.
    var isRehearsal = false
    /// Whether the value stands between two equal quotes.
    var isQuoted: Bool
}

/// What a check says of a match.
enum ConfirmationResult {
    case holds
    case fails
    /// It stays a finding, but of medium severity at most; why, in a few words.
    case weakens(String)
}

extension Confirmation {
    func judge(_ token: TokenContext) -> ConfirmationResult {
        switch self {
        case .checksum(.base58Check): Base58Check.fits(token.value.utf8) ? .holds : .fails
        case .checksum(let checksum):
            TokenStructure.fits(checksum, token.value)
                ? .holds : .weakens("its checksum does not fit, so it may be altered or made up")
        default: holds(token) ? .holds : .fails
        }
    }

    private func holds(_ token: TokenContext) -> Bool {
        let value = token.value
        switch self {
        case .entropy(let bits): return Entropy.bits(value.utf8) >= bits
        case .length(let bounds): return bounds.contains(value.utf8.count)
        case .digits(let count): return CharacterClasses(value).digits >= count
        case .notPlaceholder: return !Placeholder.isOne(value)
        case .checksum: return true
        case .jwt: return TokenStructure.isJWT(value)
        case .privateKey: return TokenStructure.isPrivateKeyBody(value)
        case .basicCredentials: return TokenStructure.isBasicCredentials(value)
        case .urlPassword:
            guard TokenStructure.isURLPassword(value, user: token.name.isEmpty ? nil : token.name) else { return false }
            return !token.isRehearsal || PasswordShape.strength(value, ValueShape(value)) == .strong
        case .password:
            return ContextName.isAboutASecret(token.name)
                && PasswordShape.isPassword(value, isQuoted: token.isQuoted)
        case .randomKey:
            return ContextName.isAboutASecret(token.name)
                && PasswordShape.isRandomKey(value, isQuoted: token.isQuoted)
        }
    }
}

/// Judges the name that a value was given to.
enum ContextName {
    /// Whether the name means the secret itself, not its file, its length, its hash or the question for it.
    static func isAboutASecret(_ name: String) -> Bool {
        !others.isFound(inLowered: name)
    }

    private static let others = WordList([
        "file", "path", "_dir", "length", "_len", "size", "hash", "digest", "checksum", "policy", "prompt", "label",
        "title", "hint", "help", "message", "msg", "error", "regex", "pattern", "format", "field", "column", "header",
        "_name", "-name", "secretname", "keyname", "tokenname", "_type", "-type", "tokentype", "keytype", "_url",
        "-url", "_uri", "endpoint", "_id\"", "expir", "ttl", "timeout", "version", "public", "pubkey", "publickey",
        "tokenizer", "max_token", "min_token", "num_token", "token_count", "tokens", "algorithm", "encoding", "charset",
        "method", "class", "_env", "-env", "env_", "_var", "placeholder", "example", "reset", "forgot", "strength",
        "rotate", "_ref", "-ref", "secretref", "_arn", "selector", "author", "keyboard", "keyword", "keycode", "_test",
        "integrity", "etag", "cachekey", "cache_key", "primary_key", "sort_key", "partition",
    ])
}
