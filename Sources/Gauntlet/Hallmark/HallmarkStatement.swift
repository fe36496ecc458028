package import CupelCore
import OrderedCollections

/// What a hallmark states of artefacts: an in-toto Statement (in-toto attestation framework, version 1) with our predicate.
package struct HallmarkStatement: Sendable, Hashable {
    /// One artefact, by what it is called and its SHA-256.
    package struct Subject: Sendable, Hashable {
        package var name: String
        package var digest: Digest

        /// An artefact.
        package init(name: String, digest: Digest) {
            self.name = name
            self.digest = digest
        }
    }

    /// The kind of statement and of predicate.
    package static let type = "https://in-toto.io/Statement/v1"
    package static let predicateType = "urn:cupel:hallmark:v1"
    /// Subjects of one statement, at most.
    package static let maximumSubjects = 10_000

    package var subjects: [Subject]
    /// What the gauntlet said under the policy.
    package var verdict: Verdict
    /// Why, in a sentence.
    package var reason: String
    /// The digest of the policy's file.
    package var policy: String
    /// The rules it was judged by.
    package var rulePack: String
    package var layers: [Layer]
    /// The model that made it, and the call that it was made in, where one did.
    package var model: String?
    package var call: String?
    /// Who said yes, where a person was asked.
    package var approver: String?
    package var time: Timestamp
    /// The version of the program that signed.
    package var program: String

    /// A statement over assays of one policy and one set of rules.
    package init(
        subjects: [Subject],
        verdict: Verdict,
        reason: String,
        policy: String,
        rulePack: String,
        layers: [Layer],
        model: String? = nil,
        call: String? = nil,
        approver: String? = nil,
        time: Timestamp,
        program: String
    ) {
        self.subjects = subjects
        self.verdict = verdict
        self.reason = reason
        self.policy = policy
        self.rulePack = rulePack
        self.layers = layers
        self.model = model
        self.call = call
        self.approver = approver
        self.time = time
        self.program = program
    }

    /// The statement as it is signed.
    package var json: JSON {
        var predicate: OrderedDictionary<String, JSON> = [
            "verdict": .string(verdict.rawValue), "reason": .string(reason), "policy": .string(policy),
            "rulePack": .string(rulePack), "layers": .array(layers.map { .string($0.rawValue) }),
        ]
        if let model { predicate["model"] = .string(model) }
        if let call { predicate["call"] = .string(call) }
        if let approver { predicate["approver"] = .string(approver) }
        predicate["time"] = .string(time.description)
        predicate["program"] = .string(program)
        return [
            "_type": .string(Self.type),
            "subject": .array(
                subjects.map { ["name": .string($0.name), "digest": ["sha256": .string($0.digest.hex)]] }
            ),
            "predicateType": .string(Self.predicateType),
            "predicate": .object(predicate),
        ]
    }

    /// Reads what ``json`` wrote.
    /// - Throws: `validation_error` naming what is missing or wrong.
    package init(json: JSON) throws {
        guard json["_type"]?.stringValue == Self.type else { throw Self.wrong("_type", "must be \(Self.type)") }
        guard json["predicateType"]?.stringValue == Self.predicateType else {
            throw Self.wrong("predicateType", "must be \(Self.predicateType); this is another kind of statement")
        }
        guard let list = json["subject"]?.arrayValue, (1...Self.maximumSubjects).contains(list.count) else {
            throw Self.wrong("subject", "must be a list of 1 to \(Self.maximumSubjects) artefacts")
        }
        subjects = try list.enumerated().map { index, item in
            guard let name = item["name"]?.stringValue,
                let digest = item["digest"]?["sha256"]?.stringValue.flatMap({ Digest("sha256:" + $0) })
            else { throw Self.wrong("subject[\(index)]", "must have a name and a SHA-256") }
            return Subject(name: name, digest: digest)
        }
        guard let predicate = json["predicate"] else { throw Self.wrong("predicate", "is missing") }
        func text(_ name: String) throws -> String {
            guard let value = predicate[name]?.stringValue else { throw Self.wrong("predicate.\(name)", "is missing") }
            return value
        }
        guard let verdict = Verdict(rawValue: try text("verdict")) else {
            throw Self.wrong("predicate.verdict", "must be pass, review or block")
        }
        guard let time = Timestamp(rfc3339: try text("time")) else {
            throw Self.wrong("predicate.time", "must be a moment as RFC 3339 writes it")
        }
        self.verdict = verdict
        self.time = time
        reason = try text("reason")
        policy = try text("policy")
        rulePack = try text("rulePack")
        layers = (predicate["layers"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap(Layer.init) }
        model = predicate["model"]?.stringValue
        call = predicate["call"]?.stringValue
        approver = predicate["approver"]?.stringValue
        program = try text("program")
    }

    private static func wrong(_ field: String, _ problem: String) -> CupelError {
        CupelError(.validationError, "The hallmark's statement cannot be read", fields: [FieldProblem(field, problem)])
    }
}
