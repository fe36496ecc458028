package import CupelCore
import Synchronization

/// Sessions of all replicas, in Redis, with a copy of those that this replica has seen.
///
/// While Redis is away the copy answers, so nobody whom this replica has seen is signed out. A session that was ended
/// leaves a mark in Redis until it would have ended by itself; where there is neither session nor mark, Redis has lost
/// it, and the copy puts it back. What is ended while Redis is away is marked as soon as it is back; other replicas that
/// have seen the session take it until then.
package final class RedisSessions: SessionKeeper {
    private let client: RedisClient
    private let time: any TimeSource
    private let local: InProcessSessions
    private let longest: Duration
    /// Sessions that were ended while Redis was away, and until when they must be marked.
    private let unmarked = Mutex<[Digest: Timestamp]>([:])

    /// Ended sessions that wait for Redis; beyond it the one that would end first is forgotten.
    package static let maximumUnmarked = 10_000

    /// Sessions over a client.
    /// - Parameter longest: the longest that any session lasts, and so the mark of an ended one.
    package init(
        _ client: RedisClient,
        longest: Duration = .seconds(7 * 24 * 3600),
        time: any TimeSource = SystemTime()
    ) {
        self.client = client
        self.longest = longest
        self.time = time
        local = InProcessSessions(maximumHeld: SessionLimits.maximumCopied, time: time)
    }

    /// Opens a session, here and, if it is there, in Redis.
    package func open(_ session: Digest, _ record: SessionRecord) async throws {
        try await local.open(session, record)
        await mark()
        _ = await write(session, Self.encoded(record), record.until)
    }

    /// The session, if it is open.
    package func find(_ session: Digest) async -> SessionRecord? {
        await mark()
        if unmarked.withLock({ $0[session] != nil }) { return nil }
        guard let reply = try? await client.run(RedisCommand("GET", name(session))) else { return local.seen(session) }
        guard let bytes = reply.bytes else { return await restored(session) }
        return take(session, bytes)
    }

    /// The session as this replica saw it last.
    package func seen(_ session: Digest) -> SessionRecord? { local.seen(session) }

    /// Ends a session.
    package func close(_ session: Digest) async {
        let until = local.seen(session)?.until ?? time.now + longest
        local.drop(session)
        unmarked.withLock { unmarked in
            unmarked[session] = until
            guard unmarked.count > Self.maximumUnmarked else { return }
            if let first = unmarked.min(by: { $0.value < $1.value })?.key { unmarked.removeValue(forKey: first) }
        }
        await mark()
    }

    /// Marks what was ended.
    private func mark() async {
        let now = time.now
        let due = unmarked.withLock { unmarked in
            unmarked = unmarked.filter { $0.value > now }
            return unmarked
        }
        for (session, until) in due {
            guard await write(session, Self.ended, until) else { return }
            _ = unmarked.withLock { $0.removeValue(forKey: session) }
        }
    }

    /// Redis knows nothing of the session: puts it back, if this replica has seen it.
    private func restored(_ session: Digest) async -> SessionRecord? {
        guard let record = local.seen(session) else { return nil }
        let bytes = Self.encoded(record)
        // NX and GET: whoever wrote meanwhile, a mark for one, is right.
        let command = RedisCommand("SET", name(session), bytes, "NX", "GET", "PX", milliseconds(until: record.until))
        guard let reply = try? await client.run(command), let other = reply.bytes else { return record }
        return take(session, other)
    }

    /// Believes what Redis says of a session.
    private func take(_ session: Digest, _ bytes: [UInt8]) -> SessionRecord? {
        guard let record = Self.decoded(bytes), record.until > time.now else {
            local.drop(session)
            return nil
        }
        local.hold(session, record)
        return record
    }

    private func write(_ session: Digest, _ bytes: [UInt8], _ until: Timestamp) async -> Bool {
        let command = RedisCommand("SET", name(session), bytes, "PX", milliseconds(until: until))
        return (try? await client.run(command)) != nil
    }

    private func milliseconds(until moment: Timestamp) -> Int64 {
        max(1, (moment - time.now).wholeMicroseconds / 1000)
    }

    private func name(_ session: Digest) -> String { client.prefix + "session:" + session.hex }

    private static let ended: [UInt8] = [0]

    /// A one, the end in microseconds since the epoch (eight bytes, highest first), and the data.
    private static func encoded(_ record: SessionRecord) -> [UInt8] {
        [1] + withUnsafeBytes(of: record.until.microseconds.bigEndian) { Array($0) } + record.data
    }

    private static func decoded(_ bytes: [UInt8]) -> SessionRecord? {
        guard bytes.count >= 9, bytes[0] == 1 else { return nil }
        let micros = bytes[1..<9].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return SessionRecord(until: Timestamp(microseconds: micros), data: Array(bytes[9...]))
    }
}
