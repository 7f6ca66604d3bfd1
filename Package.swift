// swift-tools-version: 6.2
import PackageDescription

// Arrows point down only: a target may use what stands below it in this file, never above.
// docs/architecture.md draws the picture.

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableExperimentalFeature("Lifetimes"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
  name: "moldau",
  products: [
    .library(name: "MoldauLog", targets: ["MoldauLog"]),
    .library(name: "MoldauServer", targets: ["MoldauServer", "MoldauBroker", "MoldauLog"]),
    .library(name: "MoldauTesting", targets: ["MoldauTesting", "MoldauServer", "MoldauLog"]),
    .executable(name: "moldau", targets: ["moldau"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    .executableTarget(
      name: "moldau",
      dependencies: [
        "MoldauSettings", "MoldauServer", "MoldauCommands", "MoldauClient", "MoldauInspect",
        "MoldauZooKeeper", "MoldauEnsemble", "MoldauCoordination", "MoldauBroker",
        "MoldauReport", "MoldauBenchmarks", "MoldauLog", "MoldauDisk", logging,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .target(
      name: "MoldauBenchmarks",
      dependencies: [
        "MoldauEnsemble", "MoldauClient", "MoldauProtocol", "MoldauLog", "MoldauDisk",
        "MoldauFormat", "CMoldauBaseline",
      ],
      path: "Benchmarks/MoldauBenchmarks", swiftSettings: settings),
    .target(
      name: "CMoldauBaseline", dependencies: ["CMoldau"], path: "Benchmarks/CMoldauBaseline"),

    library(
      "MoldauSettings",
      [
        "MoldauServer", "MoldauLog", "MoldauDisk", logging,
        .product(name: "Yams", package: "Yams"),
      ]),
    library(
      "MoldauTesting",
      [
        "MoldauServer", "MoldauBroker", "MoldauCluster", "MoldauCoordination", "MoldauLog",
        "MoldauDisk", logging,
      ]),
    library(
      "MoldauServer",
      [
        "MoldauBroker", "MoldauCluster", "MoldauCoordination", "MoldauProtocol", "MoldauLog",
        "MoldauDisk", logging, metrics,
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ] + nio),
    library(
      "MoldauBroker",
      [
        "MoldauCluster", "MoldauCoordination", "MoldauProtocol", "MoldauLog", "MoldauDisk",
        "MoldauFormat", logging,
      ]),
    library(
      "MoldauCluster",
      ["MoldauCoordination", "MoldauProtocol", "MoldauLog", "MoldauFormat", logging]),
    library("MoldauInspect", ["MoldauReport", "MoldauLog", "MoldauDisk", "MoldauFormat"]),
    library("MoldauCommands", ["MoldauClient", "MoldauReport", "MoldauProtocol", "MoldauFormat"]),
    library("MoldauClient", ["MoldauProtocol", "MoldauCompression", "MoldauFormat"]),
    library("MoldauProtocol", ["MoldauFormat"]),
    library("MoldauReport", ["MoldauFormat"]),
    library("MoldauZooKeeper", ["MoldauCoordination", "MoldauLog", "CMoldauZooKeeper", logging]),
    library("MoldauCoordination", ["MoldauLog", "MoldauDisk", "MoldauFormat", logging]),
    library("MoldauEnsemble", ["MoldauLog", "MoldauDisk"]),
    library(
      "MoldauLog",
      ["MoldauCompression", "MoldauDisk", "MoldauFormat", "CMoldau", logging, metrics]),
    library(
      "MoldauCompression",
      ["MoldauFormat", "CMoldauLZ4", "CMoldauZstd", "CMoldauSnappy", "CMoldauZlib"]),
    library("MoldauDisk", ["MoldauFormat", "CMoldau"]),
    library("MoldauFormat", ["CMoldau"]),

    .target(name: "CMoldau"),
    .systemLibrary(name: "CMoldauLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CMoldauZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CMoldauSnappy", providers: [.apt(["libsnappy-dev"])]),
    .systemLibrary(name: "CMoldauZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CMoldauZooKeeper", providers: [.apt(["libzookeeper-mt-dev"])]),

    .target(
      name: "MoldauFuzz",
      dependencies: [
        "MoldauBroker", "MoldauProtocol", "MoldauLog", "MoldauDisk", "MoldauCompression",
        "MoldauFormat", logging,
      ],
      path: "Tests/Fuzz/MoldauFuzz", swiftSettings: settings),
    .testTarget(
      name: "MoldauFuzzTests", dependencies: ["MoldauFuzz", "MoldauProtocol", "MoldauDisk"],
      path: "Tests/Fuzz/MoldauFuzzTests", swiftSettings: settings),

    // Worlds of simulated computers, and a program that runs many of them.
    .executableTarget(
      name: "moldau-simulate",
      dependencies: [
        "MoldauBroker", "MoldauCluster", "MoldauCoordination", "MoldauClient", "MoldauProtocol",
        "MoldauLog", "MoldauDisk", "MoldauFormat", logging,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Simulation", exclude: ["Tests"], swiftSettings: settings),
    .testTarget(
      name: "MoldauSimulationTests",
      dependencies: [
        "moldau-simulate", "MoldauBroker", "MoldauCluster", "MoldauLog", "MoldauDisk",
        "MoldauFormat", logging,
      ],
      path: "Tests/Simulation/Tests", swiftSettings: settings),

    // The process that the process tests kill, and what it and they know of each other.
    .executableTarget(
      name: "moldau-writer", dependencies: ["MoldauLoad", "MoldauLog"],
      path: "Tests/Process/Writer", swiftSettings: settings),
    .target(
      name: "MoldauLoad", dependencies: ["MoldauLog", "MoldauFormat"], path: "Tests/Process/Load",
      swiftSettings: settings),
    // Other programs, as tests run them.
    .target(
      name: "MoldauChildProcess", path: "Tests/Process/ChildProcess", swiftSettings: settings),
    .testTarget(
      name: "MoldauProcessTests",
      dependencies: [
        "moldau", "moldau-writer", "MoldauLoad", "MoldauChildProcess", "MoldauInspect",
        "MoldauReport", "MoldauClient", "MoldauProtocol", "MoldauSettings", "MoldauLog",
        "MoldauDisk", "MoldauFormat",
      ],
      path: "Tests/Process/MoldauProcessTests", swiftSettings: settings),

    tests("MoldauFormatTests", ["MoldauFormat", "CMoldau"]),
    tests("MoldauCompressionTests", ["MoldauCompression", "MoldauDisk", "MoldauFormat"]),
    tests("MoldauDiskTests", ["MoldauDisk"]),
    tests(
      "MoldauLogTests",
      [
        "MoldauLog", "MoldauDisk", "MoldauFormat", "MoldauCompression", "MoldauChildProcess",
        metrics,
      ]),
    tests(
      "MoldauInspectTests",
      [
        "MoldauInspect", "MoldauReport", "MoldauLog", "MoldauDisk", "MoldauCompression",
        "MoldauFormat",
      ]),
    tests("MoldauReportTests", ["MoldauReport", "MoldauFormat"]),
    tests("MoldauProtocolTests", ["MoldauProtocol", "MoldauFormat"]),
    tests("MoldauClientTests", ["MoldauClient", "MoldauProtocol", "MoldauFormat"]),
    tests(
      "MoldauCommandsTests",
      [
        "MoldauCommands", "MoldauTesting", "MoldauServer", "MoldauBroker", "MoldauClient",
        "MoldauProtocol", "MoldauLog", "MoldauDisk", "MoldauFormat",
      ]),
    tests(
      "MoldauCoordinationTests", ["MoldauCoordination", "MoldauLog", "MoldauDisk", "MoldauFormat"]),
    tests("MoldauEnsembleTests", ["MoldauEnsemble", "MoldauDisk"]),
    tests(
      "MoldauZooKeeperTests",
      [
        "MoldauZooKeeper", "MoldauEnsemble", "MoldauCoordination", "MoldauLog", "MoldauDisk",
        logging,
      ]),
    tests(
      "MoldauClusterTests",
      [
        "MoldauCluster", "MoldauCoordination", "MoldauProtocol", "MoldauLog", "MoldauFormat",
        logging,
      ]),
    tests(
      "MoldauBrokerTests",
      [
        "MoldauBroker", "MoldauCluster", "MoldauCoordination", "MoldauProtocol", "MoldauLog",
        "MoldauDisk", "MoldauFormat", logging,
      ]),
    tests(
      "MoldauServerTests",
      [
        "MoldauServer", "MoldauBroker", "MoldauClient", "MoldauCluster", "MoldauCoordination",
        "MoldauProtocol", "MoldauLog", "MoldauDisk", metrics,
        .product(name: "MetricsTestKit", package: "swift-metrics"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ] + nio),
    tests("MoldauSettingsTests", ["MoldauSettings", "MoldauServer", "MoldauLog"]),
    tests(
      "MoldauTestingTests",
      [
        "MoldauTesting", "MoldauServer", "MoldauBroker", "MoldauCluster", "MoldauClient",
        "MoldauLog", "MoldauDisk", "MoldauFormat",
      ]),
    .testTarget(
      name: "MoldauKcatTests", dependencies: ["MoldauServer", "MoldauLog", "MoldauChildProcess"],
      path: "Tests/Clients/MoldauKcatTests", swiftSettings: settings),
    tests("MoldauBenchmarksTests", ["MoldauBenchmarks"]),
    tests("HouseTests", ["MoldauLog"]),
  ]
)

// libFuzzer's program needs its own flags for every target, so only Tests/Fuzz/run builds it.
if Context.environment["MOLDAU_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "moldau-fuzz", dependencies: ["MoldauFuzz"], path: "Tests/Fuzz/Driver",
      swiftSettings: settings))
}
