import CupelCore
package import HummingbirdCore
import NIOCore

/// A body that is taken as it comes, for routes that must not hold it whole.
package struct BodyStream: Sendable {
    private let body: RequestBody
    private let limit: Int

    /// The body of a request, with a bound in bytes.
    package init(_ body: RequestBody, limit: Int) {
        self.body = body
        self.limit = limit
    }

    /// Hands over the bytes, part after part; the sender waits meanwhile.
    /// - Throws: `payload_too_large` once more than the bound came; what `take` throws.
    package func forEach(_ take: ([UInt8]) async throws -> Void) async throws {
        var count = 0
        for try await buffer in body {
            count += buffer.readableBytes
            guard count <= limit else { throw CupelError(.payloadTooLarge, "The body is over \(limit) bytes.") }
            try await take(Array(buffer.readableBytesView))
        }
    }
}
