extension LicenceScanner {
    /// Looks at the parts of a file that the pass selected, and adds what it found.
    ///
    /// - Parameters:
    ///   - candidates: What the pass selected; triggers have the numbers from `rules` on.
    ///   - rules: How many rules the pass has before the triggers.
    func add(
        to scan: inout Scan,
        text: UnsafeRawBufferPointer,
        path: String,
        candidates: UnsafeBufferPointer<Candidate>,
        rules: Int,
        _ policy: LicencePolicy
    ) {
        var ranges = [0..<text.count]
        if !LicenceTriggers.isLicenceFile(path) && !ManifestNames.contains(path) {
            let ends = candidates.lazy.filter { Int($0.rule) >= rules }.map { Int($0.lastEnd) }
            ranges = LicenceTriggers.windows(around: ends.sorted(), count: text.count)
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
