// swift-tools-version: 6.1
import PackageDescription

// MARK: Settings

/// `MSS_FUZZ=1` instruments the targets of this package for libFuzzer and adds the `mss-fuzz` executable.
/// The flags are `unsafeFlags`, which would make the package unusable as a dependency: they stay behind the variable.
let fuzzing = Context.environment["MSS_FUZZ"] == "1"

let swiftSettings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (fuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address"])] : [])

/// pkg-config's `-D` flags are not passed on by SwiftPM; keep equal to `pkg-config --cflags xmlsec1-openssl`.
let xmlsecSettings: [CSetting] = [
    .define("__XMLSEC_FUNCTION__", to: "__func__"),
    .define("XMLSEC_NO_SIZE_T"),
    .define("XMLSEC_OPENSSL3_ENGINES", to: "1"),
    .define("XMLSEC_NO_GOST", to: "1"),
    .define("XMLSEC_NO_GOST2012", to: "1"),
    .define("XMLSEC_NO_CRYPTO_DYNAMIC_LOADING", to: "1"),
    .define("XMLSEC_CRYPTO_OPENSSL", to: "1"),
]

// MARK: External products
//
// A package that only some targets need hangs on a trait, so that an importer with `traits: []` neither downloads nor
// builds it (Documentation/Decisions/0009-traits.md). All traits are on by default: this package builds as it is.

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL: Target.Dependency = .product(
    name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["HTTP", "TestKit"]))
let asyncHTTPClient: Target.Dependency = .product(
    name: "AsyncHTTPClient", package: "async-http-client", condition: .when(traits: ["HTTP"]))
let swiftASN1: Target.Dependency = .product(
    name: "SwiftASN1", package: "swift-asn1", condition: .when(traits: ["TestKit"]))
let x509: Target.Dependency = .product(
    name: "X509", package: "swift-certificates", condition: .when(traits: ["TestKit"]))
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto", condition: .when(traits: ["TestKit"]))
let cryptoExtras: Target.Dependency = .product(
    name: "_CryptoExtras", package: "swift-crypto", condition: .when(traits: ["TestKit"]))
let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Tools"]))
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["SQLite"]))
let sqlite: Target.Dependency = .product(
    name: "GRDBSQLite", package: "GRDB.swift", condition: .when(traits: ["SQLite"]))
let yams: Target.Dependency = .product(name: "Yams", package: "Yams", condition: .when(traits: ["Operator"]))
let lifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["Operator"]))
let unixSignals: Target.Dependency = .product(
    name: "UnixSignals", package: "swift-service-lifecycle", condition: .when(traits: ["Operator"]))
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let atomics: Target.Dependency = .product(name: "Atomics", package: "swift-atomics")

// MARK: Targets, floor by floor (Documentation/Architecture.md; checked by .ci/check-layers)

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

let floor0: [Target] = [
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .target(name: "COpenSSLShim", dependencies: ["COpenSSL"]),
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .target(name: "CLibXML2Shim", dependencies: ["CLibXML2"]),
    .systemLibrary(name: "CXMLSec", pkgConfig: "xmlsec1-openssl", providers: [.apt(["libxmlsec1-dev"])]),
    .target(name: "CXMLSecShim", dependencies: ["CXMLSec"], cSettings: xmlsecSettings),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CZlibShim", dependencies: ["CZlib"]),
    .target(name: "CLineScan"),
    // Linked by its module map: libunbound.pc requires private modules that libunbound-dev does not bring.
    .systemLibrary(name: "CUnbound", providers: [.apt(["libunbound-dev"])]),
]

let floor1: [Target] = [library("MSSCore")]

