import CupelCore
import CupelTesting
import Identity
import Storage
import Testing

@Suite(.timeLimit(.minutes(2)))
struct AccountStoreTests {
    private typealias Change = @Sendable (AccountTransaction) throws -> Void

    @Test(arguments: AccountFixture.engines) func `a key counts to its project and the project's team`(
        _ engine: DatabaseEngine
    ) async throws {
        try await AccountFixture.run(engine) { store, _, clock in
            let secret = try await store.write(by: "test") { accounts in
                let team = try accounts.createTeam(name: "core", limits: CallLimits(parallelCalls: 4))
                let project = try accounts.createProject(name: "apollo", team: team.id)
                let draft = KeyDraft(
                    name: "ci",
                    owner: .project(project.id),
                    models: [try #require(Glob("gpt-*"))],
                    limits: CallLimits(requestsPerMinute: 60, tokensPerMinute: 1000)
                )
                let (key, secret) = try accounts.createKey(draft)
                _ = try accounts.setBudget(.key(key.id), .call, Money(microdollars: 5))
                _ = try accounts.setBudget(.team(team.id), .month, Money(microdollars: 7))
                _ = try accounts.setBudget(.project(project.id), .day, Money(microdollars: 6))
                _ = try accounts.setBudget(.model("gpt-x"), .day, Money(microdollars: 8))
                try accounts.setModelLimits("gpt-x", CallLimits(requestsPerMinute: 3))
                return secret
            }
            let snapshot = try await store.snapshot()
            let facts = try #require(AccountFixture.facts(secret, snapshot))
            #expect(facts.name == "ci" && facts.mayCall && facts.refusal(at: clock.now) == nil)
            #expect(facts.project?.name == "apollo" && facts.team?.name == "core" && facts.person == nil)
            #expect(facts.limits == CallLimits(requestsPerMinute: 60, tokensPerMinute: 1000))
            #expect(facts.teamLimits == CallLimits(parallelCalls: 4))
            #expect(facts.budgets.map(\.amount.microdollars).sorted() == [5, 6, 7])
            #expect(facts.allows(model: "gpt-x") && !facts.allows(model: "claude"))
            #expect(snapshot.budgets(ofModel: "gpt-x").map(\.amount.microdollars) == [8])
            #expect(snapshot.limits(ofModel: "gpt-x").requestsPerMinute == 3)
            #expect(snapshot.limits(ofModel: "other").isEmpty)
            #expect(snapshot.keyCount == 1 && snapshot.facts(of: facts.id) === facts)
        }
    }

    @Test(arguments: AccountFixture.engines) func `the store holds no secret, only its digest and first characters`(
        _ engine: DatabaseEngine
    ) async throws {
        try await AccountFixture.run(engine) { store, database, _ in
            let (key, secret) = try await store.makeKey()
            let text = secret.expose()
            #expect(text.hasPrefix(KeySecret.mark) && text.utf8.count == 43)
            #expect(key.prefix == String(text.prefix(8)))
            for table in ["api_keys", "audit"] {
                let rows = try await database.query("SELECT * FROM \(raw: table)")
                let kept = rows.flatMap(\.values).map { "\($0)" }.joined()
                #expect(!kept.contains(text.dropFirst(8)))
            }
            #expect(!"\(key.json.text())".contains(text.dropFirst(8)))
        }
    }

    @Test(arguments: AccountFixture.engines) func `a rotated key has two secrets until the grace is over`(
        _ engine: DatabaseEngine
    ) async throws {
        try await AccountFixture.run(engine) { store, _, clock in
            let (key, old) = try await store.makeKey()
            let (rotated, new) = try await store.write(by: "test") {
                try $0.rotateKey(key.id, grace: .seconds(60))
            }
            #expect(rotated.prefix != key.prefix || new.expose() != old.expose())
            let snapshot = try await store.snapshot()
            let (first, second) = (AccountFixture.facts(old, snapshot), AccountFixture.facts(new, snapshot))
            #expect(first?.refusal(at: clock.now) == nil && second?.refusal(at: clock.now) == nil)
            clock.advance(by: .seconds(60))
            #expect(first?.refusal(at: clock.now)?.code == .unauthorized)
            #expect(first?.refusal(at: clock.now)?.message.contains("rotated") == true)
            #expect(second?.refusal(at: clock.now) == nil)
        }
    }

    @Test func `a key ends at its moment, when it is disabled, revoked, or its person is disabled`() async throws {
        try await AccountFixture.run { store, _, clock in
            let end = clock.now + .seconds(10)
            let (key, secret) = try await store.makeKey(expiresAt: end)
            let facts = { AccountFixture.facts(secret, try await store.snapshot()) }
            let before = try await facts()?.refusal(at: end + .microseconds(-1))
            #expect(before == nil)
            let after = try await facts()?.refusal(at: end)
            #expect(after?.code == .unauthorized && after?.message.contains("expired") == true)
            var change = KeyChange()
            change.isDisabled = true
            change.expiresAt = .some(nil)
            _ = try await store.write(by: "test") { [change] in try $0.changeKey(key.id, change) }
            let disabled = try await facts()?.refusal(at: end)
            #expect(disabled?.code == .forbidden)
            change.isDisabled = false
            _ = try await store.write(by: "test") { [change] in try $0.changeKey(key.id, change) }
            guard case .person(let person) = key.owner else { return #expect(Bool(false)) }
            _ = try await store.write(by: "test") { try $0.changePerson(person, isDisabled: true) }
            let locked = try await facts()?.refusal(at: end)
            #expect(locked?.message.contains("owner of k") == true)
            _ = try await store.write(by: "test") { try $0.revokeKey(key.id) }
            let revoked = try await facts()?.refusal(at: end)
            #expect(revoked?.code == .unauthorized && revoked?.message.contains("revoked") == true)
            clock.advance(by: AccountStore.revokedMemory + .seconds(1))
            let forgotten = try await facts()
            #expect(forgotten == nil)
            let again = try await store.makeKey("another")
            #expect(again.key.name == "another")
        }
    }

    @Test(arguments: AccountFixture.engines)
    func `every change is in the audit, with who and what, and nothing is half done`(
        _ engine: DatabaseEngine
    ) async throws {
        try await AccountFixture.run(engine) { store, _, _ in
            let before = try await store.version()
            let id = try await store.write(by: "ana") { try $0.createTeam(name: "core").id }
            let records = try await store.audit(before: nil, limit: 10)
            #expect(records.map(\.action) == ["team.create"] && records.map(\.actor) == ["ana"])
            #expect(records.first?.target == id.description)
            let middle = try await store.version()
            #expect(middle == before + 1)
            await #expect(throws: CupelError.self) {
                try await store.write(by: "ana") { accounts in
                    _ = try accounts.createTeam(name: "other")
                    _ = try accounts.createTeam(name: "core")
                }
            }
            let teams = try await store.teams(before: nil, limit: 10)
            let after = try await store.audit(before: nil, limit: 10)
            let version = try await store.version()
            #expect(teams.map(\.name) == ["core"] && after.count == 1 && version == middle)
        }
    }

    @Test(arguments: AccountFixture.engines) func `what cannot be is refused with its code`(_ engine: DatabaseEngine)
        async throws
    {
        try await AccountFixture.run(engine) { store, _, clock in
            let (team, key) = try await store.write(by: "test") { accounts in
                let team = try accounts.createTeam(name: "core")
                _ = try accounts.createPerson(name: "ana", team: team.id)
                let (key, _) = try accounts.createKey(KeyDraft(name: "taken", owner: .team(team.id)))
                let gone = try accounts.createKey(KeyDraft(name: "gone", owner: .team(team.id))).key
                return (team.id, try accounts.revokeKey(gone.id).id == gone.id ? (key.id, gone.id) : (key.id, key.id))
            }
            let (live, gone) = key
            let now = clock.now
            let wrong: [(String, ErrorCode, Change)] = [
                ("an empty name", .validationError, { _ = try $0.createTeam(name: "") }),
                ("a star in a name", .validationError, { _ = try $0.createTeam(name: "a*") }),
                ("an invisible name", .validationError, { _ = try $0.createTeam(name: "a\u{200B}b") }),
                ("a long name", .validationError, { _ = try $0.createTeam(name: String(repeating: "n", count: 101)) }),
                (
                    "a limit of none", .validationError,
                    {
                        _ = try $0.changeTeam(team, limits: CallLimits(requestsPerMinute: 0))
                    }
                ),
                ("a taken name", .conflict, { _ = try $0.createTeam(name: "core") }),
                ("an unknown team", .notFound, { _ = try $0.createPerson(name: "b", team: TeamID()) }),
                ("a team with people", .conflict, { try $0.removeTeam(team) }),
                ("a taken key name", .conflict, { _ = try $0.createKey(KeyDraft(name: "taken", owner: .team(team))) }),
                (
                    "a key without scopes", .validationError,
                    {
                        _ = try $0.createKey(KeyDraft(name: "n", owner: .team(team), scopes: []))
                    }
                ),
                (
                    "a key that ended", .validationError,
                    {
                        _ = try $0.createKey(KeyDraft(name: "n", owner: .team(team), expiresAt: now))
                    }
                ),
                (
                    "a key of nobody", .notFound,
                    { _ = try $0.createKey(KeyDraft(name: "n", owner: .person(PersonID()))) }
                ),
                (
                    "a long grace", .validationError,
                    {
                        _ = try $0.rotateKey(live, grace: AccountTransaction.maximumGrace + .seconds(1))
                    }
                ),
                ("rotating a revoked key", .conflict, { _ = try $0.rotateKey(gone, grace: .zero) }),
                ("a budget of nothing", .validationError, { _ = try $0.setBudget(.team(team), .day, .zero) }),
                (
                    "a budget of nobody", .notFound,
                    {
                        _ = try $0.setBudget(.project(ProjectID()), .day, Money(microdollars: 1))
                    }
                ),
                (
                    "a budget of a revoked key", .validationError,
                    {
                        _ = try $0.setBudget(.key(gone), .day, Money(microdollars: 1))
                    }
                ),
            ]
            for (name, code, change) in wrong {
                let error = await #expect(throws: CupelError.self, "\(name)") {
                    try await store.write(by: "test", change)
                }
                #expect(error?.code == code, "\(name)")
            }
        }
    }

