/// Looks at what was read, wherever it came from, and puts what is found into a sink.
struct ContentScan: Sendable {
    let engine: GauntletEngine
    let options: TreeOptions
    let sink: ReportSink
    /// What is made of a scan before it counts, as to leave out lines that are not new.
    var adjust: @Sendable (inout Scan) -> Void = { _ in }

    func look(at content: TreeFile.Content, shown: String) {
        switch content {
        case .text(let bytes):
            var scan = engine.scan(bytes, path: shown, policy: options.policy, profiles: options.profiles)
            adjust(&scan)
            sink.add(scan, of: shown, bytes: bytes.count)
        case .archive(.file(let file)): ArchiveScan(self, packed: file.size).run(.file(file), shown: shown)
        case .archive(.bytes(let bytes)): ArchiveScan(self, packed: bytes.count).run(.bytes(bytes), shown: shown)
        case .problem(let kind, let detail): sink.note(TreeProblem(path: shown, kind: kind, detail: detail))
        }
    }
}
