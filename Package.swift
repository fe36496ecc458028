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
    "secrets-ai", "secrets-build", "secrets-chat", "secrets-cloud", "secrets-context", "secrets-keys",
    "secrets-services",
]

let package = Package(
    name: "cupel",
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(
            url: "https://github.com/apple/swift-configuration",
            from: "1.4.0",
            traits: []
        ),
    ],
    targets: [
        // Ground.
        .target(name: "CLinux"),
        .target(
            name: "CupelCore",
            dependencies: [
                "CLinux",
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        // Engines.
        .systemLibrary(name: "CVectorscan", pkgConfig: "libhs", providers: [.apt(["libvectorscan-dev"])]),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(
            name: "Gauntlet",
            dependencies: [
                "CLinux", "CupelCore", "CRE2", "CVectorscan", .product(name: "Yams", package: "Yams"),
                .product(name: "OrderedCollections", package: "swift-collections"),
            ],
            resources: gauntletPacks.map { .embedInCode("Rules/Packs/\($0).yaml") }
        ),
        .testTarget(
            name: "GauntletTests",
            dependencies: ["CupelCore", "Gauntlet", .product(name: "OrderedCollections", package: "swift-collections")]
        ),

        .testTarget(name: "CupelCoreTests", dependencies: ["CupelCore"]),
    ],
    cxxLanguageStandard: .cxx17
)

for target in package.targets
where target.type != .system && target.type != .plugin && !["CLinux", "CRE2"].contains(target.name) {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
