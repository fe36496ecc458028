import CupelCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Policy
import Storage

@testable import Gateway

/// A gateway with a store, a ledger and a listener, as the server puts them together.
struct GatewayHouse: Sendable {
    let database: any Database
    let ledger: Ledger
    let engine: GatewayEngine
    let port: Int

    /// Runs a body with a gateway, and closes everything after it.
    static func with<Value: Sendable>(
        loops: Int = 2,
        hasLane: Bool = true,
        time: any TimeSource = SystemTime(),
        store: @Sendable (any Database) -> any Database = { $0 },
        _ body: @Sendable (GatewayHouse) async throws -> Value
    ) async throws -> Value {
        let directory = "/tmp/cupel-house-\(Identifier<GatewayHouse>())"
        try DirectoryMaker.make(directory)
        defer { DirectoryMaker.remove(directory) }
        let sqlite = try SQLiteDatabase(path: directory + "/calls.db")
        _ = try await Migrator(CallStore.migrations).up(sqlite)
        let database = store(sqlite)
        let ledger = Ledger(
            database: database,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            time: time
        )
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        let engine = GatewayEngine(ledger: ledger, on: group)
        let listener = try await listen(engine, group, hasLane: hasLane)
        let house = GatewayHouse(
            database: database,
            ledger: ledger,
            engine: engine,
            port: listener.localAddress?.port ?? 0
        )
        let result = await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await ledger.run() }
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(house))
            } catch {
                result = .failure(error)
            }
            try? await listener.close()
            await engine.close()
            ledger.close()
            await tasks.waitForAll()
            return result
        }
        try await group.shutdownGracefully()
        await sqlite.close()
        return try result.get()
    }

    /// A listener as the door is one: the lane for plain calls first, where there is one, and HTTP behind it.
    static func listen(
        _ engine: GatewayEngine,
        _ group: any EventLoopGroup,
        hasLane: Bool
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 2048)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if hasLane { try channel.pipeline.syncOperations.addHandler(engine.makeLane()) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(engine.makeHandler())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Publishes one caller for everybody, and what each model's name means.
    func publish(_ caller: Caller = Caller(), _ routes: [String: CallRoute]) async {
        engine.publish(
            GatewaySnapshot(anonymous: caller) { name, _, _ throws(CupelError) in
                guard let route = routes[name] else { throw CupelError(.modelNotAvailable, "No model `\(name)`.") }
                return route
            }
        )
        // Whoever connects now comes after the snapshot on every loop.
        _ = await engine.occupation()
    }

    func connect() async throws -> WireClient { try await WireClient.connect(port) }

    /// Sends one request on a connection of its own and waits for the answer.
    func ask(
        _ body: String,
        at path: String = "/v1/chat/completions",
        headers: [(String, String)] = []
    ) async throws -> WireClient.Answer {
        let client = try await connect()
        let answer = try await client.ask(body, at: path, headers: headers)
        await client.leave()
        return answer
    }

    /// Waits until no call is under way and every connection rests.
    func quiet() async throws {
        try await eventually("nothing is under way") {
            let now = await engine.occupation()
            return now.calls == 0 && now.connections == now.idle
        }
    }

    // MARK: What was kept

    struct Kept: Sendable, Hashable {
        var id: String
        var outcome: String
        var cost: Int?
        var input: Int?
        var output: Int?
        var cacheRead: Int?
        var cacheWrite: Int?
        var reasoning: Int?
        var attempts: Int
        var status: Int
        var upstream: String
        var isEstimated: Bool
    }

    func kept() async throws -> [Kept] {
        try await database.query("SELECT * FROM calls ORDER BY id").map { row in
            Kept(
                id: try row.text("id"),
                outcome: try row.text("outcome"),
                cost: try row.optionalInteger("cost_microdollars"),
                input: try row.optionalInteger("input_tokens"),
                output: try row.optionalInteger("output_tokens"),
                cacheRead: try row.optionalInteger("cache_read_tokens"),
                cacheWrite: try row.optionalInteger("cache_write_tokens"),
                reasoning: try row.optionalInteger("reasoning_tokens"),
                attempts: try row.integer("attempts"),
                status: try row.integer("status"),
                upstream: try row.text("upstream"),
                isEstimated: try row.integer("is_estimated") != 0
            )
        }
    }

    /// Calls, those without a price, and cost over all days.
    func sums() async throws -> (calls: Int, unpriced: Int, cost: Int) {
        let row = try await database.query(
            """
            SELECT coalesce(sum(calls), 0) AS calls, coalesce(sum(unpriced), 0) AS unpriced,
                coalesce(sum(cost_microdollars), 0) AS cost FROM usage_days
            """
        )[0]
        return (try row.integer("calls"), try row.integer("unpriced"), try row.integer("cost"))
    }
}

