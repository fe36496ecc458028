package import CupelCore
import Foundation

/// A signed statement that artefacts passed: a DSSE envelope (Dead Simple Signing Envelope, version 1) around an in-toto
/// statement.
package struct Hallmark: Sendable, Hashable {
    /// What is wrong with a hallmark, in words for a person.
    package enum Fault: Sendable, Hashable {
        /// No signature is by the key.
        case otherKey([String])
        /// A signature is said to be by the key, and is not over what stands there.
        case wrongSignature
        /// The statement does not name the file's content.
        case otherContent(name: String, digest: Digest)
        /// It states that the artefact did not pass.
        case notPassed(Verdict, String)

        package var description: String {
            switch self {
            case .otherKey(let names):
                "it is not signed with this key but with \(names.isEmpty ? "none" : names.joined(separator: ", "))"
            case .wrongSignature: "its signature does not fit: the statement or the signature was changed"
            case .otherContent(let name, let digest):
                "it says nothing of \(name) as it is now (\(digest)): the file was changed after it was signed, or it is "
                    + "another file's hallmark"
            case .notPassed(let verdict, let reason): "it states \(verdict.rawValue): \(reason)"
            }
        }
    }

    /// The kind of what is signed.
    package static let payloadType = "application/vnd.in-toto+json"
    /// Bytes of an envelope, at most.
    package static let maximumBytes = 8 << 20

    private var payload: [UInt8]
    private var signatures: [Signature]

    private struct Signature: Sendable, Hashable {
        var key: String
        var bytes: [UInt8]
    }

    /// What it states; nothing says that it is true before ``verify(with:content:)``.
    package let statement: HallmarkStatement

    /// Signs a statement.
    package init(_ statement: HallmarkStatement, signedWith signer: HallmarkSigner) throws {
        self.statement = statement
        payload = statement.json.bytes()
        signatures = []
        let signature = try signer.signature(over: Self.encoding(payload))
        signatures = [Signature(key: signer.verifier.identifier, bytes: signature)]
    }

    /// Reads an envelope.
    /// - Throws: `validation_error` that says what is wrong with its form.
    package init(parsing bytes: [UInt8]) throws {
        let limits = JSONLimits(bytes: Self.maximumBytes, depth: 16, values: 1_000_000)
        let json: JSON
        do { json = try JSON(parsing: bytes, limits: limits) } catch {
            throw CupelError(.validationError, "This is no hallmark: it is not JSON (\(error)).")
        }
        guard json["payloadType"]?.stringValue == Self.payloadType else {
            throw CupelError(.validationError, "This is no hallmark: its payloadType is not \(Self.payloadType).")
        }
        guard let payload = json["payload"]?.stringValue.flatMap({ Data(base64Encoded: $0) }) else {
            throw CupelError(.validationError, "This is no hallmark: its payload is not Base64.")
        }
        self.payload = Array(payload)
        signatures = (json["signatures"]?.arrayValue ?? []).prefix(100).compactMap { item in
            item["sig"]?.stringValue.flatMap { Data(base64Encoded: $0) }.map {
                Signature(key: item["keyid"]?.stringValue ?? "", bytes: Array($0))
            }
        }
        guard !signatures.isEmpty else { throw CupelError(.validationError, "This hallmark has no signature.") }
        do { statement = try HallmarkStatement(json: JSON(parsing: self.payload, limits: limits)) } catch let error
            as JSONError
        { throw CupelError(.validationError, "The hallmark's payload is not JSON (\(error)).") }
    }

    /// The envelope.
    package var json: JSON {
        [
            "payloadType": .string(Self.payloadType), "payload": .string(Data(payload).base64EncodedString()),
            "signatures": .array(
                signatures.map { ["keyid": .string($0.key), "sig": .string(Data($0.bytes).base64EncodedString())] }
            ),
        ]
    }

    /// Looks whether it holds; works without a network and without the program that signed.
    /// - Parameters:
    ///   - keys: Those that are trusted; one of them must have signed.
    ///   - content: The artefacts as they are now, when they are at hand.
    /// - Returns: what is wrong, the worst first; empty when it holds.
    package func verify(
        with keys: [HallmarkVerifier],
        content: [(name: String, digest: Digest)] = []
    ) -> [Fault] {
        let signed = Self.encoding(payload)
        let isSigned = keys.contains { key in signatures.contains { key.isValid($0.bytes, over: signed) } }
        guard isSigned else {
            let names = Set(keys.map(\.identifier))
            let isNamed = signatures.contains { names.contains($0.key) }
            return [isNamed ? .wrongSignature : .otherKey(signatures.map(\.key))]
        }
        var faults: [Fault] = []
        for item in content where !statement.subjects.contains(where: { $0.digest == item.digest }) {
            faults.append(.otherContent(name: item.name, digest: item.digest))
        }
        if statement.verdict == .block || statement.verdict == .review && statement.approver == nil {
            faults.append(.notPassed(statement.verdict, statement.reason))
        }
        return faults
    }

    /// What is signed: DSSE's pre-authentication encoding.
    private static func encoding(_ payload: [UInt8]) -> [UInt8] {
        Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
    }
}
