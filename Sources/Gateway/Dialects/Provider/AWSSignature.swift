package import CupelCore

/// Signs requests to AWS by Signature Version 4
/// (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
package struct AWSSignature: Sendable {
    /// Whose requests they are.
    package struct Credentials: Sendable {
        /// The name of the key.
        package var accessKeyID: String
        /// The key.
        package var secretAccessKey: Secret
        /// The token of temporary credentials.
        package var sessionToken: Secret?

        /// Credentials, temporary ones with their token.
        package init(accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil) {
            self.accessKeyID = accessKeyID
            self.secretAccessKey = secretAccessKey
            self.sessionToken = sessionToken
        }
    }

    private let credentials: Credentials
    private let region: String
    private let service: String

    /// Signs for a region and a service, which is `bedrock` for its runtime.
    package init(_ credentials: Credentials, region: String, service: String = "bedrock") {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The headers to add: `x-amz-date`, the session's token, `authorization`. `headers` are those to sign, `host`
    /// among them, with names in lower case; `path` is as it is sent, escaped once, with its query.
    package func headers(
        method: String,
        path: String,
        headers: [(name: String, value: String)],
        bodyDigest: Digest,
        at time: Timestamp
    ) -> [(name: String, value: String)] {
        let stamp = Self.stamp(time)
        var added: [(name: String, value: String)] = [("x-amz-date", stamp)]
        if let token = credentials.sessionToken { added.append(("x-amz-security-token", token.expose())) }
        let signed = (headers + added).sorted { $0.name < $1.name }
        let names = signed.map(\.name).joined(separator: ";")
        let lines = signed.map { "\($0.name):\(Self.trimmed($0.value))\n" }.joined()
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts.count == 2 ? Self.canonicalQuery(String(parts[1])) : ""
        // Every service but S3 signs the path escaped a second time.
        let uri = PercentEncoding.encode(parts[0].isEmpty ? "/" : String(parts[0]), keeping: "/")
        let canonical = "\(method)\n\(uri)\n\(query)\n\(lines)\n\(names)\n\(bodyDigest.hex)"
        let scope = "\(stamp.prefix(8))/\(region)/\(service)/aws4_request"
        let toSign = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n\(Digest(of: canonical).hex)"
        var key = Array("AWS4".utf8) + Array(credentials.secretAccessKey.expose().utf8)
        for step in [String(stamp.prefix(8)), region, service, "aws4_request"] {
            key = HMAC.sha256(key: key, Array(step.utf8))
        }
        let signature = Self.hex(HMAC.sha256(key: key, Array(toSign.utf8)))
        let value =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(names), "
            + "Signature=\(signature)"
        return added + [("authorization", value)]
    }

    /// `20150830T123600Z`.
    private static func stamp(_ time: Timestamp) -> String {
        let text = time.description
        return String(text.prefix(19).filter { $0 != "-" && $0 != ":" }) + "Z"
    }

    private static func canonicalQuery(_ query: String) -> String {
        query.split(separator: "&").map { $0.contains("=") ? String($0) : $0 + "=" }.sorted().joined(separator: "&")
    }

    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// Keyed digests (RFC 2104).
enum HMAC {
    static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var block = key.count > 64 ? Digest(of: key).bytes : key
        block += [UInt8](repeating: 0, count: 64 - block.count)
        var inner = SHA256()
        inner.update(block.map { $0 ^ 0x36 })
        inner.update(message)
        var outer = SHA256()
        outer.update(block.map { $0 ^ 0x5C })
        outer.update(inner.finish())
        return outer.finish()
    }
}
