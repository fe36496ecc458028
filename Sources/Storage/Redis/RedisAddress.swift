package import CupelCore
import Foundation

/// Where a Redis is and how to sign in there, read from `redis://[[user]:password@]host[:port][/db]` or
/// `unix://[[user]:password@]/path/to/socket[?db=0]`.
///
/// User and password may hold percent-escapes.
package struct RedisAddress: Sendable {
    /// How the server is reached.
    package enum Endpoint: Sendable, Hashable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    package let endpoint: Endpoint
    /// The user of Redis 6's access lists; `nil` for the default user.
    package let user: String?
    package let password: Secret?
    /// The number of the database that is selected.
    package let database: Int

    /// The port when the address names none.
    package static let defaultPort = 6379
    /// The largest database number that is taken; the server may have fewer.
    package static let maximumDatabase = 65_535
    /// The longest path of a Unix socket: `sun_path` holds 108 bytes with the closing zero.
    package static let maximumSocketPathBytes = 107

    /// Reads an address.
    /// - Throws: `configuration_invalid` naming the part that is wrong; it never shows the password.
    package init(_ url: Secret) throws {
        let text = url.expose()
        guard let separator = text.range(of: "://") else {
            throw Self.wrong("it has no scheme; write redis://host:port or unix:///path/to/socket")
        }
        let rest = text[separator.upperBound...]
        switch text[..<separator.lowerBound].lowercased() {
        case "redis": self = try Self.tcp(rest)
        case "unix": self = try Self.unix(rest)
        case "rediss":
            throw Self.wrong(
                "rediss:// needs TLS, which this build's Redis client does not have; run a TLS tunnel such as "
                    + "stunnel on this machine and name its loopback port with redis://127.0.0.1:port"
            )
        default: throw Self.wrong("its scheme is neither redis:// nor unix://")
        }
    }

    private init(_ endpoint: Endpoint, _ login: Login, _ database: Int) {
        self.endpoint = endpoint
        user = login.user
        password = login.password
        self.database = database
    }

    /// Whether what is sent stays on this machine.
    package var isLoopback: Bool {
        switch endpoint {
        case .unix: true
        case .tcp(let host, _):
            host == "localhost" || host == "::1"
                || host.hasPrefix("127.") && host.split(separator: ".").count == 4
                    && host.allSatisfy { $0.isNumber || $0 == "." }
        }
    }

    private static func tcp(_ text: Substring) throws -> RedisAddress {
        guard !text.contains("?"), !text.contains("#") else {
            throw wrong("it has parameters after ? or #; only redis://user:password@host:port/db is understood")
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let (login, host) = try Login.split(parts[0])
        let database = try number(parts.count == 2 ? parts[1] : "")
        return RedisAddress(try endpoint(host), login, database)
    }

    private static func endpoint(_ text: Substring) throws -> Endpoint {
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw wrong("the IPv6 host has no closing ]") }
            let after = text[text.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else {
                throw wrong("after the IPv6 host only :port may follow")
            }
            host = text[text.index(after: text.startIndex)..<end]
            port = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.isEmpty else { throw wrong("the host is missing") }
        guard host.utf8.count <= 253,
            host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-._:".contains($0)) })
        else { throw wrong("the host holds characters that no host name has") }
        guard let port else { return .tcp(host: host.lowercased(), port: defaultPort) }
        guard let value = Int(port), (1...65_535).contains(value) else {
            throw wrong("the port must be a number from 1 to 65535")
        }
        return .tcp(host: host.lowercased(), port: value)
    }

    private static func unix(_ text: Substring) throws -> RedisAddress {
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        let (login, host) = try Login.split(text[..<slash])
        guard host.isEmpty else { throw wrong("unix:// takes no host; write unix:///path/to/socket") }
        let parts = text[slash...].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first.flatMap({ String($0).removingPercentEncoding }), path.utf8.count > 1 else {
            throw wrong("the path of the socket is missing")
        }
        guard path.utf8.count <= maximumSocketPathBytes else {
            throw wrong("the path of the socket is longer than \(maximumSocketPathBytes) bytes")
        }
        let query = parts.count == 2 ? parts[1] : "db=0"
        guard query.hasPrefix("db=") else { throw wrong("after ? only db=number is understood") }
        return RedisAddress(.unix(path: path), login, try number(query.dropFirst(3)))
    }

    private static func number(_ text: Substring) throws -> Int {
        if text.isEmpty { return 0 }
        guard let value = Int(text), (0...maximumDatabase).contains(value) else {
            throw wrong("the database must be a number from 0 to \(maximumDatabase)")
        }
        return value
    }

    fileprivate static func wrong(_ what: String) -> CupelError {
        CupelError(.configurationInvalid, "The address of Redis (redis.url) is wrong: \(what).")
    }
}

extension RedisAddress: CustomStringConvertible {
    /// The address without user and password.
    package var description: String {
        switch endpoint {
        case .tcp(let host, let port):
            "redis://\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
        case .unix(let path): "unix://\(path)?db=\(database)"
        }
    }
}

/// The part of an address before `@`.
private struct Login {
    var user: String?
    var password: Secret?

    static func split(_ authority: Substring) throws -> (Login, Substring) {
        guard let at = authority.lastIndex(of: "@") else { return (Login(), authority) }
        let given = authority[..<at]
        let host = authority[authority.index(after: at)...]
        guard let colon = given.firstIndex(of: ":") else {
            throw RedisAddress.wrong("before @ stands no password; write :password@ or user:password@")
        }
        guard let user = String(given[..<colon]).removingPercentEncoding,
            let password = String(given[given.index(after: colon)...]).removingPercentEncoding
        else { throw RedisAddress.wrong("user or password hold a % that begins no escape; write %25 for it") }
        guard !password.isEmpty else { throw RedisAddress.wrong("the password before @ is empty") }
        return (Login(user: user.isEmpty ? nil : user, password: Secret(password)), host)
    }
}
