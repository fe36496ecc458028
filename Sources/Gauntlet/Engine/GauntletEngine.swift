package import CupelCore
import Synchronization

/// Looks at bytes with all rules of a pack in one pass. One engine serves any number of threads.
package final class GauntletEngine: Sendable {
    /// Bytes of one artefact that are looked at, at most; the assay says when there were more.
    package static let maximumBytes = 64 << 20
    /// Findings of one artefact that are kept, at most; the assay says when there were more.
    package static let maximumFindings = 1000
    /// Idle working memories that are kept for the next scans.
    private static let maximumIdleScratches = 64

    /// The rules this engine was made with.
    package let rules: RulePack
    /// The version of all that decides what is found, as it stands in every assay.
    package let rulePackVersion: String
    /// The layers that run: those that have rules, and quality when it is asked for; in their order.
    package let layers: [Layer]

    /// What finds licences; `nil` when that layer is off.
    package let licences: LicenceScanner?

    let compiled: [CompiledRule]
    /// The rules and behind them the combinations, as findings name them.
    let named: [CompiledRule]
    let table: SignalTable
    /// What the places of each pattern of the database are for.
    private let uses: [PatternUse]
    let time: any TimeSource
    private let database: PatternDatabase
    private let idle = Mutex<[ScanScratch]>([])

    /// An engine for a pack. Compiling takes a second or so; from a cache it takes milliseconds.
    ///
    /// - Parameters:
    ///   - rules: The rules; an empty pack finds nothing.
    ///   - cacheDirectory: Where the compiled database is kept; made when it is missing, `nil` for nowhere.
    ///   - licences: What finds licences, for the files that the pass selects; `nil` leaves that layer out.
    ///   - time: What the times of an assay are measured with.
    ///   - measuresQuality: Whether the quality layer runs, which needs no rules.
    /// - Throws: `validation_error` naming the rule whose pattern is refused.
    package init(
        rules: RulePack,
        cacheDirectory: String?,
        licences: LicenceScanner? = nil,
        time: any TimeSource = SystemTime(),
        measuresQuality: Bool = false
    ) throws {
        self.rules = rules
        self.licences = licences
        self.time = time
        rulePackVersion = EngineVersion.of(rules, licences: licences, measuresQuality: measuresQuality)
        let present = Set(
            rules.rules.map(\.layer) + (licences == nil ? [] : [.licence]) + (measuresQuality ? [.quality] : [])
        )
        layers = Layer.allCases.filter { present.contains($0) }
        do {
            // Licences' triggers follow the rules' patterns: what has no rule's number is one of them.
            var patterns = rules.rules.map(\.passPattern) + (licences == nil ? [] : LicenceTriggers.patterns)
            if patterns.isEmpty { patterns = ["\\x00cupel\\x00"] }
            let database = try PatternDatabase.load(patterns, cacheDirectory: cacheDirectory)
            self.database = database
            compiled = zip(rules.rules, database.widths).map { CompiledRule($0, width: $1) }
            named = compiled + rules.combinations.map { CompiledRule($0.rule, width: nil) }
            // What follows the rules' patterns, licences' triggers, is only counted.
            let ofRules = compiled.map { PatternUse($0.rule) }
            uses = ofRules + [PatternUse](repeating: .match, count: database.widths.count - compiled.count)
            table = try SignalTable(rules)
        } catch let refusal as RefusedPattern {
            let name = rules.rules.indices.contains(refusal.index) ? rules.rules[refusal.index].id : "a rule"
            throw CupelError(.validationError, "\(name): the pattern is refused by Vectorscan: \(refusal.words)")
        }
        idle.withLock { $0.reserveCapacity(Self.maximumIdleScratches) }
    }

    /// Compiles every capture pattern now, which a scan does only when it needs one.
    /// - Throws: `validation_error` naming the rule whose pattern RE2 refuses.
    package func checkRules() throws {
        for rule in compiled {
            do { try rule.capture.check() } catch let error as CupelError {
                throw CupelError(.validationError, "\(rule.rule.id): \(error.message)")
            }
        }
    }

    /// Looks at an artefact and judges it. Synchronous, processor only; the time grows with the bytes alone.
    ///
    /// Exceptions of the policy that are in force make allowances of findings.
    package func assay(_ bytes: [UInt8], path: String, policy: VerdictPolicy = .standard) -> Assay {
        let start = time.monotonic
        var scan = scan(bytes, path: path, policy: policy)
        let filtered = policy.filter(scan.findings, at: time.now)
        scan.findings = filtered.findings
        scan.allowances += filtered.allowances
        let judgement = policy.judge(scan.findings)
        return Assay(
            digest: Digest(of: bytes),
            bytes: bytes.count,
            findings: scan.findings,
            allowances: scan.allowances,
            verdict: judgement.verdict,
            reason: judgement.reason,
            layers: layers,
            rulePackVersion: rulePackVersion,
            times: scan.times,
            isTruncated: scan.isTruncated,
            quality: scan.quality,
            licence: LicenceDeclaration.ofFile(scan.licences)?.description,
            statements: LicenceStatement.of(scan.licences),
            statistics: policy.statistics(
                of: scan.findings,
                files: 1,
                bytes: bytes.count,
                measured: scan.quality == nil ? 0 : 1,
                layers: layers,
                times: scan.times,
                elapsed: (time.monotonic - start).wholeMicroseconds
            )
        )
    }

    /// Looks at bytes without naming or judging them, for trees and prompts.
    /// - Parameter profiles: Whether the scan says what each rule took.
    package func scan(
        _ bytes: [UInt8],
        path: String,
        policy: VerdictPolicy = .standard,
        profiles: Bool = false
    ) -> Scan {
        guard let scratch = takeScratch() else { return Scan(isTruncated: true) }
        defer { give(back: scratch) }
        return bytes.withUnsafeBytes { raw in
            let text = UnsafeRawBufferPointer(rebasing: raw.prefix(Self.maximumBytes))
            var pass = EnginePass(
                engine: self,
                source: SourceContext(path: path, text: text),
                time: time,
                profiles: profiles
            )
            pass.look(with: scratch)
            pass.lookAtDecoded(with: scratch)
            var scan = pass.judged(under: policy)
            if raw.count > Self.maximumBytes { scan.isTruncated = true }
            return scan
        }
    }

    /// Runs the pass with a working memory; what it selected stands until the next one.
    func run(_ scratch: ScanScratch, over text: UnsafeRawBufferPointer) -> UnsafeBufferPointer<Candidate> {
        scratch.run(database, over: text)
    }

    /// How many places the pass alone selects in some bytes, without a look at any: the floor under a scan's price.
    package func pass(over bytes: [UInt8]) -> Int {
        guard let scratch = takeScratch() else { return 0 }
        defer { give(back: scratch) }
        return bytes.withUnsafeBytes {
            run(scratch, over: UnsafeRawBufferPointer(rebasing: $0.prefix(Self.maximumBytes))).count
        }
    }

    /// Where the secrets of a text stand, for those who take them out: by place, each as the better of the rules that
    /// found it says. What is only suspicious is left.
    package func secrets(in bytes: [UInt8], path: String) -> [(range: Range<Int>, rule: String)] {
        guard let scratch = takeScratch() else { return [] }
        defer { give(back: scratch) }
        return bytes.withUnsafeBytes { raw in
            let text = UnsafeRawBufferPointer(rebasing: raw.prefix(Self.maximumBytes))
            let candidates = scratch.run(database, over: text)
            guard !candidates.isEmpty else { return [] }
            var confirmer = MatchConfirmer(
                rules: compiled,
                source: SourceContext(path: path, text: text),
                time: time
            )
            confirmer.confirm(candidates) { self.compiled[$0].rule.layer != .secrets }
            let writer = FindingWriter(rules: compiled, text: text, path: path)
            return writer.withoutOverlaps(confirmer.hits).compactMap { hit in
                let rule = compiled[hit.rule].rule
                guard rule.layer == .secrets, hit.severity >= .medium else { return nil }
                return (hit.value, rule.id)
            }
        }
    }

    private func takeScratch() -> ScanScratch? {
        if let scratch = idle.withLock({ $0.popLast() }) { return scratch }
        return try? ScanScratch(for: database, patterns: uses)
    }

    private func give(back scratch: ScanScratch) {
        idle.withLock { if $0.count < Self.maximumIdleScratches { $0.append(scratch) } }
    }
}

/// What a pass over some bytes found, before any policy.
package struct Scan: Sendable, Hashable {
    /// What was found, by line and column.
    package var findings: [Finding] = []
    /// What a comment with a reason let pass.
    package var allowances: [Allowance] = []
    /// What says something of the licence, in the order of the text.
    package var licences: [LicenceMatch] = []
    /// Where the time went.
    package var times = AssayTimes()
    /// What each rule took, where that was asked for.
    package var ruleTimes: [String: RuleTime] = [:]
    /// Whether a bound was hit, so that more might be there than was found.
    package var isTruncated = false
    /// What the judge of a package needs to know of the file; `nil` when it is nothing.
    package var summary: MaliceSummary?
    /// How good the file is as code; `nil` when the layer did not run or the file is none.
    package var quality: QualityScore?
}
