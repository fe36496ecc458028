package import CupelCore
import OrderedCollections

extension Assay {
    /// The assay as it is stored and sent.
    package var json: JSON {
        [
            "digest": .string(digest.description), "bytes": .integer(Int64(bytes)),
            "verdict": .string(verdict.rawValue), "reason": .string(reason),
            "layers": .array(layers.map { .string($0.rawValue) }), "rule_pack": .string(rulePackVersion),
            "truncated": .bool(isTruncated), "times": times.json, "findings": .array(findings.map(\.json)),
            "allowances": .array(allowances.map(\.json)),
            "quality": quality?.json ?? .null, "licence": licence.map { .string($0) } ?? .null,
            "licences": .array(statements.map(\.json)), "statistics": statistics.json,
        ]
    }

    /// Reads what ``json`` wrote, and what versions wrote that did not know of quality, licences and statistics.
    /// - Throws: `validation_error` naming the member that is missing or wrong.
    package init(json: JSON) throws {
        guard let digest = Digest(try json.text("digest")) else {
            throw JSON.wrong("digest", "must be sha256: and 64 hexadecimal digits")
        }
        let layers = try json.list("layers").map { element in
            guard let layer = element.stringValue.flatMap(Layer.init) else {
                throw JSON.wrong("layers", "must hold names of layers")
            }
            return layer
        }
        guard let isTruncated = try json.member("truncated").boolValue else {
            throw JSON.wrong("truncated", "must be a boolean")
        }
        self.init(
            digest: digest,
            bytes: try json.whole("bytes"),
            findings: try json.list("findings").map { try Finding(json: $0) },
            allowances: try json.list("allowances").map { try Allowance(json: $0) },
            verdict: try json.choice("verdict"),
            reason: try json.text("reason"),
            layers: layers,
            rulePackVersion: try json.text("rule_pack"),
            times: try AssayTimes(json: json.member("times")),
            isTruncated: isTruncated,
            quality: try json["quality"].flatMap { $0.isNull ? nil : try QualityScore(json: $0) },
            licence: json["licence"]?.stringValue,
            statements: try (json["licences"]?.arrayValue ?? []).map { try LicenceStatement(json: $0) },
            statistics: try json["statistics"].map { try AssayStatistics(json: $0) } ?? AssayStatistics()
        )
    }
}

extension AssayTimes {
    /// Microseconds by layer, with the shared pass as `pass`.
    package var json: JSON {
        var members: OrderedDictionary<String, JSON> = ["pass": .integer(pass)]
        for layer in Layer.allCases {
            if let time = layers[layer] { members[layer.rawValue] = .integer(time) }
        }
        return .object(members)
    }

    /// Reads what ``json`` wrote.
    /// - Throws: `validation_error` naming the member that is missing or wrong.
    package init(json: JSON) throws {
        self.init(pass: Int64(try json.whole("pass")))
        for layer in Layer.allCases where json[layer.rawValue] != nil {
            layers[layer] = Int64(try json.whole(layer.rawValue))
        }
    }
}
