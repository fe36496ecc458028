import CupelCore
import NIOCore
import NIOHTTP1

/// The client's end of a call: whoever took the request and writes the answer.
protocol CallClient: AnyObject {
    /// Whether the client takes more.
    var isWritable: Bool { get }
    /// Writes a whole answer.
    func write(_ answer: CallAnswer)
    /// Begins an answer that comes in pieces.
    func beginStream(_ fields: [(name: String, value: String)])
    /// Writes a piece; ``flush()`` sends it.
    func writeStream(_ bytes: ByteBuffer)
    /// Sends what was written.
    func flush()
    /// Ends an answer that came in pieces.
    func endStream()
}

/// What a request's header fields say that matters to a call.
struct RequestFields: Sendable {
    /// The key that is shown, as OpenAI's clients do it or as Anthropic's do.
    var key: String?
    /// What the answering model must be able to do.
    var contract: String?
    /// The run that the call belongs to.
    var run: String?
    /// The artefact that it belongs to.
    var artefact: String?
    /// What it is for.
    var purpose: String?
    /// Fields that an upstream of the same dialect is shown too.
    var passed: [(name: String, value: String)] = []
    /// Whether it carries `anthropic-version`.
    var isAnthropic = false

    /// Bytes of a note of the caller's that are kept.
    private static let noteBytes = 128

    init() {}

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers where Self.matters(name.utf8.count) { note(name.lowercased(), value) }
    }

    /// The length of a name rules out nearly every field before anything is made of it.
    static func matters(_ count: Int) -> Bool {
        switch count {
        case 7, 9, 11, 13, 14, 15, 16, 17: true
        default: false
        }
    }

    /// Takes note of a field; the name is in lower case.
    mutating func note(_ name: String, _ value: String) {
        switch name {
        case "authorization": key = Self.bearer(value)
        case "x-api-key", "api-key": key = key ?? value
        case "x-cupel-contract": contract = value
        case "x-cupel-run": run = String(value.prefix(Self.noteBytes))
        case "x-cupel-artefact": artefact = String(value.prefix(Self.noteBytes))
        case "x-cupel-purpose": purpose = String(value.prefix(Self.noteBytes))
        case "anthropic-version":
            isAnthropic = true
            passed.append((name, value))
        case "anthropic-beta", "openai-beta": passed.append((name, value))
        default: break
        }
    }

    private static func bearer(_ value: String) -> String {
        let scheme = value.utf8.prefix(7)
        guard scheme.elementsEqual("Bearer ".utf8) || scheme.elementsEqual("bearer ".utf8) else { return value }
        return String(value.dropFirst(7))
    }
}

/// Begins the calls of one connection: knows who showed a key last, so that it is not looked up for every call.
struct CallStarter {
    private var known: (shown: String, caller: Caller, generation: Int)?

    /// Begins a call, or answers what needs none.
    /// - Returns: the call, when there is one.
    mutating func start(
        _ endpoint: Endpoint,
        _ fields: RequestFields,
        _ body: ByteBuffer,
        for client: any CallClient,
        on loop: GatewayLoop
    ) -> CallExchange? {
        let id = Identifier<CallRecord>(at: SystemTime().now, using: &loop.chance)
        do {
            let caller = try caller(fields.key, loop)
            switch endpoint {
            case .models, .model:
                client.write(try ModelListing(endpoint, isAnthropic: fields.isAnthropic).answer(loop, caller, id))
                return nil
            default: return CallExchange(client, loop, caller, endpoint, id)
            }
        } catch {
            client.write(CallAnswer(error, endpoint.dialect, id: id.description))
            return nil
        }
    }

    /// Whoever a key belongs to.
    /// - Throws: `unauthorized`, `forbidden`.
    private mutating func caller(_ shown: String?, _ loop: GatewayLoop) throws(CupelError) -> Caller {
        guard let shown else {
            if let anonymous = loop.snapshot.anonymous { return anonymous }
            throw CupelError(
                .unauthorized,
                "A key is needed: send `Authorization: Bearer` or `x-api-key` with one that `cupel keys create` printed."
            )
        }
        if let known, known.generation == loop.generation, known.shown == shown {
            return try valid(known.caller)
        }
        guard let caller = loop.snapshot.caller(shown) else {
            throw CupelError(.unauthorized, "The key is not known; `cupel keys list` shows which are.")
        }
        known = (shown, caller, loop.generation)
        return try valid(caller)
    }

    private func valid(_ caller: Caller) throws(CupelError) -> Caller {
        if let refusal = caller.refusal(SystemTime().now) { throw refusal }
        return caller
    }
}
