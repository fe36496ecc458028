import CupelCore
import NIOSSL
import Synchronization

/// Makes what reaches an upstream from its configuration, and the same again for the same configuration, so that its
/// connections outlive a swap.
final class TargetFactory: Sendable {
    private let book: MeterBook
    private let made = Mutex<[String: (configuration: ProviderConfiguration, target: UpstreamTarget)]>([:])

    init(_ book: MeterBook) { self.book = book }

    /// The target of a provider.
    /// - Throws: `configuration_invalid` when its certificates cannot be read.
    func target(_ configuration: ProviderConfiguration) throws -> UpstreamTarget {
        if let known = made.withLock({ $0[configuration.name] }), known.configuration == configuration {
            return known.target
        }
        let target = UpstreamTarget(
            name: configuration.name,
            host: configuration.address.host,
            port: configuration.address.port,
            tls: configuration.address.isEncrypted ? try Self.tls(configuration) : nil,
            proxy: configuration.proxy.map(Self.proxy),
            limits: Self.limits(configuration.limits),
            maximumConnections: configuration.limits.connections,
            health: book.health(of: configuration.name),
            fields: Self.fields(configuration)
        )
        made.withLock { $0[configuration.name] = (configuration, target) }
        return target
    }

    private static func limits(_ limits: ProviderLimits) -> UpstreamLimits {
        UpstreamLimits(
            whole: limits.whole,
            connect: limits.connect,
            firstByte: limits.firstByte,
            betweenBytes: limits.betweenBytes,
            tries: limits.tries
        )
    }

    private static func tls(_ configuration: ProviderConfiguration) throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        // Our connections speak HTTP/1.1; nothing else must be negotiated.
        tls.applicationProtocols = ["http/1.1"]
        if let file = configuration.certificateFile {
            do {
                tls.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(file))]
            } catch {
                throw CupelError(
                    .configurationInvalid,
                    "providers.\(configuration.name).ca_file: \(file) holds no certificates that can be read.",
                    cause: error
                )
            }
        }
        return try NIOSSLContext(configuration: tls)
    }

    private static func proxy(_ proxy: ProviderProxy) -> UpstreamTarget.Proxy {
        UpstreamTarget.Proxy(
            host: proxy.address.host,
            port: proxy.address.port,
            authorization: proxy.credentials.map { Secret("Basic " + Base64Text.encode(Array($0.expose().utf8))) }
        )
    }

    /// What authenticates us, and the headers that every call carries.
    private static func fields(_ configuration: ProviderConfiguration) -> [(name: String, value: String)] {
        var fields = configuration.headers.map { (name: $0.name, value: $0.value.expose()) }
        guard let key = configuration.key?.expose() else { return fields }
        switch configuration.auth {
        case .bearer: fields.append(("authorization", "Bearer " + key))
        case .none, .sigv4: break
        default: fields.append((configuration.auth.rawValue, key))
        }
        return fields
    }
}

/// Base64 of bytes (RFC 4648, 4), which Foundation would bring with all its weight.
enum Base64Text {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let left = min(bytes.count - index, 3)
            var word = UInt32(bytes[index]) << 16
            if left > 1 { word |= UInt32(bytes[index + 1]) << 8 }
            if left > 2 { word |= UInt32(bytes[index + 2]) }
            for place in 0..<4 {
                text.append(place <= left ? digits[Int(word >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }
}
