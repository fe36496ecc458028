import CHiredis
import CupelCore
import Glibc

/// One socket to Redis: hiredis connects, writes commands and parses replies; waiting is ours, so that each wait has
/// one deadline however slowly the bytes drip in.
///
/// Not `Sendable`: it belongs to the one thread that blocks on it.
final class RedisLink {
    private let context: UnsafeMutablePointer<redisContext>
    private let address: RedisAddress
    private let limits: RedisLimits
    private let time = SystemTime()
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    /// Bytes that came since the last whole reply.
    private var unfinishedBytes = 0

    /// The socket, for a thread that waits on several.
    var descriptor: Int32 { context.pointee.fd }

    /// Connects, signs in, selects the database and has Redis answer once.
    /// - Throws: `storage_unavailable` with the reason and what to do.
    init(_ address: RedisAddress, _ limits: RedisLimits) throws {
        self.address = address
        self.limits = limits
        context = try Self.connected(address, limits.connect)
        _ = fcntl(context.pointee.fd, F_SETFD, FD_CLOEXEC)
        try greet()
    }

    deinit { redisFree(context) }

    /// Sends commands in one go and reads their replies, in order.
    /// - Throws: `storage_unavailable` when the link broke or the deadline passed: it is of no use afterwards, and
    ///   whether the commands had their effect is unknown.
    func exchange(_ commands: [RedisCommand], within limit: Duration) throws -> [RedisReply] {
        let deadline = time.monotonic + limit
        var output: [UInt8] = []
        for command in commands { command.append(to: &output) }
        var sent = 0
        var replies: [RedisReply] = []
        while replies.count < commands.count {
            if let reply = try parsed() {
                replies.append(reply)
                continue
            }
            // Replies are read while commands are still written: neither side can block the other for good.
            let ready = try wait(for: sent < output.count ? POLLIN | POLLOUT : POLLIN, until: deadline, limit)
            if ready & Int16(POLLOUT) != 0 { sent += try write(output[sent...]) }
            if ready & ~Int16(POLLOUT) != 0 { try fill() }
        }
        guard try parsed() == nil else { throw lost("it answered more than it was asked") }
        return replies
    }

    /// Sends a command whose replies come by ``parsed()``.
    func post(_ command: RedisCommand, within limit: Duration) throws {
        let deadline = time.monotonic + limit
        var output: [UInt8] = []
        command.append(to: &output)
        var sent = 0
        while sent < output.count {
            _ = try wait(for: POLLOUT, until: deadline, limit)
            sent += try write(output[sent...])
        }
    }

    /// Whether the other side hung up, or sent what nobody asked for, while the link was idle.
    var isStale: Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, 0) != 0
    }

    /// Reads what has come.
    func fill() throws {
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { throw lost(count == 0 ? "it closed the connection" : reason(errno)) }
        unfinishedBytes += count
        guard unfinishedBytes <= limits.replyBytes else {
            throw lost("a reply is larger than \(limits.replyBytes) bytes")
        }
        _ = buffer.withUnsafeBytes {
            redisReaderFeed(context.pointee.reader, $0.baseAddress?.assumingMemoryBound(to: CChar.self), count)
        }
    }

    /// The next whole reply among what was read, if there is one.
    func parsed() throws -> RedisReply? {
        var raw: UnsafeMutableRawPointer?
        guard redisReaderGetReply(context.pointee.reader, &raw) == REDIS_OK else {
            throw lost("it does not speak Redis' protocol; check redis.url")
        }
        guard let raw else { return nil }
        defer { freeReplyObject(raw) }
        unfinishedBytes = 0
        return RedisReply(UnsafePointer(raw.assumingMemoryBound(to: redisReply.self)))
    }

    private func wait(for events: Int32, until deadline: Duration, _ limit: Duration) throws -> Int16 {
        while true {
            let left = deadline - time.monotonic
            guard left > .zero else {
                throw unavailable("did not answer within \(Int(limit.inMilliseconds)) ms")
            }
            var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let count = poll(&request, 1, Int32(min(left.inMilliseconds.rounded(.up), 60_000)))
            if count > 0 { return request.revents }
            if count < 0, errno != EINTR { throw lost(reason(errno)) }
        }
    }

    private func write(_ bytes: ArraySlice<UInt8>) throws -> Int {
        let flags = Int32(truncatingIfNeeded: Int(MSG_DONTWAIT) | Int(MSG_NOSIGNAL))
        let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
        if count < 0, errno == EAGAIN || errno == EINTR { return 0 }
        guard count >= 0 else { throw lost(reason(errno)) }
        return count
    }

    private func lost(_ why: String) -> CupelError { unavailable("was lost: \(why)") }

    private func unavailable(_ what: String) -> CupelError {
        CupelError(.storageUnavailable, "Redis at \(address) \(what).")
    }
}

extension RedisLink {
    private static func connected(
        _ address: RedisAddress,
        _ limit: Duration
    ) throws -> UnsafeMutablePointer<redisContext> {
        let microseconds = Int(max(1000, limit.wholeMicroseconds))
        let wait = timeval(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
        let context =
            switch address.endpoint {
            case .tcp(let host, let port): redisConnectWithTimeout(host, Int32(port), wait)
            case .unix(let path): redisConnectUnixWithTimeout(path, wait)
            }
        guard let context else { throw CupelError(.storageUnavailable, "There is no memory to connect to Redis.") }
        guard context.pointee.err == 0 else {
            let why = withUnsafeBytes(of: &context.pointee.errstr) { text in
                String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
            }
            redisFree(context)
            throw CupelError(
                .storageUnavailable,
                "Redis at \(address) cannot be reached: \(why). Check that it runs and that redis.url is right."
            )
        }
        return context
    }

    private func greet() throws {
        var commands: [RedisCommand] = []
        if let password = address.password {
            let login: [any RedisArgument] = address.user.map { [$0, password.expose()] } ?? [password.expose()]
            commands.append(RedisCommand("AUTH", arguments: login))
        }
        if address.database != 0 { commands.append(RedisCommand("SELECT", address.database)) }
        commands.append(RedisCommand("PING"))
        for (command, reply) in zip(commands, try exchange(commands, within: limits.command)) {
            guard case .error(let text) = reply else { continue }
            throw refused(command.words[0], text)
        }
    }

    /// Why Redis did not let us in.
    private func refused(_ command: [UInt8], _ text: String) -> CupelError {
        let cause = CupelError(.internalError, Redactor.shared.redact(text))
        let what =
            switch String(decoding: command, as: UTF8.self) {
            case _ where text.hasPrefix("NOAUTH"): "wants a password; set it in redis.url"
            case "AUTH" where text.contains("without any password"):
                "has no password, and redis.url gives one; remove it there or set requirepass"
            case "AUTH": "refuses user or password of redis.url"
            case "SELECT": "has no database \(address.database), or does not let us use it; check redis.url"
            default: "refuses us: " + Redactor.shared.redact(text)
            }
        return CupelError(.storageUnavailable, "Redis at \(address) \(what).", cause: cause)
    }
}

/// What `errno` means.
private func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
