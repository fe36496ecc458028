package import CupelCore
import OrderedCollections

/// How a file left the gauntlet: through it, or held by the first layer that refused it. Every file has one.
package enum FileOutcome: String, Sendable, Hashable, CaseIterable {
    /// No layer refused it.
    case processed
    /// Its quality is below the least, or its linter's findings count.
    case lowQuality = "skipped_low_quality"
    case malicious = "skipped_malicious"
    case secrets = "skipped_secrets"
    case licence = "skipped_license"

    /// The outcome of a file that some layers refuse: quality comes before malice, secrets and licence.
    package init(refusedBy layers: Set<Layer>) {
        switch Layer.allCases.first(where: layers.contains) {
        case .quality, .lint: self = .lowQuality
        case .malice: self = .malicious
        case .secrets: self = .secrets
        case .licence: self = .licence
        case nil: self = .processed
        }
    }
}

/// What a scan did, layer by layer, and how its files left it. The outcomes of ``FileOutcome`` add up to the files.
package struct AssayStatistics: Sendable, Hashable {
    /// What one layer did.
    package struct LayerLine: Sendable, Hashable {
        /// Files that it looked at; of quality those that have a score.
        package var files: Int
        package var findings: Int
        /// Of the threads that did it, without the pass that all layers share.
        package var microseconds: Int64

        /// A line.
        package init(files: Int, findings: Int, microseconds: Int64) {
            self.files = files
            self.findings = findings
            self.microseconds = microseconds
        }
    }

    package var files: Int
    package var bytes: Int
    /// Files by how they left.
    package var outcomes: [FileOutcome: Int]
    /// The layers that ran.
    package var layers: [Layer: LayerLine]
    /// Of the one pass that all layers share, in microseconds of the threads that did it.
    package var pass: Int64
    /// From beginning to end, in microseconds by the clock.
    package var elapsed: Int64

    /// Statistics; without arguments those of nothing.
    package init(
        files: Int = 0,
        bytes: Int = 0,
        outcomes: [FileOutcome: Int] = [:],
        layers: [Layer: LayerLine] = [:],
        pass: Int64 = 0,
        elapsed: Int64 = 0
    ) {
        self.files = files
        self.bytes = bytes
        self.outcomes = outcomes
        self.layers = layers
        self.pass = pass
        self.elapsed = elapsed
    }

    /// Bytes a second by the clock; 0 where no time passed.
    package var bytesPerSecond: Int64 {
        guard elapsed > 0 else { return 0 }
        return Int64(Double(bytes) / (Double(elapsed) / 1_000_000))
    }

    /// The statistics as they are stored and sent; times in microseconds.
    package var json: JSON {
        var members: OrderedDictionary<String, JSON> = [
            "files": .integer(Int64(files)), "bytes": .integer(Int64(bytes)),
        ]
        for outcome in FileOutcome.allCases {
            members[outcome.rawValue] = .integer(Int64(outcomes[outcome] ?? 0))
        }
        var lines: OrderedDictionary<String, JSON> = [:]
        for layer in Layer.allCases {
            guard let line = layers[layer] else { continue }
            lines[layer.rawValue] = [
                "files": .integer(Int64(line.files)), "findings": .integer(Int64(line.findings)),
                "microseconds": .integer(line.microseconds),
            ]
        }
        members["layers"] = .object(lines)
        members["pass_microseconds"] = .integer(pass)
        members["elapsed_microseconds"] = .integer(elapsed)
        members["bytes_per_second"] = .integer(bytesPerSecond)
        return .object(members)
    }

    /// Reads what ``json`` wrote.
    /// - Throws: `validation_error` naming the member that is missing or wrong.
    package init(json: JSON) throws {
        self.init(
            files: try json.whole("files"),
            bytes: try json.whole("bytes"),
            pass: Int64(try json.whole("pass_microseconds")),
            elapsed: Int64(try json.whole("elapsed_microseconds"))
        )
        for outcome in FileOutcome.allCases {
            let count = try json.whole(outcome.rawValue)
            if count > 0 { outcomes[outcome] = count }
        }
        let lines = try json.member("layers")
        for layer in Layer.allCases {
            guard let line = lines[layer.rawValue] else { continue }
            layers[layer] = LayerLine(
                files: try line.whole("files"),
                findings: try line.whole("findings"),
                microseconds: Int64(try line.whole("microseconds"))
            )
        }
    }
}

extension VerdictPolicy {
    /// Whether a finding refuses its file: the policy asks for a look or blocks, or the quality is below the least.
    package func refuses(_ finding: Finding) -> Bool { finding.layer == .quality || verdict(for: finding) > .pass }

    /// How files left, of which some have findings. What a limit cut off is counted in `beyond`.
    package func outcomes(
        of findings: [Finding],
        files: Int,
        beyond: [FileOutcome: Int] = [:]
    ) -> [FileOutcome: Int] {
        var refusals: [String: Set<Layer>] = [:]
        for finding in findings where refuses(finding) { refusals[finding.path, default: []].insert(finding.layer) }
        var result = beyond
        for layers in refusals.values { result[FileOutcome(refusedBy: layers), default: 0] += 1 }
        let through = files - result.values.reduce(0, +)
        if through > 0 { result[.processed] = through }
        return result
    }

    /// What layers did, of a scan that took some times and left some findings.
    package func statistics(
        of findings: [Finding],
        files: Int,
        bytes: Int,
        measured: Int,
        layers ran: [Layer],
        times: AssayTimes,
        elapsed: Int64,
        beyond: [FileOutcome: Int] = [:]
    ) -> AssayStatistics {
        var counts: [Layer: Int] = [:]
        for finding in findings { counts[finding.layer, default: 0] += 1 }
        var layers: [Layer: AssayStatistics.LayerLine] = [:]
        for layer in ran {
            layers[layer] = AssayStatistics.LayerLine(
                files: layer == .quality ? measured : files,
                findings: counts[layer] ?? 0,
                microseconds: times.layers[layer] ?? 0
            )
        }
        return AssayStatistics(
            files: files,
            bytes: bytes,
            outcomes: outcomes(of: findings, files: files, beyond: beyond),
            layers: layers,
            pass: times.pass,
            elapsed: elapsed
        )
    }
}
