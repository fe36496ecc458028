// Telemetry: logs with redaction, Prometheus metrics, later OTLP traces and telemetry events.

package import Logging

/// Every key that a log line of ours may carry; one list, so that a person can search for them.
package enum LogKey: String, CaseIterable, Sendable {
    case attempt = "job.attempt"
    case code = "error.code"
    case count
    case duration = "duration.ms"
    case error
    case jobID = "job.id"
    case jobKind = "job.kind"
    case line = "output.line"
    case method = "http.method"
    case model = "model.name"
    case path = "http.path"
    case pid = "process.pid"
    case requestID = "request.id"
    case status = "http.status"
    case upstream = "upstream.name"
    case worker = "worker.name"
}

extension Logger {
    /// Logs a line with keys from ``LogKey``.
    package func log(_ level: Logger.Level, _ message: Logger.Message, _ values: [LogKey: String]) {
        var metadata: Logger.Metadata = [:]
        for (key, value) in values { metadata[key.rawValue] = .string(value) }
        log(level: level, message, metadata: metadata)
    }
}
