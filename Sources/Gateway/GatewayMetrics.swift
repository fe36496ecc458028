import CupelCore
import Metrics

/// What is counted of calls, through swift-metrics.
enum GatewayMetrics {
    /// Counts one call: `cupel_gateway_calls_total`, `_errors_total`, `_attempts_total`, `_tokens_total`, and the times
    /// `_call_seconds` and `_first_byte_seconds`, by upstream.
    static func count(_ record: CallRecord) {
        let upstream = ("upstream", record.upstream)
        Counter(label: "cupel_gateway_calls_total", dimensions: [upstream, ("outcome", record.outcome.word)])
            .increment()
        Counter(label: "cupel_gateway_attempts_total", dimensions: [upstream]).increment(by: record.attempts)
        if case .failed(let code) = record.outcome {
            Counter(label: "cupel_gateway_errors_total", dimensions: [upstream, ("code", code.rawValue)]).increment()
        }
        if let usage = record.usage {
            for (direction, count) in [("input", usage.input), ("output", usage.output)] {
                Counter(label: "cupel_gateway_tokens_total", dimensions: [upstream, ("direction", direction)])
                    .increment(by: count)
            }
        }
        Timer(label: "cupel_gateway_call_seconds", dimensions: [upstream])
            .recordNanoseconds(record.duration.wholeMicroseconds * 1000)
        if let firstByte = record.firstByte {
            Timer(label: "cupel_gateway_first_byte_seconds", dimensions: [upstream])
                .recordNanoseconds(firstByte.wholeMicroseconds * 1000)
        }
    }
}
