package import CupelCore

/// Where a provider or a proxy is: the parts of an address as `https://host:port/path` (RFC 3986).
package struct ProviderAddress: Sendable, Hashable {
    /// Whether the connection is encrypted.
    package var isEncrypted: Bool
    /// A name or an address; an IPv6 address without brackets.
    package var host: String
    /// The port.
    package var port: Int
    /// What goes before every path, without a slash at its end; empty or beginning with one.
    package var path: String

    /// Takes an address apart.
    /// - Throws: `validation_error` saying what is wrong; never with the address itself, which may hold a password.
    package init(_ text: some StringProtocol) throws {
        func wrong(_ what: String) -> CupelError { CupelError(.validationError, what) }
        guard text.utf8.count <= 300, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw wrong("an address is at most 300 visible ASCII characters")
        }
        let rest: Substring
        if text.hasPrefix("https://") {
            (isEncrypted, rest) = (true, Substring(text.dropFirst(8)))
        } else if text.hasPrefix("http://") {
            (isEncrypted, rest) = (false, Substring(text.dropFirst(7)))
        } else {
            throw wrong("an address begins with http:// or https://")
        }
        guard !rest.contains(where: { "?#\\\"<>{}".contains($0) }) else {
            throw wrong("an address has no query, fragment, quotes or braces")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        guard !authority.contains("@") else { throw wrong("an address holds no name and password") }
        path = String(rest[slash...])
        while path.hasSuffix("/") { path.removeLast() }
        (host, port) = try Self.split(authority, standard: isEncrypted ? 443 : 80)
    }

    /// The value of the `Host` header: the port only where it is not the usual one.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isEncrypted ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Whether it is on this machine.
    package var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    private static func split(_ authority: Substring, standard: Int) throws -> (String, Int) {
        var name = authority
        var port = standard
        let end = authority.lastIndex(of: "]").map { authority.index(after: $0) } ?? authority.startIndex
        if let colon = authority[end...].lastIndex(of: ":") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
                (1...65535).contains(number)
            else { throw CupelError(.validationError, "a port is a number from 1 to 65535") }
            (name, port) = (authority[..<colon], number)
        }
        if name.hasPrefix("["), name.hasSuffix("]") {
            name = name.dropFirst().dropLast()
            guard name.contains(":"),
                name.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit || $0 == 0x3A || $0 == 0x2E })
            else { throw CupelError(.validationError, "an IPv6 address stands in brackets") }
        } else {
            guard (1...253).contains(name.utf8.count),
                name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_" })
            else { throw CupelError(.validationError, "a host is letters, digits, hyphens and dots") }
        }
        return (name.lowercased(), port)
    }
}

extension ProviderAddress: CustomStringConvertible {
    package var description: String { (isEncrypted ? "https://" : "http://") + authority + path }
}

/// An HTTP proxy that connections to a provider go through (CONNECT, RFC 9110, 9.3.6).
package struct ProviderProxy: Sendable, Hashable {
    /// Where the proxy is.
    package var address: ProviderAddress
    /// The name and password that it asks for, as `name:password`, when it asks.
    package var credentials: Secret?

    /// Reads `http://name:password@host:port`; name and password may be missing.
    /// - Throws: `validation_error` saying what is wrong, without the password.
    package init(_ text: String) throws {
        guard text.hasPrefix("http://") else {
            throw CupelError(.validationError, "a proxy is http://host:port; it is asked to CONNECT")
        }
        let rest = text.dropFirst(7)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        if let at = rest[..<end].lastIndex(of: "@") {
            credentials = Secret(String(rest[..<at]))
            address = try ProviderAddress("http://" + rest[rest.index(after: at)...])
        } else {
            address = try ProviderAddress(text)
        }
    }
}
