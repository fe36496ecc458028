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
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.26.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
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
        .testTarget(name: "CupelCoreTests", dependencies: ["CupelCore"]),

        // Engines.
        .target(name: "Sandbox", dependencies: ["CupelCore", "CLinux"]),
        .testTarget(name: "SandboxTests", dependencies: ["Sandbox", "CupelCore"]),
        .target(
            name: "Gateway",
            dependencies: [
                "CupelCore",
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Resources/local-models.json")]
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "CupelCore",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        // Products.
        .target(
            name: "Playbooks",
            dependencies: ["CupelCore", "Sandbox"],
            resources: [.embedInCode("Linting/Resources/cupel_ansible_worker.py")]
        ),
        .testTarget(name: "PlaybooksTests", dependencies: ["Playbooks", "Sandbox", "CupelCore"]),
    ]
)

for target in package.targets where target.type != .system && target.type != .plugin && target.name != "CLinux" {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
