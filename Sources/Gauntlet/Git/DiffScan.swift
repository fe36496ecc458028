import CupelCore
import Glibc

extension GauntletEngine {
    /// Bytes of a diff, at most.
    package static let maximumDiffBytes = 64 << 20

    /// Looks at a unified diff: the new text as far as it is shown, and of what is found there what is on new lines.
    ///
    /// Files that a diff shows as binary are reported and not looked at: their bytes are not in it.
    /// - Throws: `validation_error` for a diff over ``maximumDiffBytes``, or a text that changes no file.
    package func scan(diff bytes: [UInt8], options: TreeOptions = TreeOptions()) async throws -> TreeReport {
        guard bytes.count <= Self.maximumDiffBytes else {
            throw CupelError(
                .validationError,
                "The diff is larger than \(Self.maximumDiffBytes) bytes; give it in parts."
            )
        }
        let sink = ReportSink(self, options)
        let content = ContentScan(engine: self, options: options, sink: sink)
        var ignores = RootIgnores(top: nil, options: options)
        var diff = UnifiedDiff(keepsText: true)
        var count = 0
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let pool = ScanPool(threads: 1)
        for index in 0...lines.count {
            let ended = index < lines.count ? diff.take(Array(lines[index])) : diff.finish()
            guard let file = ended else { continue }
            count += 1
            guard !file.isNoFile, !ignores.leavesOut(file.path.parts) else { continue }
            await pool.run { Self.look(at: file, content) }
        }
        guard count > 0 || bytes.allSatisfy({ [0x20, 0x0A, 0x0D, 0x09].contains($0) }) else {
            throw CupelError(.validationError, "This is no unified diff; make one with: git diff")
        }
        return sink.finished()
    }

    private static func look(at file: UnifiedDiff.File, _ content: ContentScan) {
        let shown = TreeFile.shown(file.path.parts, prefix: "")
        var content = content
        let map = { @Sendable (line: Int) -> Int? in
            let number = file.numbers.indices.contains(line - 1) ? file.numbers[line - 1] : 0
            return file.isNew(number) ? number : nil
        }
        content.adjust = { scan in
            scan.findings = scan.findings.compactMap { finding in
                var finding = finding
                guard let line = map(finding.line) else { return nil }
                finding.line = line
                return finding
            }
            scan.allowances = scan.allowances.compactMap { allowance in
                var allowance = allowance
                guard let line = map(allowance.line) else { return nil }
                allowance.line = line
                return allowance
            }
        }
        if file.isBinary { return content.look(at: .problem(.binary, ""), shown: shown) }
        guard file.text.count <= content.options.maximumFileBytes else {
            return content.look(at: .problem(.tooLarge, "\(file.text.count) bytes of it are in the diff"), shown: shown)
        }
        content.look(at: TreeFile.text(file.text), shown: shown)
    }
}
