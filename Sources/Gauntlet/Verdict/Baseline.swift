package import CupelCore

/// Findings that were there when a team began to look: they are known and do not count, new ones do.
package struct Baseline: Sendable, Hashable {
    /// The version of the format.
    package static let format = 1
    /// Bytes of a file, at most.
    package static let maximumBytes = 64 << 20
    /// The fingerprints, which give no secret away.
    package var fingerprints: Set<String>

    /// A baseline of findings.
    package init(_ findings: [Finding]) { fingerprints = Set(findings.map(\.fingerprint)) }

    /// Reads what ``json(of:rulePack:)`` wrote.
    /// - Throws: `validation_error` that says what is wrong.
    package init(json: JSON) throws {
        guard json["version"]?.intValue == Self.format else {
            throw CupelError(.validationError, "The baseline is not of version \(Self.format); write it anew.")
        }
        guard let list = json["findings"]?.arrayValue else {
            throw CupelError(.validationError, "The baseline has no list `findings`; write it anew.")
        }
        fingerprints = []
        for (index, item) in list.enumerated() {
            guard let fingerprint = item["fingerprint"]?.stringValue else {
                throw CupelError(.validationError, "findings[\(index)] of the baseline has no fingerprint.")
            }
            fingerprints.insert(fingerprint)
        }
    }

    /// The file: a fingerprint a finding, with rule and path for whoever reads it.
    package static func json(of findings: [Finding], rulePack: String) -> JSON {
        let ordered = findings.sorted { ($0.path, $0.rule, $0.fingerprint) < ($1.path, $1.rule, $1.fingerprint) }
        return [
            "version": .integer(Int64(format)), "rule_pack": .string(rulePack),
            "findings": .array(
                ordered.map {
                    ["fingerprint": .string($0.fingerprint), "rule": .string($0.rule), "path": .string($0.path)]
                }
            ),
        ]
    }
}
