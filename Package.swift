// swift-tools-version: 6.2
import PackageDescription

/// The language rules every target of ours is compiled under.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
    .enableUpcomingFeature("InferIsolatedConformances"),  // SE-0470
    .treatAllWarnings(as: .error),  // SE-0480
]

/// The rule packs that are compiled into the binary, so that one file is all a scan needs.
let gauntletPacks = [
    "malice-attack-tools", "malice-automation", "malice-capabilities", "malice-combinations", "malice-javascript",
    "malice-python", "malice-reverse-shells", "malice-shell", "malice-signals", "malice-theft", "malice-windows",
    "secrets-ai", "secrets-build", "secrets-chat", "secrets-cloud", "secrets-context", "secrets-keys",
    "secrets-services",
]

/// Templates and files of the dashboard; they travel inside the binary.
let dashboardFiles = [
    "Templates/layout.mustache", "Templates/login.mustache", "Templates/overview.mustache",
    "Templates/playbook.mustache", "Templates/documentation.mustache", "Templates/jobs.mustache",
    "Templates/jobs-live.mustache", "Templates/gateway.mustache", "Templates/gateway-live.mustache",
    "Templates/gauntlet.mustache", "Templates/gauntlet-live.mustache", "Templates/assay.mustache",
    "Assets/cupel.css", "Assets/cupel.js", "Assets/cupel.svg",
]

let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let collections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "cupel",
    products: [.executable(name: "cupel", targets: ["cupel"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Ground.
        .target(name: "CBytes"),
        .target(name: "CLicences", exclude: ["fingerprints.bin"]),
        .target(name: "CLinux"),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CVectorscan", pkgConfig: "libhs", providers: [.apt(["libvectorscan-dev"])]),
        .systemLibrary(name: "CHiredis", pkgConfig: "hiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "CupelCore", dependencies: ["CLinux", collections, yams]),
        // Platform.
        .target(
            name: "Telemetry",
            dependencies: ["CupelCore", logging, .product(name: "CoreMetrics", package: "swift-metrics")]
        ),
        .target(name: "Policy", dependencies: ["CupelCore", yams]),
        .target(name: "SecretStore", dependencies: ["CupelCore"]),
        .target(name: "Identity", dependencies: ["CupelCore", "Storage"]),
        .target(
            name: "Storage",
            dependencies: [
                "CHiredis", "CLinux", "CPostgres", "CupelCore", metrics,
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),
        // Engines.
        .target(name: "Sandbox", dependencies: ["CLinux", "CupelCore"]),
        .target(name: "Artefacts", dependencies: ["CupelCore", "Storage"]),
        .target(
            name: "Jobs",
            dependencies: ["CupelCore", "Storage", "Telemetry", collections, lifecycle, logging, metrics]
        ),
        .target(
            name: "Gauntlet",
            dependencies: [
                "CArchive", "CBytes", "CLicences", "CLinux", "CRE2", "CVectorscan", "CupelCore", "Policy", "Storage", collections,
                crypto, yams,
            ],
            resources: gauntletPacks.map { .embedInCode("Rules/Packs/\($0).yaml") }
        ),
        .target(
            name: "Gateway",
            dependencies: [
                "CupelCore", "Identity", "Policy", "Storage", "Telemetry", asyncHTTPClient, collections, lifecycle, logging,
                metrics,
                nio, nioHTTP1, nioPosix, nioSSL, nioTLS,
            ],
            resources: ["local-models", "models", "providers"].map { .embedInCode("Resources/\($0).json") },
            // Two per cent of a call's time went into checks that the tests have made, in debug builds.
            swiftSettings: [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]
        ),
        // Products.
        .target(
            name: "Playbooks",
            dependencies: [
                "Artefacts", "CupelCore", "Gateway", "Gauntlet", "Jobs", "Sandbox", "Storage", collections, yams,
            ],
            resources: [
                .embedInCode("Resources/module-specs.json"),
                .embedInCode("Linting/Resources/cupel_ansible_worker.py"),
            ]
        ),
        // Doors.
        .target(
            name: "CupelServer",
            dependencies: [
                "Artefacts", "CupelCore", "Gateway", "Gauntlet", "Identity", "Jobs", "Playbooks", "Policy", "Sandbox",
                "SecretStore", "Storage", "Telemetry", asyncHTTPClient, collections, httpTypes, lifecycle, logging,
                metrics, nio, nioHTTP1, nioPosix, unixSignals,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            resources: dashboardFiles.map { .embedInCode("Dashboard/\($0)") }
        ),
        .executableTarget(
            name: "cupel",
            dependencies: [
                "CupelCore", "CupelServer", "Gateway", "Gauntlet", "Identity", "Policy", "SecretStore", "Storage",
                "Telemetry", lifecycle, logging, metrics, unixSignals,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        // Beside.
        .target(
            name: "CupelTesting",
            dependencies: ["CLinux", "CupelCore", asyncHTTPClient, nio, nioHTTP1, nioPosix]
        ),
        .executableTarget(
            name: "Queue",
            dependencies: [
                "CPostgres", "CupelCore", "Jobs", "Storage", logging,
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            path: "Benchmarks/Queue"
        ),
        .executableTarget(name: "RawPass", dependencies: ["CupelCore", "Gauntlet"], path: "Benchmarks/RawPass"),
        .testTarget(name: "ArtefactsTests", dependencies: ["Artefacts", "CupelCore", "CupelTesting", "Storage"]),
        .testTarget(name: "CupelCoreTests", dependencies: ["CupelCore"]),
        .testTarget(name: "Contract", dependencies: ["CupelCore", "CupelServer", "CupelTesting", "Storage"]),
        .testTarget(
            name: "CupelServerTests",
            dependencies: [
                "CupelCore", "CupelServer", httpTypes, lifecycle, logging, nio, nioHTTP1, nioPosix,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]
        ),
        .testTarget(name: "EndToEnd", dependencies: ["CupelCore", "CupelTesting", "Storage", "cupel"]),
        .testTarget(
            name: "GatewayTests",
            dependencies: ["CupelCore", "CupelTesting", "Gateway", "Storage", lifecycle, logging, nio, nioPosix]
        ),
        .testTarget(name: "GauntletTests", dependencies: ["CArchive", "CupelCore", "Gauntlet", collections]),
        .testTarget(name: "HouseRules"),
        .testTarget(name: "IdentityTests", dependencies: ["CupelCore", "CupelTesting", "Identity", "Storage"]),
        .testTarget(
            name: "JobsTests",
            dependencies: ["CupelCore", "CupelTesting", "Jobs", "Storage", lifecycle, logging]
        ),
        .testTarget(name: "PlaybooksTests", dependencies: ["CupelCore", "Playbooks", "Sandbox", collections, yams]),
        .testTarget(name: "PolicyTests", dependencies: ["CupelCore", "CupelTesting", "Policy"]),
        .testTarget(name: "SandboxTests", dependencies: ["CupelCore", "Sandbox"]),
        .testTarget(name: "SecretStoreTests", dependencies: ["CupelCore", "CupelTesting", "SecretStore"]),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "CupelCore", "CupelTesting", "Storage", .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            exclude: ["Releases"]
        ),
        .testTarget(
            name: "TelemetryTests",
            dependencies: ["CupelCore", "CupelTesting", "Telemetry", logging, metrics]
        ),
    ],
    cxxLanguageStandard: .cxx17
)

let foreign = ["CBytes", "CLicences", "CLinux", "CRE2"]
for target in package.targets
where target.type != .system && target.type != .plugin && !foreign.contains(target.name) {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
