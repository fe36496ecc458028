import CupelCore
import Gauntlet
import Glibc
import Testing

/// One engine with the rules of the binary, made once: compiling the database takes longest.
enum GauntletFixture {
    static let cache = temporaryDirectory("gauntlet-cache")
    static let engine: Result<GauntletEngine, any Error> = Result {
        try GauntletEngine(rules: RulePack.builtIn(), cacheDirectory: cache)
    }

    static func scan(_ text: String, path: String = "notes.unknown") throws -> Scan {
        try engine.get().scan(Array(text.utf8), path: path)
    }

    /// A directory of its own for a test, under the system's place for such.
    static func temporaryDirectory(_ name: String) -> String {
        var template = Array("/tmp/\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return "/tmp" }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }

    /// A password that no list of placeholders knows, made at run time so that no scanner finds it here.
    static var password: String { "hunter2" + "-Real!" + "value" }

    static func awsKey(_ index: Int = 0) -> String { "AKI" + "AZQ3DTGFHW5K" + ["MN7RP", "XV2LC", "JB4YS"][index % 3] }

    static func finding(
        _ severity: Severity,
        layer: Layer = .secrets,
        rule: String = "some-rule",
        path: String = "a.yml",
        line: Int = 3
    ) -> Finding {
        Finding(
            rule: rule,
            layer: layer,
            severity: severity,
            path: path,
            line: line,
            column: 7,
            excerpt: Excerpt(text: "pw: [redacted]", start: 4, length: 10),
            fingerprint: String(repeating: "0a", count: 16),
            message: "This looks like something"
        )
    }
}

/// SplitMix64, so that a failure can be seen again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
