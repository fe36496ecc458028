import CupelCore
import NIOCore
import NIOSSL

/// Where an upstream is reached and what every request to it carries; made once a snapshot, shared by all event loops.
final class UpstreamTarget: Sendable {
    /// A proxy that connections are made through.
    struct Proxy: Sendable, Hashable {
        var host: String
        var port: Int
        /// `Basic …`, when it asks for it.
        var authorization: Secret?
    }

    /// Its name in settings, records and errors.
    let name: String
    /// The host, without brackets.
    let host: String
    let port: Int
    /// TLS towards the upstream; `nil` for plain HTTP.
    let tls: NIOSSLContext?
    let proxy: Proxy?
    let limits: UpstreamLimits
    /// Connections that one event loop keeps at most; more calls wait.
    let maximumConnections: Int
    /// What is known of it; outlives the snapshot.
    let health: UpstreamHealth
    /// `host: …`, what authenticates us, and the like: whole lines of each request's head.
    let headLines: [UInt8]
    /// What stands before the path in a request's first line: a proxy without a tunnel wants the whole address.
    let pathPrefix: String

    init(
        name: String,
        host: String,
        port: Int,
        tls: NIOSSLContext? = nil,
        proxy: Proxy? = nil,
        limits: UpstreamLimits = UpstreamLimits(),
        maximumConnections: Int = 512,
        health: UpstreamHealth = UpstreamHealth(),
        fields: [(name: String, value: String)] = []
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.tls = tls
        self.proxy = proxy
        self.limits = limits
        self.maximumConnections = maximumConnections
        self.health = health
        let isUsualPort = port == (tls == nil ? 80 : 443)
        let authority = (host.contains(":") ? "[\(host)]" : host) + (isUsualPort ? "" : ":\(port)")
        var lines = "host: \(authority)\r\nuser-agent: cupel\r\n"
        for field in fields { lines += "\(field.name): \(field.value)\r\n" }
        if let proxy, tls == nil {
            pathPrefix = "http://" + authority
            if let shown = proxy.authorization { lines += "proxy-authorization: \(shown.expose())\r\n" }
        } else {
            pathPrefix = ""
        }
        headLines = Array(lines.utf8)
    }
}
