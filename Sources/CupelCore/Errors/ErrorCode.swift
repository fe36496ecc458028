/// A stable, snake_case name for a kind of error, with its HTTP status and what a person can do about it.
public struct ErrorCode: Sendable, Hashable, CustomStringConvertible {
    /// The code as it stands in `type` of a problem answer.
    public let rawValue: String
    /// The HTTP status that the edge answers with.
    public let status: Int
    /// A short title for people.
    public let title: String
    /// How to recover, for `ERROR_CODES.md`.
    public let recovery: String

    package init(_ rawValue: String, _ status: Int, _ title: String, recovery: String) {
        self.rawValue = rawValue
        self.status = status
        self.title = title
        self.recovery = recovery
    }

    public var description: String { rawValue }
}

extension ErrorCode {
    public static let malformedRequest = ErrorCode(
        "malformed_request",
        400,
        "The request cannot be parsed",
        recovery: "Fix the syntax at the position that `detail` names; bodies are JSON unless a route says otherwise."
    )
    public static let validationError = ErrorCode(
        "validation_error",
        422,
        "A field is wrong",
        recovery: "Correct each field named in `errors[]` and send the request again."
    )
    public static let payloadTooLarge = ErrorCode(
        "payload_too_large",
        413,
        "The body is over its limit",
        recovery: "Send less, or raise `server.max_body_bytes` if the limit is yours to set."
    )
    public static let unauthorized = ErrorCode(
        "unauthorized",
        401,
        "A token is needed",
        recovery: "Send `Authorization: Bearer <token>`; `cupel token` prints the one of this data directory."
    )
    public static let forbidden = ErrorCode(
        "forbidden",
        403,
        "Not allowed",
        recovery: "Ask for the right that `detail` names, or use another account."
    )
    public static let hostNotAllowed = ErrorCode(
        "host_not_allowed",
        403,
        "This host or origin is not allowed",
        recovery: "Use the address the server prints at start, or add the name to `server.allowed_hosts`."
    )
    public static let notFound = ErrorCode(
        "not_found",
        404,
        "Not found",
        recovery: "Check the identifier; lists show what exists."
    )
    public static let methodNotAllowed = ErrorCode(
        "method_not_allowed",
        405,
        "This method is not offered here",
        recovery: "`/openapi.json` lists the methods of each path."
    )
    public static let conflict = ErrorCode(
        "conflict",
        409,
        "The state does not allow this",
        recovery: "Read the current state, then decide; `detail` says what stands in the way."
    )
    public static let csrfFailed = ErrorCode(
        "csrf_failed",
        403,
        "The CSRF token is missing or stale",
        recovery: "Load the page again, or send the token of `GET /api/v1/csrf` in `X-CSRF-Token`."
    )
    public static let rateLimitExceeded = ErrorCode(
        "rate_limit_exceeded",
        429,
        "Too many requests",
        recovery: "Wait as long as `Retry-After` says."
    )
    public static let noModelConfigured = ErrorCode(
        "no_llm_configured",
        503,
        "No model can answer",
        recovery: "Run `cupel model install smollm2`, or set `model.url` to an OpenAI-compatible endpoint."
    )
    public static let modelNotAvailable = ErrorCode(
        "model_not_available",
        404,
        "The model is not available",
        recovery: "`cupel model list` shows what is; check the name and that its upstream runs."
    )
    public static let providerConnectionFailed = ErrorCode(
        "provider_connection_failed",
        502,
        "The model's upstream cannot be reached or answers garbage",
        recovery: "Check that the upstream that `detail` names runs and speaks OpenAI's API, then retry the job."
    )
    public static let providerRateLimited = ErrorCode(
        "provider_rate_limited",
        429,
        "The model's upstream limits us",
        recovery: "Wait as long as `Retry-After` says, or configure another upstream."
    )
    public static let policyViolation = ErrorCode(
        "policy_violation",
        403,
        "A rule of the policy forbids this",
        recovery: "`detail` names the rule; ask who keeps `cupel.policy.yaml`, or change the request."
    )
    public static let invalidPolicy = ErrorCode(
        "invalid_policy",
        422,
        "The policy is wrong",
        recovery: "Correct each place that `errors[]` names by line and column; the policy in force stays until then."
    )
    public static let budgetExceeded = ErrorCode(
        "budget_exceeded",
        402,
        "A budget is spent",
        recovery: "`detail` says which budget and when it resets; raise it, or ask for less with `max_tokens`."
    )
    public static let contextTooLarge = ErrorCode(
        "context_too_large",
        400,
        "The model's context cannot hold this",
        recovery: "Send less, or choose a model with the context that `detail` asks for."
    )
    public static let providerRejected = ErrorCode(
        "provider_rejected",
        400,
        "The model's upstream refused the request",
        recovery: "`detail` holds the upstream's own words; change the request accordingly."
    )
    public static let generationFailed = ErrorCode(
        "generation_failed",
        422,
        "The model's answers did not become a valid artefact",
        recovery: "Say the ask more plainly or in smaller steps, or configure a larger model."
    )
    public static let nothingFits = ErrorCode(
        "nothing_fits",
        422,
        "No module fits the ask",
        recovery: "Name what should change on the host; `detail` lists the nearest modules."
    )
    public static let toolMissing = ErrorCode(
        "tool_missing",
        503,
        "A tool that this needs is not installed",
        recovery: "Run `cupel doctor`; it names the package and the command that installs it."
    )
    public static let toolFailed = ErrorCode(
        "tool_failed",
        502,
        "A tool ended without an answer",
        recovery: "Run `cupel doctor`; the log of the job says what the tool printed."
    )
    public static let sandboxUnavailable = ErrorCode(
        "sandbox_unavailable",
        503,
        "The sandbox cannot run here",
        recovery: "Run `cupel doctor`; on Ubuntu 23.10 and later allow unprivileged user namespaces for bwrap."
    )
    public static let configurationInvalid = ErrorCode(
        "configuration_invalid",
        500,
        "The configuration is wrong",
        recovery: "Correct the key that is named; `cupel config show --origin` shows where each value comes from."
    )
    public static let dataDirectoryLocked = ErrorCode(
        "data_directory_locked",
        409,
        "Another server owns the data directory",
        recovery: "Stop the process that is named, or choose another `data.dir`."
    )
    public static let storageUnavailable = ErrorCode(
        "storage_unavailable",
        503,
        "The store cannot be used",
        recovery: "Check the disk and the rights of the data directory; `cupel doctor` tells which fails."
    )
    public static let outcomeUnknown = ErrorCode(
        "outcome_unknown",
        503,
        "Whether it was written is not known",
        recovery: "The store was lost while it committed: read the state, and send it again if it is not there."
    )
    public static let schemaTooNew = ErrorCode(
        "schema_too_new",
        500,
        "The database was written by a newer cupel",
        recovery: "Use that version or a later one; an older binary never writes to a newer schema."
    )
    public static let timeout = ErrorCode(
        "timeout",
        504,
        "It took too long",
        recovery: "Try again; raise the limit that `detail` names if it is too low for this machine."
    )
    public static let shuttingDown = ErrorCode(
        "shutting_down",
        503,
        "The server is stopping",
        recovery: "Try again in a moment, or against another replica."
    )
    public static let internalError = ErrorCode(
        "internal_error",
        500,
        "An unexpected error",
        recovery: "Look for the `request_id` in the server's log."
    )

    /// Every code, in the order of `ERROR_CODES.md`.
    public static let all: [ErrorCode] = [
        .malformedRequest, .validationError, .payloadTooLarge, .unauthorized, .forbidden, .hostNotAllowed, .notFound,
        .methodNotAllowed, .conflict, .csrfFailed, .rateLimitExceeded, .noModelConfigured, .modelNotAvailable,
        .providerConnectionFailed, .providerRateLimited, .providerRejected, .policyViolation, .invalidPolicy,
        .budgetExceeded, .contextTooLarge, .generationFailed, .nothingFits, .toolMissing, .toolFailed,
        .sandboxUnavailable, .configurationInvalid, .dataDirectoryLocked, .storageUnavailable, .outcomeUnknown,
        .schemaTooNew, .timeout, .shuttingDown, .internalError,
    ]
}
