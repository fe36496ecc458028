import CupelCore
import CupelTesting
import Identity
import Storage
import Testing

@Suite(.timeLimit(.minutes(2)))
struct AccountFollowTests {
    @Test(arguments: AccountFixture.engines)
    func `a change of another process is seen at the next look, our own at once`(
        _ engine: DatabaseEngine
    ) async throws {
        try await AccountFixture.run(engine) { store, database, clock in
            let other = AccountStore(database: database, time: clock)
            let (versions, signal) = AsyncStream.makeStream(of: AccountSnapshot.self)
            let following = Task {
                // Ended by the cancellation at the end of this test.
                try await store.follow(failed: { _ in }, apply: { signal.yield($0) })
            }
            var seen = versions.makeAsyncIterator()
            let first = try #require(await seen.next())
            #expect(first.keyCount == 0)
            _ = try await store.makeKey("own")
            let second = try #require(await seen.next())
            #expect(second.keyCount == 1 && second.version > first.version)
            _ = try await other.makeKey("of another")
            while clock.sleeperCount == 0 { await Task.yield() }
            clock.advance(by: .seconds(1))
            let third = try #require(await seen.next())
            #expect(third.keyCount == 2)
            following.cancel()
            await #expect(throws: CancellationError.self) { try await following.value }
        }
    }

    @Test(arguments: AccountFixture.engines) func `the last use is kept over snapshots and written once`(
        _ engine: DatabaseEngine
    ) async throws {
        try await AccountFixture.run(engine) { store, database, clock in
            let (key, secret) = try await store.makeKey()
            let first = AccountFixture.facts(secret, try await store.snapshot())
            _ = try await store.snapshot()
            clock.advance(by: .seconds(5))
            first?.use.note(clock.now)
            try await store.flushUses()
            let kept = try await store.keys(before: nil, limit: 1).first
            #expect(kept?.id == key.id && kept?.lastUsedAt == clock.now)
            try await database.execute("UPDATE api_keys SET last_used_at = NULL")
            try await store.flushUses()
            let untouched = try await store.keys(before: nil, limit: 1).first
            #expect(untouched?.lastUsedAt == nil)
        }
    }
}