let floor2: [Target] = [
    library("MSSTLS", ["MSSCore", "COpenSSLShim", nioCore, nioTLS, atomics]),
    library("MSSHTTP", ["MSSCore", nioCore, nioHTTP1, nioPosix, nioSSL, asyncHTTPClient]),
    library("MSSXML", ["MSSCore", "CLibXML2Shim"]),
    library("MSSXMLSignature", ["MSSCore", "MSSXML", "CXMLSecShim"]),
    library("MSSZIP", ["MSSCore", "CZlibShim"]),
    library("MSSDNS", ["MSSCore", "CUnbound"]),
    library("MSSJSON"),
    library("MSSMessage", ["MSSCore", "MSSXML", "MSSZIP", "COpenSSLShim"]),
    library("MSSSASL"),
    library("MSSSessions", ["MSSCore", "MSSTLS", nioCore, nioPosix, logging]),
]

let floor3: [Target] = [
    library("MSSWhitelist", ["MSSCore", "MSSTLS", "MSSXML", "MSSXMLSignature", logging]),
    library(
        "MSSSMTP",
        [
            "MSSCore", "MSSTLS", "MSSDNS", "MSSMessage", "MSSSASL", "MSSSessions", "CLineScan", nioCore, nioPosix,
            logging,
        ]),
    library(
        "MSSIMAP",
        ["MSSCore", "MSSTLS", "MSSMessage", "MSSSASL", "MSSSessions", "CZlibShim", nioCore, nioPosix, logging]),
    library("MSSPolicy", ["MSSCore", "MSSJSON"]),
    library("MSSAccounts", ["MSSCore", "MSSJSON", "COpenSSLShim", grdb, sqlite]),
    library("MSSTraces", ["MSSCore", "MSSTLS", "COpenSSLShim", "CZlibShim"]),
    library("MSSProSanteConnect", ["MSSCore", "MSSJSON", "COpenSSLShim"]),
]

let floor4: [Target] = [
    library(
        "MSSTestKit",
        [
            "MSSCore", "MSSJSON", x509, swiftASN1, crypto, cryptoExtras, nioCore, nioPosix, nioHTTP1, nioSSL,
        ]),
    library(
        "MSSConnector",
        [
            "MSSCore", "MSSTLS", "MSSXML", "MSSDNS", "MSSMessage", "MSSWhitelist", "MSSSMTP", "MSSIMAP", "MSSPolicy",
            "MSSAccounts", "MSSTraces", "MSSProSanteConnect", "MSSSASL", nioCore, nioPosix, logging,
        ]),
    library(
        "MSSStore",
        [
            "MSSCore", "MSSSMTP", "MSSIMAP", "MSSAccounts", "MSSConnector", "MSSProSanteConnect", "COpenSSLShim",
            nioCore, grdb, sqlite,
        ]),
    library(
        "MSSOperator",
        [
            "MSSCore", "MSSTLS", "MSSSessions", "MSSHTTP", "MSSDNS", "MSSWhitelist", "MSSSMTP", "MSSIMAP", "MSSPolicy",
            "MSSAccounts", "MSSTraces", "MSSProSanteConnect", "MSSConnector", "MSSStore", "MSSXMLSignature", nioCore,
            nioPosix, nioHTTP1, logging, yams, lifecycle, unixSignals,
        ]),
]

