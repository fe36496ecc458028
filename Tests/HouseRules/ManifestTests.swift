import Foundation
import Testing

/// What the manifest declares is used: a dependency that nothing imports only costs build time and trust.
@Suite struct ManifestTests {
    /// The manifest's names for products of other packages.
    private static let products = [
        "asyncHTTPClient": "AsyncHTTPClient", "collections": "OrderedCollections", "crypto": "Crypto",
        "httpTypes": "HTTPTypes",
        "lifecycle": "ServiceLifecycle", "logging": "Logging", "metrics": "Metrics", "nio": "NIOCore",
        "nioHTTP1": "NIOHTTP1", "nioPosix": "NIOPosix", "nioSSL": "NIOSSL", "nioTLS": "NIOTLS",
        "unixSignals": "UnixSignals", "yams": "Yams",
    ]

    /// Targets and the modules that they declare, as the manifest's text says.
    static func declared(in manifest: String) -> [String: [String]] {
        var found: [String: [String]] = [:]
        let block = /name: "(\w+)",\s*dependencies: \[(.*?)\]/.dotMatchesNewlines()
        for match in manifest.matches(of: block) {
            let list = String(match.2).replacing(/, package: "[^"]*"/, with: "").replacing(/\.product\(name:/, with: "")
            let words = list.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
            found[String(match.1)] = words.map { products[$0] ?? $0 }
        }
        return found
    }

    /// The declared modules that no file of a target imports.
    static func unused(_ modules: [String], in files: [SourceFile]) -> [String] {
        let imported = Set(
            files.flatMap(\.lines).compactMap { line -> String? in
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(of: "import"), at <= 2 else { return nil }
                return words.last.map(String.init)
            }
        )
        return modules.filter { !imported.contains($0) }
    }

    @Test func `every dependency of a target is imported by it`() throws {
        let manifest = try String(contentsOfFile: SourceTree.root + "/Package.swift", encoding: .utf8)
        let targets = Self.declared(in: manifest)
        #expect(targets.count > 20)
        for (target, modules) in targets {
            let files =
                SourceTree.swiftFiles(below: "Sources/\(target)") + SourceTree.swiftFiles(below: "Tests/\(target)")
                + SourceTree.swiftFiles(below: "Benchmarks/\(target)")
            // The end-to-end tests run the binary; they do not import it.
            let unused = Self.unused(modules, in: files).filter { $0 != "cupel" }
            #expect(unused == [], "\(target) declares what it does not import")
        }
    }

    @Test func `a dependency that nobody imports is found`() {
        let manifest = #".target(name: "A", dependencies: ["B", nio, .product(name: "C", package: "c-package")])"#
        let modules = Self.declared(in: manifest)["A"]
        #expect(modules == ["B", "NIOCore", "C"])
        let file = SourceFile(path: "Sources/A/A.swift", text: "package import B\n@testable import C\n")
        #expect(Self.unused(modules ?? [], in: [file]) == ["NIOCore"])
    }
}
