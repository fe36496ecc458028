import CupelCore
import Policy
import Testing

@Suite struct CallPolicyTests {
    private func change(_ body: (inout CandidateFacts) -> Void) -> CandidateFacts {
        var candidate = PolicyExamples.allowed
        body(&candidate)
        return candidate
    }

    @Test func `each list of allow must have the candidate, and the rule is named`() throws {
        let policy = try PolicyFile(PolicyExamples.whole).calls.forCaller(PolicyExamples.intern)
        #expect(policy.verdict(PolicyExamples.allowed) == nil)
        let wrong: [(CandidateFacts, String, String)] = [
            (change { $0.model = "gpt-x" }, "interns", "the model 'gpt-x'"),
            (change { $0.provider = "other" }, "interns", "the provider 'other'"),
            (change { $0.region = "us-east" }, "interns", "the region 'us-east'"),
            (change { $0.region = nil }, "interns", "not known"),
            (change { $0.tier = 3 }, "interns", "over 2"),
            (change { $0.tier = nil }, "interns", "not known"),
            (change { $0.keepsNothing = false }, "interns", "keep nothing"),
            (change { $0.model = "gpt-3-mini" }, "no-old-models", "is denied"),
            (change { $0.provider = "dubious" }, "no-old-models", "is denied"),
            (change { $0.region = "xx-1" }, "no-old-models", "is denied"),
        ]
        for (candidate, rule, words) in wrong {
            let violation = try #require(policy.verdict(candidate), "\(candidate)")
            #expect(violation.rule == rule && violation.message.contains(words), "\(violation)")
            #expect(violation.error.code == .policyViolation && violation.error.message.contains("'\(rule)'"))
        }
        #expect(
            policy.verdict(
                change {
                    $0 = CandidateFacts(
                        model: "x",
                        aliases: ["smollm2"],
                        provider: "local",
                        region: "eu-1",
                        tier: 1,
                        keepsNothing: true
                    )
                }
            ) == nil
        )
    }

    @Test func `a rule speaks only to whom its lists all name`() throws {
        let policy = try PolicyFile(PolicyExamples.whole).calls
        let stranger = CandidateFacts(model: "big", provider: "other", region: "us-east", tier: 9)
        #expect(policy.forCaller(PolicyExamples.other).verdict(stranger) == nil)
        #expect(policy.forCaller(CallerFacts()).verdict(stranger) == nil)
        let half = CallerFacts(keyName: "ci", team: "interns")
        #expect(policy.forCaller(half).verdict(stranger) == nil)
        #expect(policy.forCaller(PolicyExamples.intern).verdict(stranger)?.rule == "interns")
    }

    @Test(arguments: [
        ("keys: [a]", CallerFacts(keyName: "a")), ("keys: [id-1]", CallerFacts(keyName: "a", keyID: "id-1")),
        ("people: [\"an*\"]", CallerFacts(person: "ana")), ("teams: core", CallerFacts(team: "core")),
        ("projects: [x, apollo]", CallerFacts(project: "apollo")),
    ])
    func `a caller is known by each of its names, and one without that name is not`(
        _ condition: String,
        _ caller: CallerFacts
    ) throws {
        let policy = try PolicyExamples.calls("  - {name: r, when: {\(condition)}, deny: {models: [\"*\"]}}")
        let candidate = CandidateFacts(model: "m", provider: "p")
        #expect(policy.forCaller(caller).verdict(candidate)?.rule == "r")
        #expect(policy.forCaller(CallerFacts()).isWithoutRules)
    }

    @Test func `deny goes before allow, whatever the order of the file`() throws {
        let policy = try PolicyExamples.calls(
            """
              - {name: first, allow: {models: [other]}}
              - {name: second, deny: {models: ["m*"]}}
            """
        )
        let verdict = policy.forCaller(CallerFacts()).verdict(CandidateFacts(model: "m", provider: "p"))
        #expect(verdict?.rule == "second")
    }

    @Test func `every allow that applies must be met`() throws {
        let policy = try PolicyExamples.calls(
            """
              - {name: first, allow: {models: [a, b]}}
              - {name: second, allow: {models: [b, c]}}
            """
        ).forCaller(CallerFacts())
        let rules = ["a", "b", "c"].map { policy.verdict(CandidateFacts(model: $0, provider: "p"))?.rule }
        #expect(rules == ["second", nil, "first"])
    }

    @Test func `tools are denied before they are missed, and every allow counts`() throws {
        let policy = try PolicyFile(PolicyExamples.whole).calls
        let intern = policy.forCaller(PolicyExamples.intern).decision(for: PolicyExamples.allowed)
        #expect(intern.check(RequestFacts(toolNames: ["read_file"])) == nil)
        #expect(intern.check(RequestFacts(toolNames: ["read_file", "write_file"]))?.rule == "interns")
        #expect(intern.check(RequestFacts(toolNames: ["write_file", "exec_x"]))?.rule == "no-shell")
        let other = policy.forCaller(PolicyExamples.other).decision(for: PolicyExamples.allowed)
        #expect(other.check(RequestFacts(toolNames: ["write_file"])) == nil)
        #expect(other.check(RequestFacts(toolNames: ["shell"]))?.rule == "no-shell")
    }

    @Test func `of the bounds the tightest holds, at N and N plus one, and its rule is named`() throws {
        let policy = try PolicyFile(PolicyExamples.whole).calls
        let intern = policy.forCaller(PolicyExamples.intern).decision(for: PolicyExamples.allowed)
        let other = policy.forCaller(PolicyExamples.other).general
        let cases: [(CandidateDecision, RequestFacts, String?)] = [
            (intern, RequestFacts(outputTokens: 4000), nil),
            (intern, RequestFacts(outputTokens: 4001), "interns"),
            (intern, RequestFacts(inputTokens: 200_000), nil),
            (intern, RequestFacts(inputTokens: 200_001), "calls.limits"),
            (intern, RequestFacts(worstCost: Money(microdollars: 50_000)), nil),
            (intern, RequestFacts(worstCost: Money(microdollars: 50_001)), "interns"),
            (intern, RequestFacts(worstCost: nil), "interns"),
            (other, RequestFacts(outputTokens: 16_000), nil),
            (other, RequestFacts(outputTokens: 16_001), "calls.limits"),
            (other, RequestFacts(worstCost: Money(microdollars: 2_000_001)), "calls.limits"),
        ]
        for (decision, request, rule) in cases {
            #expect(decision.check(request)?.rule == rule, "\(request)")
        }
        #expect(intern.settings.bounds.outputTokens?.value == 4000)
        #expect(CallPolicy.standard.forCaller(PolicyExamples.intern).general.isUnbounded)
    }

    @Test func `of the settings the first rule that says something wins, else the section`() throws {
        let policy = try PolicyFile(PolicyExamples.whole).calls
        let intern = policy.forCaller(PolicyExamples.intern)
        let other = policy.forCaller(PolicyExamples.other)
        let local = CandidateFacts(model: "smollm2", provider: "local")
        #expect(other.general.settings.secrets == .redact && other.general.settings.cacheSeconds == 600)
        #expect(other.decision(for: local).settings.secrets == .off)
        #expect(other.decision(for: local).settings.recordsBodies)
        #expect(other.decision(for: local).settings.cacheSeconds == nil)
        #expect(intern.decision(for: local).settings.secrets == .block)
        #expect(intern.general.settings.secrets == .block && !intern.general.settings.recordsBodies)
    }

    @Test func `without a file secrets are redacted and all else is allowed`() {
        let caller = PolicyFile.standard.calls.forCaller(PolicyExamples.intern)
        #expect(caller.isWithoutRules && caller.general.settings.secrets == .redact)
        #expect(caller.verdict(CandidateFacts(model: "m", provider: "p")) == nil)
    }
}