let floor5: [Target] = [
    .executableTarget(
        name: "mss-sandbox",
        dependencies: ["MSSCore", "MSSMessage", "MSSTestKit", "FrenchCommandLine", argumentParser],
        path: "Examples/mss-sandbox", swiftSettings: swiftSettings),
    .executableTarget(
        name: "mss-poignee",
        dependencies: [
            "MSSCore", "MSSTLS", "MSSHTTP", "MSSWhitelist", "FrenchCommandLine", nioCore, nioPosix, logging,
            argumentParser,
        ],
        path: "Examples/mss-poignee", swiftSettings: swiftSettings),
    .target(
        name: "FrenchCommandLine", dependencies: [argumentParser], path: "Examples/FrenchCommandLine",
        swiftSettings: swiftSettings),
    .target(
        name: "TraceOptions", dependencies: ["MSSTraces", argumentParser], path: "Examples/TraceOptions",
        swiftSettings: swiftSettings),
    .executableTarget(
        name: "mss-operator",
        dependencies: [
            "MSSCore", "MSSTraces", "MSSOperator", "TraceOptions", "FrenchCommandLine", logging, argumentParser,
        ],
        path: "Examples/mss-operator", swiftSettings: swiftSettings),
    .executableTarget(
        name: "mss-lps",
        dependencies: [
            "MSSCore", "MSSTLS", "MSSHTTP", "MSSDNS", "MSSMessage", "MSSSASL", "MSSSMTP", "MSSIMAP",
            "MSSProSanteConnect", "FrenchCommandLine", nioCore, argumentParser,
        ],
        path: "Examples/mss-lps", swiftSettings: swiftSettings),
    .executableTarget(
        name: "mss-traces",
        dependencies: ["MSSCore", "MSSTLS", "MSSTraces", "TraceOptions", "FrenchCommandLine", argumentParser],
        path: "Examples/mss-traces", swiftSettings: swiftSettings),
]

let testTargets: [Target] = [
    tests("MSSCoreTests", ["MSSCore"]),
    tests(
        "MSSTLSTests",
        ["MSSCore", "MSSTLS", "MSSHTTP", "MSSTestKit", "TestIdentities", nioCore, nioPosix, nioTLS, nioEmbedded]),
    tests("MSSHTTPTests", ["MSSCore", "MSSHTTP", "MSSTestKit", nioCore, nioPosix, nioHTTP1]),
    tests("MSSXMLTests", ["MSSCore", "MSSXML"]),
    tests("MSSXMLSignatureTests", ["MSSCore", "MSSXML", "MSSXMLSignature", "MSSTestKit"]),
    tests("MSSZIPTests", ["MSSCore", "MSSZIP"]),
    tests("MSSDNSTests", ["MSSCore", "MSSDNS"]),
    tests("MSSMessageTests", ["MSSCore", "MSSMessage", "MSSXML", "MSSZIP", "MSSTestKit"]),
    tests("MSSSASLTests", ["MSSSASL"]),
    tests(
        "MSSSessionsTests",
        ["MSSCore", "MSSSessions", "MSSTLS", "MSSTestKit", nioCore, nioPosix, nioEmbedded, logging]),
    tests(
        "MSSWhitelistTests",
        [
            "MSSCore", "MSSWhitelist", "MSSTLS", "MSSHTTP", "MSSXML", "MSSXMLSignature", "MSSTestKit", nioCore,
            nioPosix,
        ]),
    tests(
        "MSSSMTPTests",
        [
            "MSSCore", "MSSSMTP", "MSSSASL", "MSSTLS", "MSSDNS", "MSSMessage", "MSSTestKit", "TestIdentities", nioCore,
            nioPosix, nioTLS, nioEmbedded,
        ]),
    tests(
        "MSSIMAPTests",
        [
            "MSSCore", "MSSIMAP", "MSSSASL", "MSSTLS", "MSSMessage", "MSSTestKit", "TestIdentities", nioCore, nioPosix,
            nioTLS, nioEmbedded,
        ]),
    tests("MSSPolicyTests", ["MSSCore", "MSSPolicy"]),
    tests("MSSAccountsTests", ["MSSCore", "MSSAccounts", "MSSPolicy", "MSSConnector", "MSSTestKit", grdb]),
    tests(
        "MSSProSanteConnectTests",
        ["MSSCore", "MSSJSON", "MSSProSanteConnect", "MSSHTTP", "MSSTestKit"]),
    tests("MSSTracesTests", ["MSSCore", "MSSTraces", "MSSTLS", "MSSTestKit"]),
    tests("MSSTestKitTests", ["MSSCore", "MSSDNS", "MSSAccounts", "MSSTestKit"]),
    tests(
        "MSSConnectorTests",
        [
            "MSSCore", "MSSConnector", "MSSTLS", "MSSHTTP", "MSSDNS", "MSSMessage", "MSSWhitelist", "MSSSMTP",
            "MSSIMAP", "MSSPolicy", "MSSAccounts", "MSSTraces", "MSSProSanteConnect", "MSSSASL", "MSSTestKit",
            "TestIdentities", nioCore, nioPosix, logging,
        ]),
    tests(
        "MSSStoreTests",
        [
            "MSSCore", "MSSStore", "MSSConnector", "MSSAccounts", "MSSSMTP", "MSSIMAP", "MSSProSanteConnect",
            "MSSTestKit", nioCore, grdb,
        ]),
    tests(
        "MSSOperatorTests",
        [
            "mss-operator", "mss-sandbox", "mss-lps", "MSSCore", "MSSOperator", "MSSTLS", "MSSSMTP", "MSSAccounts",
            "MSSTraces",
            "MSSConnector", "MSSStore", "MSSWhitelist", "MSSPolicy", "MSSMessage", "MSSDNS", "MSSProSanteConnect",
            "MSSTestKit", nioCore, nioPosix, logging,
        ]),
]

