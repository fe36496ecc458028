import CupelCore
import CupelTesting
import Storage
import Testing

@Suite(.timeLimit(.minutes(2)))
struct PostgresAddressTests {
    /// A password made for this run; it must turn up nowhere.
    private static let password = "\(Identifier<PostgresAddressTests>())"

    @Test(arguments: [
        ("mysql://u@h/d", "must begin with postgres://"),
        ("postgres://u:%@h/d", "the password holds a %"),
        ("postgres://u%zz:PW@h/d", "the user holds a %"),
        ("postgres://u:PW@h%4/d", "the host holds a %"),
        ("postgres://u:PW@h/d%00", "the database name holds a %"),
        ("postgres://u:PW@x@h/d", "write it as %40"),
        ("postgres://u:PW@h:99999/d", "the port must be"),
        ("postgres://u:PW@h:0/d", "the port must be"),
        ("postgres://u:PW@h:db/d", "the port must be"),
        ("postgres://u:PW@::1/d", "IPv6"),
        ("postgres://u:PW@[::1/d", "has no ]"),
        ("postgres://u:PW@[::1]x/d", "only a port"),
        ("postgres://u:PW@h/d?colour=red", "no parameter colour"),
        ("postgres://u:PW@h/d?sslmode", "name=value"),
        ("postgres://u:PW@h/d?sslmode=maybe", "sslmode must be one of"),
        ("postgres://u:PW@h/d?connect_timeout=soon", "connect_timeout"),
        ("postgres://u:PW@h/d e", "a space"),
        ("", "must begin with postgres://"),
    ])
    func `a wrong address names its wrong part and never the password`(_ url: String, _ wanted: String) {
        let text = url.split(separator: "PW", omittingEmptySubsequences: false).joined(separator: Self.password)
        let error = #expect(throws: CupelError.self) { try PostgresAddress(Secret(text)) }
        #expect(error?.code == .configurationInvalid)
        #expect(error?.message.contains(wanted) == true, "\(error?.message ?? "")")
        #expect(error.map { "\($0)".contains(Self.password) } == false)
    }

    @Test func `an address tells its parts, and the password is not one of them`() throws {
        let address = try PostgresAddress(
            Secret("postgresql://me:\(Self.password)@db.example:6000/shop?sslmode=require")
        )
        #expect(address.description == "postgres://me@db.example:6000/shop")
        #expect(address.isEncryptionGuaranteed)
        #expect(!address.isLoopback)
    }

    @Test(arguments: [
        ("postgres://u@localhost/d", true), ("postgres://u@127.0.0.1/d", true), ("postgres://u@[::1]/d", true),
        ("postgres://u@/d?host=/run/postgresql", true), ("postgres://u@/d", true),
        ("postgres://u@127.0.0.1.example/d", false), ("postgres://u@localhost,db/d", false),
        ("postgres://u@localhost/d?hostaddr=10.0.0.1", false),
    ])
    func `an address knows whether it stays on this machine`(_ url: String, _ isLoopback: Bool) throws {
        let address = try PostgresAddress(Secret(url))
        #expect(address.isLoopback == isLoopback)
        #expect(!address.isEncryptionGuaranteed)
    }

