import CupelCore
import CupelTesting
import Glibc
import Identity
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

    @Test func `a session opens with the token, lives a week, and closes`() throws {
        let directory = try TemporaryDirectory()
        let clock = TestClock()
        let token = try AccessToken.loadOrMake(at: directory.path + "/token")
        let sessions = Sessions(token: token, time: clock)
        #expect(throws: CupelError.self) { try sessions.open(with: "cupel_wrong") }
        let session = try sessions.open(with: token.secret.expose()).expose()
        #expect(sessions.isOpen(session))
        #expect(!sessions.isOpen("other"))
        clock.advance(by: Sessions.lifetime)
        #expect(!sessions.isOpen(session))
        let second = try sessions.open(with: token.secret.expose()).expose()
        sessions.close(second)
        #expect(!sessions.isOpen(second))
    }

    @Test func `the eleventh sign-in within a minute of ten wrong tokens is refused, a minute later it is not`() throws
    {
        let directory = try TemporaryDirectory()
        let clock = TestClock()
        let token = try AccessToken.loadOrMake(at: directory.path + "/token")
        let sessions = Sessions(token: token, time: clock)
        for _ in 0..<(Sessions.maximumFailuresPerMinute - 1) {
            #expect(throws: CupelError.self) { try sessions.open(with: "cupel_wrong") }
        }
        _ = try sessions.open(with: token.secret.expose())
        #expect(throws: CupelError.self) { try sessions.open(with: "cupel_wrong") }
        let refused = #expect(throws: CupelError.self) { try sessions.open(with: token.secret.expose()) }
        #expect(refused?.code == .rateLimitExceeded)
        clock.advance(by: .seconds(60))
        _ = try sessions.open(with: token.secret.expose())
    }

    @Test func `CSRF tokens differ by session`() throws {
        let directory = try TemporaryDirectory()
        let sessions = Sessions(token: try AccessToken.loadOrMake(at: directory.path + "/token"))
        #expect(sessions.csrfToken(of: "a") != sessions.csrfToken(of: "b"))
        #expect(sessions.csrfToken(of: "a") == sessions.csrfToken(of: "a"))
    }

    @Test func `beyond the bound the oldest session ends`() throws {
        let directory = try TemporaryDirectory()
        let clock = TestClock()
        let token = try AccessToken.loadOrMake(at: directory.path + "/token")
        let sessions = Sessions(token: token, time: clock)
        let first = try sessions.open(with: token.secret.expose()).expose()
        for _ in 0..<(Sessions.maximumLive - 1) {
            clock.advance(by: .milliseconds(1))
            _ = try sessions.open(with: token.secret.expose())
        }
        #expect(sessions.isOpen(first))
        _ = try sessions.open(with: token.secret.expose())
        #expect(!sessions.isOpen(first))
    }
}
