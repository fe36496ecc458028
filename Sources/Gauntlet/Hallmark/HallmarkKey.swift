package import CupelCore
import Crypto
import Foundation

/// A key that signs hallmarks: Ed25519 (RFC 8032).
package struct HallmarkSigner: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// Makes a key.
    package init() { key = Curve25519.Signing.PrivateKey() }

    /// Reads a key that ``secret`` wrote: its 32 bytes in Base64.
    /// - Throws: `configuration_invalid` when it is none.
    package init(_ secret: Secret) throws {
        let text = secret.expose().filter { !$0.isWhitespace }
        guard let data = Data(base64Encoded: text), data.count == 32,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: data)
        else {
            throw CupelError(
                .configurationInvalid,
                "The key for hallmarks must be 32 bytes in Base64; `cupel hallmark key --new` makes one."
            )
        }
        self.key = key
    }

    /// The key as it is kept.
    package var secret: Secret { Secret(key.rawRepresentation.base64EncodedString()) }

    /// What others verify with.
    package var verifier: HallmarkVerifier { HallmarkVerifier(key: key.publicKey) }

    func signature(over bytes: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: bytes)) }
}

/// A key that verifies hallmarks.
package struct HallmarkVerifier: Sendable {
    private let key: Curve25519.Signing.PublicKey

    /// What stands before the key's bytes in a SubjectPublicKeyInfo (RFC 8410, section 4).
    private static let prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]

    init(key: Curve25519.Signing.PublicKey) { self.key = key }

    /// Reads a public key in PEM.
    /// - Throws: `validation_error` when it is none.
    package init(pem: String) throws {
        let lines = pem.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        let isFramed = lines.first == "-----BEGIN PUBLIC KEY-----" && lines.last == "-----END PUBLIC KEY-----"
        guard isFramed, let data = Data(base64Encoded: lines.dropFirst().dropLast().joined()),
            data.count == Self.prefix.count + 32, data.starts(with: Self.prefix),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: data.dropFirst(Self.prefix.count))
        else {
            throw CupelError(
                .validationError,
                "This is no Ed25519 public key in PEM; `cupel hallmark key` prints the one that signs here."
            )
        }
        self.key = key
    }

    /// The key in PEM, as other tools read it.
    package var pem: String {
        let text = Data(Self.prefix + Array(key.rawRepresentation)).base64EncodedString()
        return "-----BEGIN PUBLIC KEY-----\n\(text)\n-----END PUBLIC KEY-----\n"
    }

    /// What the key is called in envelopes: the first 32 hexadecimal digits of its SHA-256.
    package var identifier: String { String(Digest(of: Array(key.rawRepresentation)).hex.prefix(32)) }

    func isValid(_ signature: [UInt8], over bytes: [UInt8]) -> Bool { key.isValidSignature(signature, for: bytes) }
}
