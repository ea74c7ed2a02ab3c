// swift-tools-version: 6.2
import PackageDescription

// Every arrow of the architecture (README.md) is a dependency below, and the Makefile builds with
// `--explicit-target-dependency-import-check error`, so that no other import compiles.

/// Without it a square root is a call for every lane, for the sake of errno.
let rootFlag = SwiftSetting.unsafeFlags(["-Xcc", "-fno-math-errno"])

#if arch(x86_64)
  /// OVERTRAIN_BASELINE=1 makes a program for processors without AVX2: slow, for checks and old machines.
  /// A build here for AArch64 needs it too, and loses nothing: `arch` is that of the machine that builds.
  let isBaseline = Context.environment["OVERTRAIN_BASELINE"] == "1"
  /// AVX2 + FMA code: without these flags SIMD8<Float> is SSE and every fused multiply-add a call.
  let vectorFlags: [SwiftSetting] =
    isBaseline
    ? [.define("BASELINE"), rootFlag]
    : [.unsafeFlags(["-Xcc", "-march=x86-64-v3", "-Xcc", "-fno-math-errno"])]
  /// AVX-512 code, called only where it exists.
  let wideFlags: [SwiftSetting] =
    isBaseline
    ? [] : [.unsafeFlags(["-Xcc", "-march=x86-64-v4", "-Xcc", "-fno-math-errno"])]
  let plainFlags: [SwiftSetting] = isBaseline ? [.define("BASELINE")] : []
#else
  let plainFlags: [SwiftSetting] = []
  let vectorFlags: [SwiftSetting] = [rootFlag]
  let wideFlags: [SwiftSetting] = []
#endif

/// Everything but `Kernels` is checked for memory safety, as an error.
let strict: [SwiftSetting] = [
  .strictMemorySafety(), .treatWarning("StrictMemorySafety", as: .error),
]
let safe = vectorFlags + strict

func test(_ target: String, also others: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(target)Tests", dependencies: [.byName(name: target)] + others,
    swiftSettings: vectorFlags)
}

let package = Package(
  name: "overtrain",
  products: [.executable(name: "overtrain", targets: ["overtrain"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
  ],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Float math on matrix views; the only unsafe code.
    .target(
      name: "Kernels", dependencies: ["WideKernels", "COpenBLAS", "CZlib"], exclude: ["Wide"],
      swiftSettings: vectorFlags),
    .target(name: "WideKernels", path: "Sources/Kernels/Wide", swiftSettings: wideFlags),
    // What a run is, as plain data.
    .target(
      name: "Experiment", dependencies: [.product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: safe),
    // YAML on disk to Experiment's types, every error with file:line:column.
    .target(name: "ConfigFiles", dependencies: ["Experiment", "Yams"], swiftSettings: safe),
    // Text to tokens to shards to batches.
    .target(
      name: "Corpus",
      dependencies: ["Experiment", "Kernels", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: safe),
    // Layers, forward beside backward.
    .target(name: "Model", dependencies: ["Experiment", "Kernels"], swiftSettings: safe),
    // One optimiser step, and how to repeat, save and resume it.
    .target(
      name: "Training",
      dependencies: [
        "Experiment", "Kernels", "Corpus", "Model",
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: safe),
    // Held-out loss and downstream error.
    .target(
      name: "Evaluation", dependencies: ["Experiment", "Kernels", "Corpus", "Model"],
      swiftSettings: safe),
    // A grid to records, skipping what is stored.
    .target(
      name: "Sweep",
      dependencies: [
        "Experiment", "ConfigFiles", "Kernels", "Corpus", "Model", "Training", "Evaluation",
      ],
      swiftSettings: safe),
    // Laws, their fits, their uncertainty; knows nothing of training.
    .target(
      name: "ScalingLaws",
      dependencies: [
        "Experiment", "SwiftCSV", .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: safe),
    // Records and fits to tables, plots, pages.
    .target(
      name: "Report",
      dependencies: [
        "Experiment", "ScalingLaws", .product(name: "Mustache", package: "swift-mustache"),
      ], swiftSettings: safe),
    // The command line: parse, resolve, call. Compiled for any processor, which it looks at first.
    .executableTarget(
      name: "overtrain",
      dependencies: [
        "Experiment", "ConfigFiles", "Kernels", "Corpus", "Model", "Training", "Evaluation",
        "Sweep", "ScalingLaws", "Report",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: plainFlags + strict),

    test("Kernels"),
    test("Experiment"),
    test("ConfigFiles", also: ["Experiment"]),
    test("Corpus", also: ["Experiment"]),
    test("Model", also: ["Experiment", "Kernels"]),
    test("Training", also: ["Experiment", "Kernels", "Corpus", "Model"]),
    test("Evaluation", also: ["Experiment", "Kernels", "Corpus", "Model"]),
    test("Sweep", also: ["Experiment", "ConfigFiles", "Corpus", "Training"]),
    test("ScalingLaws", also: ["Experiment"]),
    test("Report", also: ["Experiment", "ScalingLaws"]),
    // Every parser of foreign bytes, for the test beside it and for libFuzzer.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Experiment", "ConfigFiles", "Kernels", "Corpus", "Model", "Training", "Evaluation",
        "ScalingLaws",
      ], path: "Tests/FuzzTargets", swiftSettings: vectorFlags),
    .testTarget(
      name: "FuzzTests", dependencies: ["Experiment", "FuzzTargets"], exclude: ["Found"],
      swiftSettings: vectorFlags),
    // The built program as its users run it.
    .testTarget(
      name: "EndToEndTests", dependencies: ["overtrain", "Experiment"], swiftSettings: vectorFlags),
  ],
  swiftLanguageModes: [.v6]
)

// `make test-fuzz` alone, for it links with libFuzzer.
if Context.environment["OVERTRAIN_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz", swiftSettings: vectorFlags))
}
