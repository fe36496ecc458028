import CupelCore
import CupelTesting
import Glibc
import Identity
import Storage
import Testing

@Suite struct AccessTests {
    @Test func `a token is made once, for its owner alone`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/token"
        let made = try AccessToken.loadOrMake(at: path)
        #expect(made.secret.expose().hasPrefix(AccessToken.prefix))
        #expect(try AccessToken.loadOrMake(at: path).secret == made.secret)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func `a token that others can read is refused with the command that mends it`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/token"
        _ = try AccessToken.loadOrMake(at: path)
        chmod(path, 0o644)
        let error = #expect(throws: CupelError.self) { try AccessToken.load(at: path) }
        #expect(error?.message.contains("chmod 600") == true)
    }

    @Test func `a session opens with the token, lives a week, and closes`() async throws {
        let directory = try TemporaryDirectory()
        let clock = TestClock()
        let token = try AccessToken.loadOrMake(at: directory.path + "/token")
        let sessions = Sessions(token: token, keeper: InProcessSessions(time: clock), time: clock)
        await #expect(throws: CupelError.self) { try await sessions.open(with: "cupel_wrong") }
        let session = try await sessions.open(with: token.secret.expose()).expose()
        await #expect(sessions.isOpen(session))
        await #expect(!sessions.isOpen("other"))
        clock.advance(by: Sessions.lifetime)
        await #expect(!sessions.isOpen(session))
        let second = try await sessions.open(with: token.secret.expose()).expose()
        await sessions.close(second)
        await #expect(!sessions.isOpen(second))
    }

    @Test func `the eleventh sign-in within a minute of ten wrong tokens is refused, a minute later it is not`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let clock = TestClock()
        let token = try AccessToken.loadOrMake(at: directory.path + "/token")
        let sessions = Sessions(token: token, keeper: InProcessSessions(time: clock), time: clock)
        for _ in 0..<(Sessions.maximumFailuresPerMinute - 1) {
            await #expect(throws: CupelError.self) { try await sessions.open(with: "cupel_wrong") }
        }
        _ = try await sessions.open(with: token.secret.expose())
        await #expect(throws: CupelError.self) { try await sessions.open(with: "cupel_wrong") }
        let refused = await #expect(throws: CupelError.self) { try await sessions.open(with: token.secret.expose()) }
        #expect(refused?.code == .rateLimitExceeded)
        clock.advance(by: .seconds(60))
        _ = try await sessions.open(with: token.secret.expose())
    }

    @Test func `CSRF tokens differ by session`() throws {
        let directory = try TemporaryDirectory()
        let sessions = Sessions(
            token: try AccessToken.loadOrMake(at: directory.path + "/token"),
            keeper: InProcessSessions()
        )
        #expect(sessions.csrfToken(of: "a") != sessions.csrfToken(of: "b"))
        #expect(sessions.csrfToken(of: "a") == sessions.csrfToken(of: "a"))
    }

    @Test func `beyond the bound the oldest session ends`() async throws {
        let directory = try TemporaryDirectory()
        let clock = TestClock()
        let token = try AccessToken.loadOrMake(at: directory.path + "/token")
        let sessions = Sessions(token: token, keeper: InProcessSessions(time: clock), time: clock)
        let first = try await sessions.open(with: token.secret.expose()).expose()
        for _ in 0..<(SessionLimits.maximumHeld - 1) {
            clock.advance(by: .milliseconds(1))
            _ = try await sessions.open(with: token.secret.expose())
        }
        await #expect(sessions.isOpen(first))
        _ = try await sessions.open(with: token.secret.expose())
        await #expect(!sessions.isOpen(first))
    }
}
