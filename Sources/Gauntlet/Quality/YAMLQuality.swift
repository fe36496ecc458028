/// The signals of YAML: whether it is built right, and what stands in it if that is a playbook or a workflow.
struct YAMLQuality {
    let source: SourceContext

    /// Bytes from which on an outline is not made.
    private static let maximumBytes = 256 << 10

    init(_ source: SourceContext) { self.source = source }

    func signals(isWhole: Bool) -> [QualitySignal] {
        guard isWhole, source.text.count <= Self.maximumBytes else { return [] }
        let outline = YAMLOutline(source.text)
        guard !outline.isTemplate else { return [] }
        return [parses(outline)] + special(outline)
    }

    private func parses(_ outline: YAMLOutline) -> QualitySignal {
        let problem = outline.problems.first
        return QualitySignal(
            "parses",
            problem == nil ? 1 : 0,
            weight: QualityWeights.parses,
            problem.map { "line \($0.line): \($0.words)" } ?? ""
        )
    }

    private func special(_ outline: YAMLOutline) -> [QualitySignal] {
        switch source.language {
        case .workflow: return WorkflowQuality(source.text, outline).signals
        case .ansible, .yaml:
            let reader = AnsibleReader(source.text, outline)
            // Other tools have lists of mappings with names too: only modules and plays make a playbook.
            guard reader.isAutomation, source.language == .ansible else { return [] }
            return AnsibleQuality(reader: reader).signals
        default: return []
        }
    }
}
