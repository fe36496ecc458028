import CupelCore
import NIOCore

/// What is asked, as it came and as far as it was read.
struct CallBody {
    /// The body as it goes out where nothing is translated.
    var bytes = ByteBuffer()
    var skim: RequestSkim?
    var model = ""
    /// Headers of the client that its own dialect's upstream is shown too.
    var fields: [(name: String, value: String)] = []
    /// The request in no provider's words, once it had to be read so.
    var chat: ChatRequest?
    /// The secrets that were taken out of it.
    var redaction: CallRedaction?
    /// Set where others wait for this call's answer, or may ask for it later.
    var lead: CacheLead?
    /// Whether the client asked for the chunk of usage that ends an OpenAI stream.
    var wantsUsage = false
    /// The limit that the policy puts on an answer whose request states none.
    var imposedMaxTokens: Int?
    /// Rates in requests that it draws on.
    var requests: [RateMeter] = []
    /// Rates in tokens that it draws on.
    var tokens: [RateMeter] = []
    /// Tokens that were drawn from the rates.
    var mostTokens = 0
    /// Tokens of an answer whose limit nobody states.
    static let usualOutputTokens = 4096

    var isStream: Bool { skim?.isStream ?? false }
}

extension CallExchange {
    /// Reads what the decision needs, finds who may answer, and refuses what may not be asked.
    func decide(_ fields: RequestFields, _ body: ByteBuffer) throws(CupelError) {
        guard !loop.ledger.isFull else {
            throw CupelError(
                .storageUnavailable,
                "Calls cannot be recorded at the moment, so none begins; the store does not keep up.",
                retryAfterSeconds: 2
            )
        }
        try read(body)
        note(fields)
        let needs = CallNeeds(endpoint: endpoint, contract: fields.contract)
        let route = try loop.route(call.model, caller, needs)
        order = route.order(now: Self.now, chance: &loop.chance)
        record.route = route.means
        record.upstream = candidate.target.name
        record.model = candidate.name
        try checkContext()
        try redact()
    }

    private func read(_ body: ByteBuffer) throws(CupelError) {
        call.bytes = body
        guard let skim = body.withUnsafeReadableBytes({ RequestSkim($0) }) else { throw Self.complaint(body) }
        call.skim = skim
        record.isStream = skim.isStream
        guard let model = skim.model, !model.isEmpty else {
            throw CupelError(
                .validationError,
                "The request names no model: set `model`; `GET /v1/models` lists them.",
                fields: [FieldProblem("model", "is missing")]
            )
        }
        guard model.count <= 256 else {
            throw CupelError(
                .validationError,
                "`model` is over 256 bytes.",
                fields: [FieldProblem("model", "too long")]
            )
        }
        call.model = body.getString(at: body.readerIndex + model.lowerBound, length: model.count) ?? ""
        record.modelAsked = call.model
        if let options = skim.streamOptions {
            call.wantsUsage = Self.member(body, options)?["include_usage"]?.boolValue ?? false
        }
    }

    /// A member's value, as a tree.
    static func member(_ body: ByteBuffer, _ range: Range<Int>) -> JSON? {
        let bytes = body.getBytes(at: body.readerIndex + range.lowerBound, length: range.count) ?? []
        return try? JSON(parsing: bytes, limits: JSONLimits(bytes: 4 << 20))
    }

    /// Why a body is not taken.
    private static func complaint(_ body: ByteBuffer) -> CupelError {
        let limits = JSONLimits(bytes: 64 << 20, depth: RequestSkim.maximumDepth, values: 2_000_000)
        do {
            guard case .object = try JSON(parsing: body.readableBytesView, limits: limits) else {
                return CupelError(.malformedRequest, "The body is no JSON object.")
            }
            return CupelError(
                .malformedRequest,
                "`model`, `stream`, `n` and the limit on tokens must be written plainly and once: a text without escapes, "
                    + "`true` or `false`, whole numbers of at most ten digits."
            )
        } catch {
            return CupelError(.malformedRequest, "The body is not JSON that is taken: \(error).")
        }
    }

    /// What header fields say of the call, for the record and for an upstream of the same dialect.
    private func note(_ fields: RequestFields) {
        record.run = fields.run
        record.artefact = fields.artefact
        record.purpose = fields.purpose ?? ""
        call.fields = fields.passed
    }

    /// Refuses before anything is sent what the model cannot hold.
    private func checkContext() throws(CupelError) {
        guard let window = candidate.contextWindow, let skim = call.skim else { return }
        // A quarter of what ASCII could be at most is a cautious least: nobody is refused for an estimate.
        let least = skim.narrowBytes / 8 + skim.wideBytes / 4
        guard least > window else { return }
        throw CupelError(
            .contextTooLarge,
            "The request has at least \(least) tokens and `\(candidate.name)` holds \(window); send less, or use a model "
                + "with a larger context.",
            fields: [FieldProblem("messages", "too long")]
        )
    }
}
