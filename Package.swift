// swift-tools-version: 6.2
import PackageDescription

// The rooms of the house and which way their imports point: docs/architecture.md.

let package = Package(
    name: "tollgate",
    products: [
        .executable(name: "tollgate", targets: ["tollgate"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // C libraries: a module map and a shim each, nothing else.
        .systemLibrary(
            name: "CNghttp2",
            pkgConfig: "libnghttp2",
            providers: [.apt(["libnghttp2-dev"])]
        ),
        .systemLibrary(
            name: "COpenSSL",
            pkgConfig: "openssl",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(
            name: "CProtobufC",
            pkgConfig: "libprotobuf-c",
            providers: [.apt(["libprotobuf-c-dev"])]
        ),
        .systemLibrary(
            name: "CRocksDB",
            pkgConfig: "rocksdb",
            providers: [.apt(["librocksdb-dev"])]
        ),
        .target(
            name: "CTollgateProto",
            dependencies: ["CProtobufC"],
            path: "generated",
            exclude: ["README.md"],
            publicHeadersPath: "."
        ),

        .target(name: "TollgateCore"),
        .target(name: "TollgateMetrics"),
        .target(name: "TollgateCrypto", dependencies: ["COpenSSL", "TollgateCore"]),
        .target(name: "TollgateEngine", dependencies: ["TollgateCore", "TollgateCrypto"]),
        .target(
            name: "TollgateWire",
            dependencies: ["CProtobufC", "CTollgateProto", "TollgateCore"]
        ),
        .target(
            name: "TollgateStore",
            dependencies: [
                "CRocksDB", "TollgateCore", "TollgateCrypto", "TollgateEngine", "TollgateMetrics",
                "TollgateWire",
            ]
        ),
        .target(
            name: "TollgateTransport",
            dependencies: [
                "CNghttp2", "COpenSSL", "TollgateMetrics",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .target(
            name: "TollgateGateway",
            dependencies: [
                "TollgateCore", "TollgateEngine", "TollgateTransport", "TollgateWire",
            ]
        ),
        .target(
            name: "TollgateAdmin",
            dependencies: [
                "TollgateCore", "TollgateEngine", "TollgateMetrics",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            resources: [.embedInCode("Console/Files")]
        ),
        .target(
            name: "TollgateServer",
            dependencies: [
                "TollgateAdmin", "TollgateCore", "TollgateCrypto", "TollgateEngine",
                "TollgateGateway", "TollgateMetrics", "TollgateStore", "TollgateTransport",
                "TollgateWire",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .executableTarget(
            name: "tollgate",
            dependencies: [
                "TollgateAdmin", "TollgateCore", "TollgateServer", "TollgateWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ]
        ),

        .target(
            name: "TollgateTesting",
            dependencies: ["TollgateCore", "TollgateEngine"]
        ),
        .executableTarget(
            name: "tollgate-bench",
            dependencies: [
                "TollgateCore", "TollgateCrypto", "TollgateEngine", "TollgateStore",
                "TollgateWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),

        .testTarget(
            name: "TollgateCoreTests",
            dependencies: ["TollgateCore", "TollgateTesting"],
            exclude: ["Cases"]
        ),
        .testTarget(name: "TollgateMetricsTests", dependencies: ["TollgateMetrics"]),
        .testTarget(
            name: "TollgateCryptoTests",
            dependencies: ["TollgateCore", "TollgateCrypto"],
            exclude: ["Cases"]
        ),
        .testTarget(
            name: "TollgateEngineTests",
            dependencies: [
                "SimulationTesting", "TollgateCore", "TollgateCrypto", "TollgateEngine",
                "TollgateTesting",
            ],
            exclude: ["Cases"]
        ),
        // A server in one thread that fails and ends at any moment, for all who stand in front of it.
        .target(
            name: "SimulationTesting",
            dependencies: ["TollgateCore", "TollgateCrypto", "TollgateEngine", "TollgateTesting"],
            path: "Tests/Support/Simulation"
        ),
        .testTarget(
            name: "TollgateStoreTests",
            dependencies: ["TollgateStore", "TollgateTesting"],
            // RocksDB calls these of the tests instead of libc's: Support/FaultyDisk.swift.
            linkerSettings: [
                .unsafeFlags(
                    ["write", "pwrite", "pwrite64", "fsync", "fdatasync"].flatMap {
                        ["-Xlinker", "--export-dynamic-symbol=\($0)"]
                    }
                )
            ]
        ),
        .testTarget(
            name: "TollgateWireTests",
            dependencies: ["CProtobufC", "CTollgateProto", "TollgateCore", "TollgateWire"],
            exclude: ["Cases", "Support/golden.py"]
        ),
        .testTarget(
            name: "TollgateTransportTests",
            dependencies: [
                "COpenSSL", "ConnectionFuzz", "HTTP2Testing", "TollgateTransport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Cases"]
        ),
        // Frames written and read by hand, and a loop in memory, for all who test what is on a loop.
        .target(
            name: "HTTP2Testing",
            dependencies: [
                "CNghttp2", "TollgateTransport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            path: "Tests/Support/HTTP2Testing"
        ),
        // What the fuzzers of HTTP feed; the transport's tests replay their kept cases.
        .target(
            name: "ConnectionFuzz",
            dependencies: [
                "TollgateTransport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            path: "Tests/Fuzz/Connection"
        ),
        .testTarget(
            name: "TollgateGatewayTests",
            dependencies: [
                "HTTP2Testing", "SimulationTesting", "TollgateCore", "TollgateCrypto",
                "TollgateEngine", "TollgateGateway", "TollgateTesting", "TollgateTransport",
                "TollgateWire",
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            exclude: ["Cases", "LLM/Cases", "LLM/Reference"]
        ),
        .testTarget(
            name: "TollgateServerTests",
            dependencies: [
                "TollgateAdmin", "TollgateCore", "TollgateEngine", "TollgateGateway",
                "TollgateServer", "TollgateTransport", "TollgateWire",
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Cases"]
        ),
        .testTarget(
            name: "TollgateAdminTests",
            dependencies: [
                "TollgateAdmin", "TollgateCore", "TollgateCrypto", "TollgateEngine",
                "TollgateTesting",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            exclude: ["Cases"]
        ),
        .testTarget(
            name: "TollgateCommandTests",
            dependencies: [
                "TollgateAdmin", "TollgateCore", "TollgateWire", "tollgate",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Cases"]
        ),
        .testTarget(name: "TidyTests"),
    ],
    swiftLanguageModes: [.v6]
)

// Fuzz targets need the compiler's fuzzer, which slows everything else down: scripts/fuzz asks.
if Context.environment["TOLLGATE_FUZZ"] != nil {
    let fuzzer: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"])]
    func fuzzTarget(_ name: String, path: String, exclude: [String], _ rooms: [String]) -> Target {
        .executableTarget(
            name: name,
            dependencies: rooms.map { .target(name: $0) },
            path: path,
            exclude: exclude,
            swiftSettings: fuzzer,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]
        )
    }
    package.targets += [
        fuzzTarget(
            "FuzzCheckRequest",
            path: "Tests/Fuzz/CheckRequest",
            exclude: ["Cases"],
            ["CTollgateProto", "TollgateCore", "TollgateWire"]
        ),
        fuzzTarget(
            "FuzzAnswerBody",
            path: "Tests/Fuzz/AnswerBody",
            exclude: ["Cases"],
            ["TollgateCore", "TollgateGateway"]
        ),
        fuzzTarget(
            "FuzzRequestBody",
            path: "Tests/Fuzz/RequestBody",
            exclude: ["Cases"],
            ["TollgateCore", "TollgateGateway"]
        ),
        fuzzTarget(
            "FuzzHTTP1",
            path: "Tests/Fuzz/HTTP1",
            exclude: ["Cases"],
            ["ConnectionFuzz"]
        ),
        fuzzTarget(
            "FuzzHTTP2",
            path: "Tests/Fuzz/HTTP2",
            exclude: ["Cases"],
            ["ConnectionFuzz"]
        ),
    ]
    for target in package.targets
    where ["TollgateGateway", "TollgateTransport", "TollgateWire"].contains(target.name) {
        target.swiftSettings = [.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"])]
    }
}

for target in package.targets where target.type != .system && target.name != "CTollgateProto" {
    // Tests see what is internal also in the release build: what is tested is what is shipped. They
    // themselves are not worth the time it takes to optimize them.
    let ofTests = target.type == .test || target.path?.hasPrefix("Tests/") == true
    let release: [String] = ofTests ? ["-Onone"] : ["-enable-testing"]
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .unsafeFlags(release, .when(configuration: .release)),
            .treatAllWarnings(as: .error),
            // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
            .enableUpcomingFeature("ExistentialAny"),
            // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
            .enableUpcomingFeature("InternalImportsByDefault"),
            // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
            .enableUpcomingFeature("MemberImportVisibility"),
            // Lets a type lend its own memory as a Span, which is how C's pointers stay in their rooms.
            // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0446-non-escapable.md
            .enableExperimentalFeature("Lifetimes"),
        ]
}
