import CupelCore

/// Why one request to an upstream brought no answer.
enum UpstreamFailure: Error, Sendable {
    /// No connection came about.
    case unreachable(String)
    /// The connection ended before the answer's head.
    case reset(String)
    /// A limit on time passed; the text names which.
    case slow(String)
    /// It failed too often of late, so that nothing is sent to it for these seconds.
    case closed(retryAfter: Int)
    /// 429, with the seconds of its `Retry-After`.
    case rateLimited(retryAfter: Int?, String)
    /// 5xx.
    case broken(status: Int, String)
    /// 404.
    case unknownModel(String)
    /// 401 or 403.
    case unauthorized(status: Int, String)
    /// Any other status than 200.
    case refused(status: Int, String)
    /// The answer ended in the middle.
    case cut(String)
    /// The answer is over its limit of bytes.
    case tooLarge(limit: Int)
    /// The answer is not what the protocol says.
    case garbled(String)
    /// What the provider says is wrong, in its own format.
    case fault(ProviderFault)

    /// Whether the same request may well succeed a moment later.
    var isTransient: Bool {
        switch self {
        case .unreachable, .reset, .rateLimited, .broken: true
        case .fault(let fault): fault.isTransient && fault.kind != .garbled && fault.kind != .cut
        case .slow, .unknownModel, .unauthorized, .refused, .cut, .tooLarge, .garbled, .closed: false
        }
    }

    /// Whether it may mean that the upstream cannot be asked for a shape in this way.
    var mayRefuseShape: Bool {
        switch self {
        case .broken(let status, _): status == 500 || status == 501
        case .refused(let status, _): status == 400 || status == 422
        default: false
        }
    }

    /// Reads a status other than 200.
    init(status: Int, retryAfter: String?, body: [UInt8]) {
        let complaint = ChatCompletions.complaint(body)
        self =
            switch status {
            case 429: .rateLimited(retryAfter: Self.seconds(retryAfter), complaint)
            case 404: .unknownModel(complaint)
            case 401, 403: .unauthorized(status: status, complaint)
            case 500...599: .broken(status: status, complaint)
            default: .refused(status: status, complaint)
            }
    }

    /// `Retry-After` in seconds, at most a day; dates are not understood.
    private static func seconds(_ header: String?) -> Int? {
        header.flatMap(Int.init).flatMap { (0...86_400).contains($0) ? $0 : nil }
    }

    /// The error for whoever asked: the upstream, what was tried, what to check.
    func error(of upstream: Upstream, attempts: Int) -> CupelError {
        error(
            naming: "\(upstream.name) (\(Redactor.shared.redact(upstream.baseURL)))",
            model: upstream.model,
            attempts: attempts
        )
    }

    /// The error for whoever asked: the upstream, what was tried, what to check.
    func error(naming who: String, model: String, attempts: Int) -> CupelError {
        if case .fault(let fault) = self { return fault.error(provider: who) }
        let tried = attempts == 1 ? "one try" : "\(attempts) tries"
        let (code, what, advice): (ErrorCode, String, String) =
            switch self {
            case .unreachable(let why):
                (.providerConnectionFailed, "cannot be reached after \(tried): \(why)", "Check that it runs.")
            case .reset(let why):
                (.providerConnectionFailed, "closes the connection after \(tried): \(why)", "Look at its log.")
            case .slow(let limit):
                (.timeout, "is too slow: \(limit)", "Check its load, ask for less, or raise the limit.")
            case .closed:
                (.providerConnectionFailed, "failed too often of late", "Wait, or name a fallback for the model.")
            case .rateLimited(_, let why):
                (.providerRateLimited, "limits us after \(tried): \(why)", "Wait, or use another upstream.")
            case .broken(let status, let why):
                (.providerConnectionFailed, "answers \(status) after \(tried): \(why)", "Look at its log.")
            case .unknownModel(let why):
                (.modelNotAvailable, "does not know \(model): \(why)", "Check the name and the address.")
            case .unauthorized(let status, let why):
                (.providerConnectionFailed, "answers \(status): \(why)", "Check the API key that is set for it.")
            case .refused(let status, let why):
                (.providerRejected, "refuses the request with \(status): \(why)", "Change the request.")
            case .cut(let why):
                (.providerConnectionFailed, "ended its answer in the middle: \(why)", "Look at its log; try again.")
            case .tooLarge(let limit):
                (.providerConnectionFailed, "answers more than \(limit) bytes", "Check that it is a model's endpoint.")
            case .fault(let fault): (.providerConnectionFailed, fault.message, "")
            case .garbled(let why):
                (.providerConnectionFailed, "is not understood: \(why)", "Check that it speaks OpenAI's API.")
            }
        return CupelError(code, "\(who) \(what). \(advice)", retryAfterSeconds: retryAfterSeconds, cause: self)
    }

    /// Seconds after which the upstream wants to be asked again, where it says so.
    var retryAfterSeconds: Int? {
        switch self {
        case .rateLimited(let seconds, _): seconds
        case .closed(let seconds): seconds
        case .fault(let fault): fault.retryAfterSeconds
        default: nil
        }
    }
}
