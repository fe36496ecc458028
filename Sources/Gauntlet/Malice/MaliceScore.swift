/// How malicious a file looks, from 0 to 1: findings add up with saturation, as independent doubts would.
enum MaliceScore {
    /// 1 less the chance that every finding is harmless: `1 − Π(1 − weight)`.
    static func score(_ severities: [Severity]) -> Double {
        1 - severities.reduce(1.0) { $0 * (1 - weight($1)) }
    }

    /// How much a finding of a severity says alone.
    static func weight(_ severity: Severity) -> Double {
        switch severity {
        case .critical: 0.9
        case .high: 0.7
        case .medium: 0.4
        case .low: 0.1
        case .info: 0.02
        }
    }

    /// The score with two digits.
    static func shown(_ severities: [Severity]) -> String {
        let hundredths = Int((score(severities) * 100).rounded())
        return "0.\(hundredths < 10 ? "0" : "")\(min(99, hundredths))"
    }
}
