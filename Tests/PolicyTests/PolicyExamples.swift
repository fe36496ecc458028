import CupelCore
import Policy

/// Policies that the tests share.
enum PolicyExamples {
    /// Every key of the format.
    static let whole = """
        version: 1
        calls:
          secrets: redact
          record_bodies: false
          limits: {cost_per_call: 2.00, input_tokens: 200000, output_tokens: 16000}
          cache: {ttl_seconds: 600}
          rules:
            - name: no-shell
              deny: {tools: ["shell", "exec_*"]}
            - name: interns
              when: {teams: [interns], keys: ["intern-*"]}
              allow:
                models: ["*mini*", "smollm2"]
                providers: [openai, local]
                regions: ["eu-*"]
                tools: ["read_*"]
                max_tier: 2
                retention: none
              limits: {cost_per_call: 0.05, output_tokens: 4000}
              secrets: block
            - name: local-sees-all
              when: {providers: [local]}
              secrets: "off"
              record_bodies: true
              cache: off
            - name: no-old-models
              deny: {models: ["gpt-3*"], providers: [dubious], regions: ["xx-*"]}

        """

    static func calls(_ rules: String) throws -> CallPolicy {
        try PolicyFile("version: 1\ncalls:\n  rules:\n" + rules).calls
    }

    static let intern = CallerFacts(keyName: "intern-7", keyID: "id", person: "ana", team: "interns", project: "p")
    static let other = CallerFacts(keyName: "ci", team: "core")

    /// A candidate that the rule for interns allows.
    static let allowed = CandidateFacts(
        model: "gpt-x-mini",
        provider: "openai",
        region: "eu-west",
        tier: 2,
        keepsNothing: true
    )
}
