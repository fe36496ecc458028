import CupelCore

/// Looks inside tokens that carry structure: JWTs, key blocks, Basic credentials, checksums.
enum TokenStructure {
    /// Whether three base64url parts hold a JOSE header with `alg` and a claims object (RFC 7519).
    static func isJWT(_ token: String) -> Bool {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2].utf8.count >= 16,
            let header = Base64.decode(parts[0].utf8).flatMap({ try? JSON(parsing: $0) }),
            let algorithm = header["alg"]?.stringValue, algorithm.lowercased() != "none",
            let claims = Base64.decode(parts[1].utf8).flatMap({ try? JSON(parsing: $0) }),
            claims.objectValue != nil
        else { return false }
        // The example of jwt.io stands in half the documentation of the world.
        return claims["name"]?.stringValue != "John Doe" && !Placeholder.isPattern(Array(parts[2].utf8))
    }

    /// Whether a block between BEGIN and END has the bulk of a key, and not a drawing of one.
    static func isPrivateKeyBody(_ body: String) -> Bool {
        var count = 0
        var content: [UInt8] = []
        for line in body.replacingEscapedNewlines().split(whereSeparator: { $0.isWhitespace }) {
            let text = line.drop { "\"'+,>#*/|\\ ".contains($0) }
            if text.contains(":") || text.contains("...") { continue }
            for byte in text.utf8 where isBase64(byte) {
                count += 1
                if content.count < 4096 { content.append(byte) }
            }
        }
        return count >= 48 && Entropy.bits(content) >= 4.2 && Set(content).count >= 24
    }

    /// Whether Base64 holds `user:password` with a password that is one (RFC 7617).
    static func isBasicCredentials(_ value: String) -> Bool {
        guard !Placeholder.isStandIn(value), let bytes = Base64.decode(value.utf8),
            let text = String(validating: bytes, as: UTF8.self),
            let colon = text.firstIndex(of: ":"), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return false }
        let password = String(text[text.index(after: colon)...])
        return password.utf8.count >= 4 && !Placeholder.isOne(password)
            && !Placeholder.isStandIn(String(text[..<colon]) + "_")
    }

    /// Whether the password in a URL is one: not a placeholder, not the user's own name.
    static func isURLPassword(_ password: String, user: String?) -> Bool {
        let password = percentDecoded(password)
        guard password.utf8.count >= 4, !Placeholder.isOne(password), password != user else { return false }
        let shape = ValueShape(password)
        guard shape.wordLikeness < 0.7 || shape.digits > 1 else { return false }
        return shape.isRandom(atLeast: 12) || PasswordShape.strength(password, shape) != .none
    }

    private static func percentDecoded(_ text: String) -> String {
        guard text.contains("%") else { return text }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.first {
            let digits = rest.dropFirst().prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(String(digits) ?? "", radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the checksum that the format documents fits.
    static func fits(_ checksum: TokenChecksum, _ token: String) -> Bool {
        switch checksum {
        case .base58Check: return Base58Check.fits(token.utf8)
        case .crc32Base62:
            let body = token.split(separator: "_").last ?? ""
            guard body.utf8.count > 6 else { return false }
            return CRC32.base62(of: body.utf8.dropLast(6)) == body.suffix(6)
        }
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): true
        default: false
        }
    }
}

extension String {
    /// Key blocks in JSON and environment files carry `\n` as two characters.
    fileprivate func replacingEscapedNewlines() -> String {
        guard contains("\\") else { return self }
        return split(separator: "\\r").joined(separator: "\n").split(separator: "\\n").joined(separator: "\n")
    }
}