    private func refusal(_ url: String) async -> CupelError? {
        var options = PostgresOptions()
        options.connectLimit = .seconds(2)
        let limits = options
        let error = await #expect(throws: CupelError.self) {
            _ = try await PostgresDatabase(url: Secret(url), options: limits)
        }
        #expect(error.map { "\($0)".contains(Self.password) } == false)
        return error
    }

    @Test func `a server's refusals are told apart`() async throws {
        let server = try PostgresServer(
            settings: ["max_connections=4", "superuser_reserved_connections=1", "max_wal_senders=0"],
            access: [
                "local all all trust", "hostssl tls all 127.0.0.1/32 trust",
                "host postgres all 127.0.0.1/32 scram-sha-256",
            ]
        )
        let admin = try await PostgresDatabase(url: server.address("postgres"))
        try await admin.execute("CREATE ROLE guest LOGIN PASSWORD '\(raw: Self.password)'")
        let place = "127.0.0.1:\(server.port)"
        let wrongWord = await refusal("postgres://guest:\(Self.password)x@\(place)/postgres")
        #expect(wrongWord?.code == .configurationInvalid)
        #expect(wrongWord?.message.contains("refused the password of the user guest") == true)
        let noWord = await refusal("postgres://guest@\(place)/postgres")
        #expect(noWord?.code == .configurationInvalid)
        #expect(noWord?.message.contains("asks for a password") == true)
        let noRole = await refusal(server.address("postgres", user: "nobody").expose())
        #expect(noRole?.code == .configurationInvalid)
        #expect(noRole?.message.contains("refused the user nobody") == true)
        let noDatabase = await refusal(server.address("nowhere").expose())
        #expect(noDatabase?.code == .configurationInvalid)
        #expect(noDatabase?.message.contains("no database nowhere") == true)
        let noTLS = await refusal("postgres://guest:\(Self.password)@\(place)/postgres?sslmode=require")
        #expect(noTLS?.code == .configurationInvalid)
        #expect(noTLS?.message.contains("has none") == true)
        let mustTLS = await refusal("postgres://guest@\(place)/tls")
        #expect(mustTLS?.code == .configurationInvalid)
        #expect(mustTLS?.message.contains("sslmode=require") == true)
        let url = "postgres://guest:\(Self.password)@\(place)/postgres"
        let guests = [try await PostgresDatabase(url: Secret(url)), try await PostgresDatabase(url: Secret(url))]
        let full = await refusal(url)
        #expect(full?.code == .storageUnavailable)
        #expect(full?.message.contains("too many connections") == true)
        for database in guests + [admin] { await database.close() }
        server.stop()
        let closed = await refusal(url)
        #expect(closed?.code == .storageUnavailable)
        #expect(closed?.message.contains("Nothing listens at \(place)") == true)
    }

    @Test func `a host that nobody knows is named`() async {
        let error = await refusal("postgres://u:\(Self.password)@nowhere.invalid/d")
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains("nowhere.invalid") == true)
    }

    @Test func `TLS is used, and a certificate is trusted only where it is named`() async throws {
        let server = try PostgresServer(hasTLS: true)
        let place = "postgres://cupel@localhost:\(server.port)/postgres?hostaddr=127.0.0.1"
        let trusted = try #require(server.certificatePath.addingPercentEncodedSlashes)
        for mode in ["require", "verify-full&sslrootcert=\(trusted)"] {
            let database = try await PostgresDatabase(url: Secret(place + "&sslmode=" + mode))
            let isOn = try await database.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")[0].flag(
                "ssl"
            )
            #expect(isOn)
            await database.close()
        }
        let other = try PostgresServer(hasTLS: true)
        let foreign = try #require(other.certificatePath.addingPercentEncodedSlashes)
        let untrusted = await refusal(place + "&sslmode=verify-full&sslrootcert=" + foreign)
        #expect(untrusted?.code == .configurationInvalid)
        #expect(untrusted?.message.contains("is not trusted") == true)
        let nameless = await refusal(place + "&sslmode=verify-full&sslrootcert=/nowhere.crt")
        #expect(nameless?.code == .configurationInvalid)
        #expect(nameless?.message.contains("/nowhere.crt") == true)
        let wrongName = await refusal(
            "postgres://cupel@127.0.0.1:\(server.port)/postgres?sslmode=verify-full&sslrootcert=" + trusted
        )
        #expect(wrongName?.code == .configurationInvalid)
        #expect(wrongName?.message.contains("another name") == true)
    }
}

extension String {
    /// The text with its slashes as escapes, for a URL's parameter.
    fileprivate var addingPercentEncodedSlashes: String? {
        split(separator: "/", omittingEmptySubsequences: false).joined(separator: "%2F")
    }
}
