import CupelCore
import CupelTesting
import SecretStore
import Testing

@Suite struct SecretStoreTests {
    @Test func `the environment beats files, and what neither has is nil`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("from-file-one\n", to: "ONE")
        try directory.write("from-file-two", to: "TWO")
        let store = SecretStore([
            EnvironmentSecrets(["ONE": "from-environment"]), FileSecrets(directory: directory.path),
        ])
        let one = try await store.secret(named: "ONE")?.expose()
        let two = try await store.secret(named: "TWO")?.expose()
        let three = try await store.secret(named: "THREE")
        #expect(one == "from-environment")
        #expect(two == "from-file-two")
        #expect(three == nil)
    }

    @Test(arguments: ["../ONE", "/etc/passwd", "", "a.b"])
    func `a name that is a path finds nothing`(_ name: String) async throws {
        let directory = try TemporaryDirectory()
        let found = try await FileSecrets(directory: directory.path + "/sub").secret(named: name)
        #expect(found == nil)
    }

    @Test func `a secret file over the bound is an error, not an absence`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(String(repeating: "x", count: FileSecrets.maximumBytes + 1), to: "BIG")
        await #expect(throws: CupelError.self) {
            try await FileSecrets(directory: directory.path).secret(named: "BIG")
        }
    }
}
