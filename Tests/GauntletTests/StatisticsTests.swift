import CupelCore
@testable import Gauntlet
import Policy
import Testing

@Suite struct StatisticsTests {
    @Test(arguments: [
        ([Layer.secrets, .licence, .malice, .quality], FileOutcome.lowQuality), ([.secrets, .malice], .malicious),
        ([.licence, .secrets], .secrets), ([.licence], .licence), ([.lint], .lowQuality), ([], .processed),
    ])
    func `the first layer that refuses owns the file`(_ layers: [Layer], _ outcome: FileOutcome) {
        #expect(FileOutcome(refusedBy: Set(layers)) == outcome)
    }

    @Test func `outcomes add up to the files, whatever is found and kept`() {
        var report = TreeReport(layers: Layer.allCases)
        var options = TreeOptions(maximumFindings: 3)
        options.policy = .standard
        let layers: [[Layer]] = [[.secrets], [.malice, .secrets], [], [.licence], [.quality], [.secrets], []]
        for (number, found) in layers.enumerated() {
            let path = "f\(number)"
            let findings = found.map { GauntletFixture.finding(.high, layer: $0, path: path) }
            report.add(Scan(findings: findings), of: path, bytes: 10, options: options)
        }
        let statistics = report.statistics()
        #expect(statistics.files == 7)
        #expect(report.isTruncated)
        #expect(statistics.outcomes.values.reduce(0, +) == 7)
        #expect(statistics.outcomes[.processed] == 2)
        #expect(statistics.outcomes[.lowQuality] == 1, "its finding was not kept, its outcome was")
        #expect(statistics.outcomes[.secrets] == 2)
        #expect(statistics.outcomes[.licence] == 1)
        #expect(statistics.outcomes[.malicious] == 1)
    }

    @Test func `what the policy lets pass refuses nobody`() {
        let lenient = VerdictPolicy(thresholds: [.secrets: Thresholds(review: .critical, block: nil)])
        let findings = [GauntletFixture.finding(.high)]
        #expect(lenient.outcomes(of: findings, files: 1)[.processed] == 1)
        #expect(VerdictPolicy.standard.outcomes(of: findings, files: 1)[.processed] == nil)
    }

    @Test func `statistics go through JSON`() throws {
        let statistics = AssayStatistics(
            files: 3,
            bytes: 2_000_000,
            outcomes: [.processed: 2, .malicious: 1],
            layers: [.malice: .init(files: 3, findings: 4, microseconds: 5)],
            pass: 6,
            elapsed: 500_000
        )
        #expect(statistics.bytesPerSecond == 4_000_000)
        let read = try AssayStatistics(json: JSON(parsing: statistics.json.text()))
        #expect(read.json == statistics.json)
        #expect(AssayStatistics().bytesPerSecond == 0)
    }

    @Test func `the files with the lowest scores are named, the lowest first`() {
        var overview = QualityOverview()
        for number in 0..<(QualityOverview.maximumLines + 50) {
            let value = Double((number * 7919) % 1050) / 1050
            overview.add(
                "f\(number)",
                QualityScore([QualitySignal("parses", value, weight: 1)], kind: .source, language: .python)
            )
        }
        #expect(overview.files == QualityOverview.maximumLines + 50)
        #expect(overview.lowest.count == QualityOverview.maximumLines)
        #expect(overview.lowest.map(\.score) == overview.lowest.map(\.score).sorted())
        #expect(overview.tenths.reduce(0, +) == overview.files)
    }

    @Test func `the version changes with rules, layers and licences`() throws {
        let rules = try RulePack.builtIn()
        let whole = EngineVersion.of(rules, licences: .builtIn, measuresQuality: true)
        var severer = rules
        severer.rules[0].severity = rules.rules[0].severity == .low ? .high : .low
        var joined = rules
        joined.combinations.removeLast()
        let others = [
            EngineVersion.of(severer, licences: .builtIn, measuresQuality: true),
            EngineVersion.of(joined, licences: .builtIn, measuresQuality: true),
            EngineVersion.of(rules, licences: nil, measuresQuality: true),
            EngineVersion.of(rules, licences: .builtIn, measuresQuality: false),
        ]
        #expect(Set(others + [whole]).count == 5)
        #expect(whole == EngineVersion.of(rules, licences: .builtIn, measuresQuality: true))
        #expect(whole.hasPrefix(rules.release + "+"))
    }

    @Test func `each byte of the licences' fingerprints counts`() throws {
        var bytes = LicenceIndex.builtInBytes()
        let built = try #require(LicenceIndex.builtIn)
        // The last bytes say of which sort a licence is.
        bytes[bytes.count - 1] ^= 1
        let changed = bytes.withUnsafeBytes { (try? LicenceIndex($0))?.fingerprint }
        #expect(changed != built.fingerprint)
    }

    @Test func `rules follow the policy's file, and a wrong pack leaves all as it was`() throws {
        let directory = GauntletFixture.temporaryDirectory("gauntlet-source")
        let file = directory + "/cupel.policy.yaml"
        try GauntletFixture.write("version: 1\n", to: file)
        let policy = try PolicySource(path: file)
        let source = try GauntletSource(policy, cacheDirectory: GauntletFixture.cache)
        let first = source.current
        try GauntletFixture.write("version: 1\nartefacts:\n  quality: {least: 0.9}\n", to: file)
        try policy.reload()
        #expect(try source.current.engine === first.engine, "no rule changed, so nothing is compiled")
        #expect(source.current.policy.leastQuality == 0.9)
        #expect(source.current.policyVersion != first.policyVersion)
        let second = source.current
        try GauntletFixture.write("version: 1\nartefacts:\n  rules: {packs: [none.yaml]}\n", to: file)
        #expect(throws: CupelError.self) { try policy.reload() }
        #expect(policy.current.version == second.policyVersion)
        #expect(source.current.policyVersion == second.policyVersion)
        try GauntletFixture.write("version: 1\nartefacts:\n  rules: {off: [jwt]}\n", to: file)
        try policy.reload()
        #expect(try source.current.engine.rulePackVersion != first.engine.rulePackVersion)
    }
}
