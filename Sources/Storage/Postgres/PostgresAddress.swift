import CPostgres
package import CupelCore

/// A PostgreSQL address that was checked part by part before anything connects to it.
package struct PostgresAddress: Sendable {
    /// Host names, addresses or socket directories, comma-separated; libpq's default when the URL names none.
    package let host: String
    /// The ports, comma-separated.
    package let port: String
    /// The database.
    package let database: String
    /// The user.
    package let user: String
    /// What the URL says of TLS: `disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full`.
    package let sslMode: String?
    /// The URL's own limit for connecting.
    let connectLimit: Duration?
    private let url: Secret
    private let hosts: [String]

    /// The values of `sslmode` that libpq knows.
    static let sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

    /// Reads `postgres://user:password@host:port/database?parameter=value`.
    /// - Throws: `configuration_invalid` naming the part that is wrong; never the password.
    package init(_ url: Secret) throws {
        try Self.check(url.expose())
        let values = try Self.options(url)
        if let password = values["password"] { Redactor.shared.register(password) }
        self.url = url
        // An address wins over a name, as it does for libpq.
        let places = values["hostaddr"] ?? values["host"] ?? ""
        hosts = places.split(separator: ",").map(String.init)
        host = values["host"] ?? values["hostaddr"] ?? "the local socket"
        port = values["port"] ?? "5432"
        user = values["user"] ?? "of this process"
        database = values["dbname"] ?? user
        sslMode = values["sslmode"]
        connectLimit = values["connect_timeout"].flatMap { Int($0) }.flatMap { $0 > 0 ? .seconds($0) : nil }
        try Self.check(port: port)
        if let sslMode, !Self.sslModes.contains(sslMode) {
            throw Self.wrong("sslmode must be one of \(Self.sslModes.joined(separator: ", "))")
        }
        if let limit = values["connect_timeout"], Int(limit) == nil {
            throw Self.wrong("connect_timeout must be a whole number of seconds")
        }
    }

    /// Whether every host is a socket of this machine.
    package var isUnixSocket: Bool { hosts.allSatisfy { $0.hasPrefix("/") || $0.hasPrefix("@") } }

    /// Whether nothing leaves this machine.
    package var isLoopback: Bool {
        hosts.allSatisfy {
            $0.hasPrefix("/") || $0.hasPrefix("@") || $0 == "localhost" || $0 == "::1" || Self.isLoopbackAddress($0)
        }
    }

    /// Whether the URL asks for TLS in a way that libpq never falls back from. It has no meaning on a local socket.
    package var isEncryptionGuaranteed: Bool {
        ["require", "verify-ca", "verify-full"].contains(sslMode ?? "") && !isUnixSocket
    }

    /// Host and port, for people.
    package var place: String { "\(host):\(port)" }

    /// Everything but the password and the parameters.
    package var description: String { "postgres://\(user)@\(place)/\(database)" }

    /// libpq's keywords and values: our defaults, what the URL says, and what must not be otherwise.
    func withParameters<Value>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Value
    ) -> Value {
        let pairs = [
            ("application_name", "cupel"), ("keepalives_idle", "15"), ("keepalives_interval", "5"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "30000"), ("dbname", url.expose()),
            ("client_encoding", "UTF8"),
        ]
        return Self.withCStrings(pairs.map(\.0)) { keys in Self.withCStrings(pairs.map(\.1)) { body(keys, $0) } }
    }

    private static func withCStrings<Value>(
        _ texts: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value
    ) -> Value {
        let storage = texts.flatMap { Array($0.utf8CString) }
        return storage.withUnsafeBufferPointer { buffer in
            var offset = 0
            var pointers: [UnsafePointer<CChar>?] = []
            for text in texts {
                pointers.append(buffer.baseAddress?.advanced(by: offset))
                offset += text.utf8.count + 1
            }
            return body(pointers + [nil])
        }
    }

    private static func isLoopbackAddress(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func wrong(_ what: String) -> CupelError {
        CupelError(.configurationInvalid, "database.url: \(what).")
    }

    /// What libpq itself reads from the URL; its message is not shown, for it may hold a part of the password.
    private static func options(_ url: Secret) throws -> [String: String] {
        var reason: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url.expose(), &reason) else {
            PQfreemem(reason)
            throw wrong("libpq cannot read it; write postgres://user:password@host:port/database")
        }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var next = options
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            next = next.advanced(by: 1)
        }
        return values.filter { !$0.value.isEmpty }
    }

    private static func check(port: String) throws {
        for piece in port.split(separator: ",") where UInt16(piece) == nil || UInt16(piece) == 0 {
            throw wrong("the port must be a number from 1 to 65535")
        }
    }

    /// Looks at each part of the text, so that what is wrong is named.
    private static func check(_ url: String) throws {
        let schemes = ["postgres://", "postgresql://"]
        guard let scheme = schemes.first(where: url.hasPrefix) else {
            throw wrong("it must begin with postgres:// or postgresql://")
        }
        guard !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw wrong("it holds a space or a control character; write it as %20 or in the same way")
        }
        let pieces = url.dropFirst(scheme.count).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = pieces[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        try check(authority: path[0])
        if path.count > 1 { try check(escapes: path[1], in: "the database name") }
        if pieces.count > 1 { try check(parameters: pieces[1]) }
    }

    private static func check(authority: Substring) throws {
        guard authority.filter({ $0 == "@" }).count <= 1 else {
            throw wrong("the user or the password holds an @; write it as %40")
        }
        let at = authority.firstIndex(of: "@")
        if let at {
            let user = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            try check(escapes: user[0], in: "the user")
            if user.count > 1 { try check(escapes: user[1], in: "the password") }
        }
        let hosts = at.map { authority[authority.index(after: $0)...] } ?? authority
        for host in hosts.split(separator: ",") {
            try check(escapes: host, in: "the host")
            let afterName: Substring
            if host.hasPrefix("[") {
                guard let end = host.firstIndex(of: "]") else { throw wrong("the host's [ has no ]") }
                afterName = host[host.index(after: end)...]
            } else {
                guard host.filter({ $0 == ":" }).count <= 1 else {
                    throw wrong("an IPv6 host stands in brackets, as in [::1], and a password's / is written as %2F")
                }
                afterName = host.drop { $0 != ":" }
            }
            if !afterName.isEmpty, !afterName.hasPrefix(":") { throw wrong("only a port may follow the host") }
            if afterName.count > 1 { try check(port: String(afterName.dropFirst())) }
        }
    }

    private static func check(parameters: Substring) throws {
        for parameter in parameters.split(separator: "&", omittingEmptySubsequences: false) {
            let pieces = parameter.split(separator: "=", omittingEmptySubsequences: false)
            let name = String(pieces[0])
            guard pieces.count == 2 else { throw wrong("each parameter is written as name=value") }
            try check(escapes: pieces[1], in: "the parameter \(name)")
            guard known.contains(name) else {
                throw wrong("there is no parameter \(Redactor.shared.redact(String(name.prefix(40))))")
            }
        }
    }

    /// The parameters of this libpq, and the one that it takes from JDBC.
    private static let known: Set<String> = {
        var names: Set<String> = ["ssl"]
        guard let options = PQconndefaults() else { return names }
        defer { PQconninfoFree(options) }
        var next = options
        while let keyword = next.pointee.keyword {
            names.insert(String(cString: keyword))
            next = next.advanced(by: 1)
        }
        return names
    }()

    private static func check(escapes text: Substring, in part: String) throws {
        let bytes = Array(text.utf8)
        for index in bytes.indices where bytes[index] == UInt8(ascii: "%") {
            let digits = bytes[(index + 1)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy(isHexDigit), Array(digits) != [0x30, 0x30] else {
                throw wrong("\(part) holds a % that begins no escape; write the sign itself as %25")
            }
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
