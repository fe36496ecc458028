package import CupelCore
import Yams

/// The policy file, read and checked as a whole.
package struct PolicyFile: Sendable {
    /// The digest of the text: the version by which others name it.
    package let version: Digest
    /// What is said of calls to models.
    package let calls: CallPolicy
    /// What is said of artefacts and their findings.
    package let artefacts: ArtefactPolicy

    /// The version of the format that is understood.
    package static let format = 1

    /// The largest file, in bytes.
    package static let maximumBytes = PolicyText.maximumBytes

    /// What is in force where there is no file.
    package static let standard = PolicyFile(version: Digest(of: ""), calls: .standard, artefacts: .standard)

    private init(version: Digest, calls: CallPolicy, artefacts: ArtefactPolicy) {
        self.version = version
        self.calls = calls
        self.artefacts = artefacts
    }

    /// Reads the text of a `cupel.policy.yaml`.
    /// - Throws: `invalid_policy` that names every problem by line and column.
    package init(_ text: String) throws {
        let version = Digest(of: text)
        self = try PolicyText.read(text) { root in
            var reader = PolicyReader()
            let file = root.flatMap { Self.sections($0, version, &reader) }
            guard reader.problems.isEmpty else { throw PolicyProblem.error(reader.problems) }
            guard let file else {
                let missing = PolicyProblem(location: nil, message: "is empty; it begins with: version: \(Self.format)")
                throw PolicyProblem.error([missing])
            }
            return file
        }
    }

    private static func sections(_ root: Node, _ version: Digest, _ reader: inout PolicyReader) -> PolicyFile? {
        guard let section = reader.section(root, "", known: ["version", "calls", "artefacts"]) else { return nil }
        if section.members["version"] == nil {
            reader.problem(root, "version", "is missing; this format is \(format)")
        }
        _ = reader.integer(section, "version", in: format...format)
        let calls = section.members["calls"].map { CallPolicy($0, version, &reader) } ?? CallPolicy(version: version)
        let artefacts = section.members["artefacts"].map { ArtefactPolicy($0, &reader) } ?? .standard
        guard let calls, let artefacts else { return nil }
        return PolicyFile(version: version, calls: calls, artefacts: artefacts)
    }
}
