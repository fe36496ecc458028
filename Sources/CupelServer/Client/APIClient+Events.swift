import AsyncHTTPClient
package import CupelCore
import NIOCore
import NIOHTTP1

extension APIClient {
    /// The longest line of an event stream, in bytes.
    static let maximumLineBytes = 4 << 20
    /// The time before a stream that broke is asked for again.
    static let resumeInterval = Duration.seconds(1)

    /// Hears of everything that happens until the task is cancelled; a stream that ends is resumed where it ended.
    /// - Parameters:
    ///   - path: the stream's, with its filters.
    ///   - each: hears of every event once, in order.
    /// - Throws: what the server answers when it refuses to be listened to, and what `each` throws.
    package func events(_ path: String, each: (JSON) async throws -> Void) async throws {
        var last: String?
        while true {
            try Task.checkCancellation()
            var request = request("GET", path, accepting: "text/event-stream")
            if let last { request.headers.add(name: "Last-Event-ID", value: last) }
            do {
                let response = try await HTTPClient.shared.execute(request, deadline: .distantFuture)
                guard response.status.code == 200 else {
                    let bytes = Array(try await response.body.collect(upTo: Self.maximumLineBytes).readableBytesView)
                    throw Self.error(try JSON(parsing: bytes))
                }
                try await Self.read(response.body, &last, each)
            } catch let error where error is CupelError || error is CancellationError {
                throw error
            } catch {
                // The connection broke; it is asked for again.
            }
            try await SystemTime().sleep(for: Self.resumeInterval)
        }
    }

    private static func read(
        _ body: HTTPClientResponse.Body,
        _ last: inout String?,
        _ each: (JSON) async throws -> Void
    ) async throws {
        var line: [UInt8] = []
        for try await buffer in body {
            for byte in buffer.readableBytesView {
                guard byte == UInt8(ascii: "\n") else {
                    guard line.count < maximumLineBytes else {
                        throw CupelError(.payloadTooLarge, "An event is over \(maximumLineBytes) bytes.")
                    }
                    line.append(byte)
                    continue
                }
                let text = String(decoding: line, as: UTF8.self)
                line.removeAll(keepingCapacity: true)
                if text.hasPrefix("id: ") { last = String(text.dropFirst(4)) }
                guard text.hasPrefix("data: ") else { continue }
                try await each(try JSON(parsing: text.dropFirst(6).description))
            }
        }
    }
}
