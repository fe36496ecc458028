extension LicenceScanner {
    /// Looks at the parts of a file that the pass selected, and adds what it found.
    ///
    /// - Parameters:
    ///   - candidates: What the pass selected; triggers have the numbers from `rules` on.
    ///   - rules: How many rules the pass has before the triggers.
    func add(
        to scan: inout Scan,
        source: SourceContext,
        candidates: UnsafeBufferPointer<Candidate>,
        rules: Int,
        _ policy: LicencePolicy
    ) {
        let text = source.text
        let path = source.path
        var ranges = [0..<text.count]
        if !LicenceTriggers.isLicenceFile(path) && !ManifestNames.contains(path) {
            let ends = candidates.lazy.filter { Int($0.rule) >= rules }.map { Int($0.lastEnd) }
            let sorted = ends.sorted()
            guard !sorted.isEmpty else { return }
            let isProse = source.language.isProse || source.language == .unknown
            ranges = LicenceTriggers.windows(around: sorted, count: text.count, isProse: isProse)
        }
        guard !ranges.isEmpty else { return }
        scan.licences = look(text: text, ranges: ranges, path: path)
        guard !scan.licences.isEmpty else { return }
        let found = LicenceFindings(policy: policy, index: index).write(scan.licences, text: text, path: path)
        guard !found.findings.isEmpty || !found.allowances.isEmpty else { return }
        scan.findings = (scan.findings + found.findings).sorted {
            ($0.line, $0.column, $0.rule) < ($1.line, $1.column, $1.rule)
        }
        scan.allowances += found.allowances
    }
}
