import CupelCore
import NIOCore

/// The answer as far as it has come from the upstream that was tried last.
struct CallInbound {
    var head: ResponseHead?
    /// The body of an answer that is no stream.
    var body = ByteBuffer()
    /// A stream that passes through as it comes.
    var passage: PassageStream?
    /// A stream that is translated: from the upstream's dialect…
    var provider: ProviderStream?
    /// … into the client's.
    var client: ClientStream?
    /// What puts secrets back into a stream that passes…
    var mapper: TextMapper?
    /// … and into one that is translated.
    var eventTexts = EventTexts()
    /// Whether the client has been sent a part of the answer.
    var hasBegun = false
    /// Whether the answer comes as a stream.
    var isStreaming = false
    /// Whether the stream's own last event has come.
    var hasEnded = false
    /// Whether the usage so far is not the last word.
    var isUsagePartial = true
    /// Whether what was written ends with a whole event.
    var isBetweenEvents = true
    /// Whether something was written that was not sent.
    var hasUnflushed = false
    /// Events that brought a piece of the answer, for an estimate.
    var events = 0
    /// What went out so far, where it is kept for others; `nil` once it is too much.
    var copy: ByteBuffer? = ByteBuffer()
    /// The last bytes of a stream, which wait for the ledger.
    var tail = ByteBuffer()

    /// Tokens that came, by estimate: most upstreams send an event a token; of a whole answer, a token for four bytes.
    var tokensSeen: Int { isStreaming ? events : body.readableBytes / 4 }

    /// Counts the events in bytes that pass.
    mutating func countEvents(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { bytes in
            var last: UInt8 = 0
            for byte in bytes {
                if byte == 0x0A, last == 0x0A { events += 1 }
                last = byte
            }
        }
    }

    /// The event that tells the client of a failure.
    mutating func failure(_ error: CupelError, _ dialect: ClientDialect) -> [UInt8] {
        client?.fail(error) ?? ClientStream.failure(error, dialect)
    }
}