let tools: [Target] = [
    .target(
        name: "TestIdentities", dependencies: ["MSSCore", "MSSTLS", "MSSTestKit"], path: "Tests/TestIdentities",
        swiftSettings: swiftSettings),
    .target(name: "CAllocations", path: "Tests/Benchmarks/CAllocations"),
    .executableTarget(
        name: "mss-bench",
        dependencies: [
            "CAllocations", "MSSCore", "MSSTLS", "MSSXML", "MSSXMLSignature", "MSSZIP", "MSSMessage", "MSSWhitelist",
            "MSSSASL", "MSSSMTP", "MSSIMAP", "MSSPolicy", "MSSAccounts", "MSSTraces", "MSSStore", "MSSTestKit",
            "TestIdentities", "MSSDNS", "MSSHTTP", "MSSProSanteConnect", "MSSConnector", argumentParser, nioCore,
            nioPosix, nioTLS, logging,
        ],
        path: "Tests/Benchmarks/mss-bench", swiftSettings: swiftSettings),
]

let fuzzTargets: [Target] =
    fuzzing
    ? [
        .executableTarget(
            name: "mss-fuzz",
            dependencies: [
                "MSSCore", "MSSTLS", "MSSXML", "MSSXMLSignature", "MSSZIP", "MSSMessage", "MSSWhitelist", "MSSDNS",
                "MSSSMTP", "MSSSASL", "MSSIMAP", "MSSPolicy", "MSSAccounts", "MSSTraces", "MSSJSON",
                "MSSProSanteConnect", "MSSStore", "MSSTestKit", nioCore, nioEmbedded,
            ],
            path: "Tests/Fuzz/mss-fuzz", swiftSettings: swiftSettings,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
    ] : []

// MARK: Package

let package = Package(
    name: "swift-mssante",
    products: (floor1 + floor2 + floor3 + floor4).map { .library(name: $0.name, targets: [$0.name]) },
    traits: [
        .default(enabledTraits: ["HTTP", "Operator", "SQLite", "TestKit", "Tools"]),
        .trait(name: "HTTP", description: "MSSHTTP, over async-http-client and swift-nio-ssl."),
        .trait(name: "Operator", description: "MSSOperator, over Yams and swift-service-lifecycle."),
        .trait(name: "SQLite", description: "MSSAccounts and MSSStore, over GRDB."),
        .trait(name: "TestKit", description: "MSSTestKit, over swift-certificates, swift-crypto and swift-asn1."),
        .trait(name: "Tools", description: "The executables of Examples and Tests, over swift-argument-parser."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-atomics", from: "1.3.0"),
    ],
    targets: floor0 + floor1 + floor2 + floor3 + floor4 + floor5 + testTargets + tools + fuzzTargets,
    swiftLanguageModes: [.v6]
)
