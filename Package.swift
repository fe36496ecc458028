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
        // Products.
        .target(
            name: "Playbooks",
            dependencies: [
                "CupelCore",
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "Yams", package: "Yams"),
            ],
            resources: [.embedInCode("Resources/module-specs.json")]
        ),
        .testTarget(name: "PlaybooksTests", dependencies: ["Playbooks", "CupelCore"]),
        .testTarget(name: "CupelCoreTests", dependencies: ["CupelCore"]),
    ]
)

for target in package.targets where target.type != .system && target.type != .plugin && target.name != "CLinux" {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
