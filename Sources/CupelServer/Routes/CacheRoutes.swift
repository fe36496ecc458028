import CupelCore
import Gateway
import HTTPTypes

/// The exact cache for administrators: how it serves, what it holds, and emptying it. Never what was said.
struct CacheRoutes: Sendable {
    let cache: AnswerCache
    let now: @Sendable () -> Duration

    private static let path = "/api/v1/admin/cache"
    private static let tag = "gateway"
    /// Bytes of a tenant's name.
    private static let maximumTenantBytes = 128

    private static let count: JSON = ["type": "integer"]
    private static let tenant = Schema.object([
        ("tenant", Schema.text), ("hits", count), ("misses", count), ("shared", count), ("stored", count),
        ("refused", count),
    ])
    private static let entry = Schema.object([
        ("tenant", Schema.text), ("digest", Schema.text), ("model", Schema.text), ("bytes", count),
        ("age_seconds", count), ("hits", count),
    ])

    func all() -> [Route] {
        [
            Route(.get, Self.path, tag: Self.tag, "How the cache serves, and what it holds, without content") {
                request in
                let wanted = try request.name("tenant", limit: Self.maximumTenantBytes)
                let limit = try request.integer("limit", default: 50, in: 1...200)
                return .json(report(tenant: wanted, limit: limit))
            }
            .taking(.query, "tenant", "Only this tenant: the identifier of a team, person or key", Schema.text)
            .taking(.query, "limit", "Entries at most, those last used first", Schema.integer(1...200, default: 50))
            .answering(
                200,
                "Totals, counts since the start by tenant, and entries",
                Schema.object([
                    ("entries", Self.count), ("bytes", Self.count), ("tenants", Schema.array(Self.tenant)),
                    ("items", Schema.array(Self.entry)),
                ])
            ),
            Route(.delete, Self.path, tag: Self.tag, "Forget the answers of a tenant, or all") { request in
                let wanted = try request.name("tenant", limit: Self.maximumTenantBytes)
                return .json(["removed": .integer(Int64(cache.clear(tenant: wanted)))])
            }
            .taking(.query, "tenant", "Only this tenant", Schema.text)
            .answering(200, "How many were forgotten", Schema.object([("removed", Self.count)])),
        ]
    }

    private func report(tenant: String?, limit: Int) -> JSON {
        let statistics = cache.statistics().filter { tenant == nil || $0.key == tenant }
        let busiest = statistics.sorted {
            ($1.value.hits + $1.value.misses, $0.key) < ($0.value.hits + $0.value.misses, $1.key)
        }
        let held = cache.held
        return [
            "entries": .integer(Int64(held.entries)), "bytes": .integer(Int64(held.bytes)),
            "tenants": .array(busiest.prefix(200).map { Self.json($0.key, $0.value) }),
            "items": .array(cache.list(tenant: tenant, limit: limit, now: now()).map(Self.json)),
        ]
    }

    private static func json(_ tenant: String, _ statistics: CacheStatistics) -> JSON {
        [
            "tenant": .string(tenant), "hits": .integer(Int64(statistics.hits)),
            "misses": .integer(Int64(statistics.misses)), "shared": .integer(Int64(statistics.shared)),
            "stored": .integer(Int64(statistics.stored)), "refused": .integer(Int64(statistics.refused)),
        ]
    }

    private static func json(_ entry: CacheEntry) -> JSON {
        [
            "tenant": .string(entry.tenant), "digest": .string(entry.digest.description),
            "model": .string(entry.model), "bytes": .integer(Int64(entry.bytes)),
            "age_seconds": .integer(entry.age.components.seconds), "hits": .integer(Int64(entry.hits)),
        ]
    }
}
