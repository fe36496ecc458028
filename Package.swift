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

let package = Package(
    name: "cupel",
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Ground.
        .target(name: "CLinux"),
        .target(
            name: "CupelCore",
            dependencies: [
                "CLinux",
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        // Platform.
        .target(
            name: "Storage",
            dependencies: [
                "CupelCore", "CLinux", "CPostgres",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .target(
            name: "Telemetry",
            dependencies: [
                "CupelCore",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(name: "SecretStore", dependencies: ["CupelCore"]),
        .target(name: "Identity", dependencies: ["CupelCore"]),
        .testTarget(
            name: "TelemetryTests",
            dependencies: [
                "CupelCore", "CupelTesting", "Telemetry",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]
        ),
        .testTarget(name: "SecretStoreTests", dependencies: ["CupelCore", "CupelTesting", "SecretStore"]),
        .testTarget(name: "IdentityTests", dependencies: ["CupelCore", "CupelTesting", "Identity"]),
        // Engines.
        .target(name: "Artefacts", dependencies: ["CupelCore", "Storage"]),
        .target(
            name: "Jobs",
            dependencies: [
                "CupelCore", "Storage", "Telemetry",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(name: "ArtefactsTests", dependencies: ["Artefacts", "CupelCore", "CupelTesting", "Storage"]),
        .testTarget(
            name: "JobsTests",
            dependencies: [
                "CupelCore", "CupelTesting", "Jobs", "Storage",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(name: "CupelTesting", dependencies: ["CupelCore", "CLinux"]),
        .testTarget(name: "StorageTests", dependencies: ["Storage", "CupelCore", "CupelTesting"]),
        .testTarget(name: "CupelCoreTests", dependencies: ["CupelCore"]),
    ]
)

for target in package.targets where target.type != .system && target.type != .plugin && target.name != "CLinux" {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