extension ModelPrices {
    /// Prices whose classes all differ, so that no class can stand for another unseen.
    static let distinct = ModelPrices(
        base: TokenRates(
            input: TokenPrice(picodollars: 3_000_000),
            output: TokenPrice(picodollars: 15_000_000),
            cacheRead: TokenPrice(picodollars: 300_000),
            cacheWrite: TokenPrice(picodollars: 3_750_000),
            cacheWriteLong: TokenPrice(picodollars: 6_000_000),
            reasoning: TokenPrice(picodollars: 20_000_000)
        )
    )
}

extension CallCandidate {
    /// A model at an upstream of the tests.
    static func at(
        _ port: Int,
        name: String = "one",
        _ dialect: ProviderDialect = .openAI,
        limits: UpstreamLimits = UpstreamLimits(),
        maximumConnections: Int = 512,
        health: UpstreamHealth = UpstreamHealth(),
        prices: ModelPrices? = .distinct,
        budgets: [BudgetMeter] = [],
        contextWindow: Int? = nil
    ) -> CallCandidate {
        let target = UpstreamTarget(
            name: name,
            host: "127.0.0.1",
            port: port,
            limits: limits,
            maximumConnections: maximumConnections,
            health: health
        )
        var cost: (@Sendable (TokenUsage) -> Money)?
        var worstCase: (@Sendable (Int, Int) -> Money)?
        if let prices {
            cost = { prices.cost(of: $0) ?? .zero }
            worstCase = { prices.worstCase(inputTokens: $0, outputTokens: $1) ?? .zero }
        }
        return CallCandidate(
            target: target,
            dialect: dialect,
            model: "upstream-model",
            paths: CallCandidate.Paths(
                chat: "/chat",
                stream: "/stream",
                embeddings: "/embeddings",
                countTokens: "/count"
            ),
            contextWindow: contextWindow,
            maximumOutput: 100,
            cost: cost,
            worstCase: worstCase,
            budgets: budgets
        )
    }
}

/// Questions and answers of the tests.
enum Talk {
    /// A question for at most ten tokens.
    static let question = #"{"model":"m","max_tokens":10,"messages":[{"role":"user","content":"Well?"}]}"#
    static let streamed = #"{"model":"m","stream":true,"max_tokens":10,"messages":[{"role":"user","content":"Well?"}]}"#

    /// An answer of OpenAI's that took eleven tokens and seven.
    static let answer = WireUpstream.Step.answer(
        #"{"id":"a","object":"chat.completion","model":"m7","choices":[{"index":0,"finish_reason":"stop","message":"#
            + #"{"role":"assistant","content":"So."}}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}"#
    )

    /// What that costs.
    static let cost = ModelPrices.distinct.cost(of: TokenUsage(input: 11, output: 7)) ?? .zero

    static func piece(_ text: String, finish: String = "null") -> String {
        #"data: {"id":"a","object":"chat.completion.chunk","model":"m7","choices":[{"index":0,"delta":{"content":""#
            + text + #""},"finish_reason":"# + finish + "}]}\n\n"
    }

    static let last = piece("", finish: "\"stop\"")
    static let usage =
        #"data: {"id":"a","object":"chat.completion.chunk","model":"m7","choices":[],"usage":"#
        + #"{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}"# + "\n\n"
    static let done = "data: [DONE]\n\n"

    /// The same answer as a stream.
    static let stream: [WireUpstream.Step] = [
        .streamHead, .chunk(piece("So")), .chunk(piece(".")), .chunk(last), .chunk(usage), .chunk(done), .lastChunk,
    ]
}
