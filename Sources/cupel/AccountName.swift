import ArgumentParser
import CupelCore
import CupelServer

/// Accounts by the names that people type.
enum AccountName {
    /// The kinds, as they stand in paths.
    static func plural(of kind: String) -> String { kind == "person" ? "people" : kind + "s" }

    /// The identifier of a team, person, project or key; an identifier stands for itself.
    /// - Throws: `not_found` when nothing has the name.
    static func identifier(of name: String, _ kind: String, _ client: APIClient) async throws -> String {
        if Identifier<APIClient>(name) != nil { return name }
        let page = try await client.get(Query.path("/api/v1/admin/\(kind)", [("name", name)]))
        let live = page["items"]?.arrayValue?.first { $0["revoked_at"]?.stringValue == nil }
        guard let id = live?["id"]?.stringValue else {
            throw CupelError(
                .notFound,
                "There is nothing named '\(name)' among \(kind); `cupel \(kind) list` shows all."
            )
        }
        return id
    }
}

/// Limits of a key or a team.
struct LimitOptions: ParsableArguments {
    @Option(help: "Calls that may begin within a minute.") var requestsPerMinute: Int?
    @Option(help: "Tokens, in and out, within a minute.") var tokensPerMinute: Int?
    @Option(help: "Calls that may be under way at once.") var parallelCalls: Int?

    /// As the API takes them.
    var json: JSON {
        func number(_ value: Int?) -> JSON { value.map { .integer(Int64($0)) } ?? .null }
        return [
            "requests_per_minute": number(requestsPerMinute), "tokens_per_minute": number(tokensPerMinute),
            "parallel_calls": number(parallelCalls),
        ]
    }
}
