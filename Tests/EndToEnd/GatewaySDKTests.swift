import CupelCore
import CupelTesting
import Foundation
import Testing

/// The official Python clients of OpenAI and Anthropic, unchanged, against the real binary before fake providers.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct GatewaySDKTests {
    @Test func `the official clients work with only base URL and key changed`() async throws {
        let python = CupelProcess.tools + "/sdk/bin/python3"
        try #require(
            FileManager.default.isExecutableFile(atPath: python),
            "The clients are not in \(CupelProcess.tools)/sdk; run: scripts/install-tools --sdk"
        )
        let own = ProcessInfo.processInfo.environment
        var environment = [
            "PATH": own["PATH"] ?? "/usr/bin:/bin", "CUPEL_BIN": CupelProcess.binary, "PYTHONDONTWRITEBYTECODE": "1",
        ]
        if let folder = own["CUPEL_COVERAGE_DIR"] { environment["LLVM_PROFILE_FILE"] = folder + "/cupel-%p.profraw" }
        let folder = CupelProcess.root + "/Tests/SDK"
        var command = ProcessCommand([python, folder + "/run.py"], environment: environment, directory: folder)
        command.wallLimit = .seconds(540)
        command.mergesErrors = true
        let result = try await ProcessLoop.shared.run(command)
        #expect(result.ending.exitCode == 0, "\(result.outputText)")
        // A run of nothing would pass too.
        #expect(result.outputText.contains("passed: "))
    }
}