    @Test(arguments: AccountFixture.engines) func `a budget is set again in place, and goes with what it bounds`(
        _ engine: DatabaseEngine
    ) async throws {
        try await AccountFixture.run(engine) { store, _, _ in
            let team = try await store.write(by: "test") { try $0.createTeam(name: "core").id }
            for amount in [5, 9] {
                let (_, isNew) = try await store.write(by: "test") {
                    try $0.setBudget(.team(team), .day, Money(microdollars: Int64(amount)))
                }
                #expect(isNew == (amount == 5))
            }
            let budgets = try await store.budgets(before: nil, limit: 10)
            #expect(budgets.map(\.amount.microdollars) == [9])
            try await store.write(by: "test") { try $0.removeTeam(team) }
            let none = try await store.budgets(before: nil, limit: 10)
            #expect(none.isEmpty)
        }
    }

    @Test func `lists are paged by the last identifier`() async throws {
        try await AccountFixture.run { store, _, clock in
            for name in ["a", "b", "c"] {
                clock.advance(by: .milliseconds(1))
                _ = try await store.write(by: "test") { try $0.createTeam(name: name) }
            }
            let first = try await store.teams(before: nil, limit: 2)
            let second = try await store.teams(before: first.last?.id, limit: 2)
            #expect(first.map(\.name) == ["c", "b"] && second.map(\.name) == ["a"])
        }
    }
}
