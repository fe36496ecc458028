import CupelCore
import Storage
import Testing

@Suite struct RedisAddressTests {
    /// Made at run time, so that no text here looks like a credential.
    private static let word = String(repeating: "z", count: 9)

    @Test func `every part of an address is read`() throws {
        let full = try RedisAddress(Secret("redis://me:\(Self.word)%40%2F@Cache.example:6380/3"))
        #expect(full.endpoint == .tcp(host: "cache.example", port: 6380))
        #expect(full.user == "me")
        #expect(full.password?.expose() == Self.word + "@/")
        #expect(full.database == 3)
        let short = try RedisAddress(Secret("redis://localhost"))
        #expect(short.endpoint == .tcp(host: "localhost", port: 6379))
        #expect(short.user == nil && short.password == nil && short.database == 0)
        let alone = try RedisAddress(Secret("redis://:\(Self.word)@h/"))
        #expect(alone.user == nil && alone.password?.expose() == Self.word)
        let six = try RedisAddress(Secret("redis://[::1]:7000"))
        #expect(six.endpoint == .tcp(host: "::1", port: 7000))
        let socket = try RedisAddress(Secret("unix://:\(Self.word)@/run/redis/a%20b.sock?db=2"))
        #expect(socket.endpoint == .unix(path: "/run/redis/a b.sock"))
        #expect(socket.database == 2 && socket.password?.expose() == Self.word)
    }

    @Test(arguments: [
        ("localhost:6379", "no scheme"), ("http://h", "neither redis:// nor unix://"), ("rediss://h", "TLS"),
        ("redis://", "host is missing"), ("redis://:6379", "host is missing"), ("redis://h:0", "port"),
        ("redis://h:65536", "port"), ("redis://h:", "port"), ("redis://h:a", "port"), ("redis://h/x", "database"),
        ("redis://h/-1", "database"), ("redis://h/65536", "database"), ("redis://h/1/2", "database"),
        ("redis://h?db=1", "parameters"), ("redis://[::1", "closing ]"), ("redis://[::1]x", ":port"),
        ("redis://a b", "characters"), ("redis://user@h", "no password"),
        ("redis://user:@h", "password before @ is empty"),
        ("redis://user:%zz@h", "%25"), ("unix://", "path"), ("unix://host/s", "no host"),
        ("unix:///s?x=1", "db=number"),
        ("unix:///s?db=x", "database"), ("unix:///" + String(repeating: "s", count: 107), "longer than 107"),
    ])
    func `a wrong part is named`(_ url: String, _ named: String) throws {
        let error = try #require(throws: CupelError.self) { try RedisAddress(Secret(url)) }
        #expect(error.code == .configurationInvalid)
        #expect(error.message.contains(named), "\(error.message)")
    }

    @Test func `neither the description nor an error shows the password`() throws {
        let address = try RedisAddress(Secret("redis://me:\(Self.word)@h:1/2"))
        #expect("\(address)" == "redis://h:1/2")
        let error = try #require(throws: CupelError.self) { try RedisAddress(Secret("redis://me:\(Self.word)@h:x")) }
        #expect(!"\(error)".contains(Self.word))
    }

    @Test(arguments: [
        ("redis://localhost", true), ("redis://127.0.0.1:1", true), ("redis://127.9.9.9", true),
        ("redis://[::1]", true),
        ("unix:///s", true), ("redis://10.0.0.1", false), ("redis://127.0.0.1.example", false),
        ("redis://127.example.com.x", false), ("redis://cache", false),
    ])
    func `loopback is told from the network`(_ url: String, _ isLoopback: Bool) throws {
        #expect(try RedisAddress(Secret(url)).isLoopback == isLoopback)
    }

    @Test func `the waits of the circuit double up to five seconds and begin anew after a success`() {
        var circuit = RedisCircuit()
        #expect(circuit.admits)
        let waits = (0..<8).map { _ in circuit.failed().inMilliseconds }
        #expect(waits == [100, 200, 400, 800, 1600, 3200, 5000, 5000])
        #expect(!circuit.admits)
        circuit.succeeded()
        #expect(circuit.admits)
        #expect(circuit.failed() == .milliseconds(100))
        #expect(RedisCircuit.delay(afterTries: .max) == .seconds(5))
    }

    @Test func `a doubted connection takes no calls until it has answered`() {
        var circuit = RedisCircuit()
        let early = circuit.doubted()
        #expect(!early && circuit.admits)
        circuit.succeeded()
        let asked = circuit.doubted()
        #expect(asked && !circuit.admits)
        let again = circuit.doubted()
        #expect(!again)
        circuit.succeeded()
        #expect(circuit.admits)
    }
}
