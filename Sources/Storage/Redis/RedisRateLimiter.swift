package import CupelCore

/// Counts over all replicas, in Redis: a script decides and counts in one step, with the same rule as
/// ``InProcessRateLimiter``.
///
/// The time is Redis' own, because windows only fit together when one clock makes them; a replica whose clock is wrong
/// changes nothing. While Redis is away each replica counts for itself, from nothing.
package final class RedisRateLimiter: RateLimiter {
    private let client: RedisClient
    private let time: (any TimeSource)?
    private let local: InProcessRateLimiter
    private let script = RedisScript(RedisRateLimiter.source)

    /// A limiter over a client.
    /// - Parameter time: a clock in place of Redis' own, for tests that move it.
    package init(_ client: RedisClient, time: (any TimeSource)? = nil) {
        self.client = client
        self.time = time
        local = InProcessRateLimiter(time: time ?? SystemTime())
    }

    /// Takes a request if every limit allows it.
    package func take(_ key: String, within limits: [RateLimit]) async -> RateDecision {
        let effective = RateLimit.effective(limits)
        guard !effective.isEmpty else { return RateDecision(isAllowed: true, remaining: .max) }
        var arguments: [any RedisArgument] = [time.map { String($0.now.microseconds) } ?? "", RateLimit.parts]
        for limit in effective { arguments += [limit.count, limit.partMicroseconds] as [any RedisArgument] }
        guard let reply = try? await script.run(client, key: client.prefix + "limit:" + key, arguments),
            let numbers = reply.elements?.compactMap(\.integer), numbers.count == 3
        else { return await local.take(key, within: limits) }
        return RateDecision(
            isAllowed: numbers[0] == 1,
            remaining: Int(numbers[1]),
            retryAfter: numbers[0] == 1 ? nil : .microseconds(numbers[2])
        )
    }

    /// KEYS[1]: a hash of "length of a part:number of the part" to the requests in it. ARGV: the time in microseconds or
    /// nothing, the number of parts, then for each limit its count and the length of a part.
    /// Gives whether it is allowed, how many are left, and the microseconds to wait.
    private static let source = """
        local now = tonumber(ARGV[1])
        if not now then
            local time = redis.call('TIME')
            now = tonumber(time[1]) * 1000000 + tonumber(time[2])
        end
        local parts, limits, longest = tonumber(ARGV[2]), {}, 0
        for i = 3, #ARGV, 2 do
            local part = tonumber(ARGV[i + 1])
            local limit = { count = tonumber(ARGV[i]), part = part, current = math.floor(now / part), used = 0, own = {} }
            limits[#limits + 1] = limit
            limits[ARGV[i + 1]] = limit
            longest = math.max(longest, part * (parts + 1))
        end
        local fields, stale = redis.call('HGETALL', KEYS[1]), {}
        for i = 1, #fields, 2 do
            local part, number = string.match(fields[i], '^(%d+):(%d+)$')
            local limit, count = part and limits[part], tonumber(fields[i + 1])
            number = tonumber(number)
            if limit and number >= limit.current - parts then
                limit.used = limit.used + count
                limit.own[#limit.own + 1] = { number, count }
            else
                stale[#stale + 1] = fields[i]
            end
        end
        if #stale > 0 then redis.call('HDEL', KEYS[1], unpack(stale)) end
        local remaining, wait = math.huge, 0
        for _, limit in ipairs(limits) do
            remaining = math.min(remaining, math.max(0, limit.count - limit.used))
            if limit.used >= limit.count then
                table.sort(limit.own, function(a, b) return a[1] < b[1] end)
                local left, last = limit.used, 0
                for _, entry in ipairs(limit.own) do
                    left, last = left - entry[2], entry[1]
                    if left < limit.count then break end
                end
                wait = math.max(wait, (last + parts + 1) * limit.part - now)
            end
        end
        if remaining <= 0 then return { 0, 0, wait } end
        for _, limit in ipairs(limits) do
            redis.call('HINCRBY', KEYS[1], string.format('%.0f:%.0f', limit.part, limit.current), 1)
        end
        redis.call('PEXPIRE', KEYS[1], math.ceil(longest / 1000))
        return { 1, remaining - 1, 0 }
        """
}
