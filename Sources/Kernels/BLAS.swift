import COpenBLAS
import Foundation

/// OpenBLAS on one thread: the yardstick for the products of MatMul.swift.
public enum BLAS {
  /// One thread; call once, before the first product.
  public static func configure() { openblas_set_num_threads(1) }

  /// Makes OpenBLAS use its Haswell kernels on every CPU that has AVX2, so that the bits of a run do
  /// not depend on what it detects, and the yardstick is the rate of the instructions that our own
  /// kernels are compiled to: call it first thing in `main`.
  ///
  /// The library reads OPENBLAS_CORETYPE while it is loaded, so where the variable is not set this
  /// sets it and starts the program again in the same process (same id, arguments and descriptors).
  /// Where it is set, or the CPU lacks AVX2, nothing happens.
  public static func pinCoreType() {
    #if os(Linux) && arch(x86_64)
      guard getenv(coreTypeVariable) == nil, CPU.hasAVX2 else { return }
      setenv(coreTypeVariable, "Haswell", 1)
      execv("/proc/self/exe", CommandLine.unsafeArgv)
      // Still here: the program cannot be started again; go on with the detected kernels.
      unsetenv(coreTypeVariable)
    #endif
  }

  private static let coreTypeVariable = "OPENBLAS_CORETYPE"

  /// Library, version and kernels, e.g. `OpenBLAS 0.3.21 Haswell`.
  public static var description: String {
    let words = String(cString: openblas_get_config()).split(separator: " ")
    return words.prefix(2).joined(separator: " ") + " " + String(cString: openblas_get_corename())
  }

  /// The rate of a large square sgemm on one thread, in GFLOP/s: the median of many.
  public static func sgemmGFLOPS(seconds: Double = 0.5) -> Double {
    squareGFLOPS(seconds: seconds) { a, c, _ in sgemm(a, a, into: c) }
  }

  /// c = a b
  package static func sgemm(_ a: Matrix, _ b: Matrix, into c: Matrix) {
    precondition(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns)
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(c.rows), blasint(c.columns),
      blasint(a.columns), 1, a.base, blasint(a.stride), b.base, blasint(b.stride), 0, c.base,
      blasint(c.stride))
  }
}

/// The rate of a large square product by our own blocks on one thread, in GFLOP/s: the median of many.
public func productGFLOPS(seconds: Double = 0.5) -> Double {
  squareGFLOPS(seconds: seconds) { a, c, arena in matmul(a, a, into: c, arena) }
}

private func squareGFLOPS(
  seconds: Double, _ multiply: (_ a: Matrix, _ c: Matrix, _ arena: Arena) -> Void
) -> Double {
  let n = 768
  let a = Matrix(rows: n, columns: n, (0..<n * n).map { Float($0 % 17) / 17 - 0.5 })
  let c = Matrix(rows: n, columns: n)
  let arena = Arena()
  multiply(a, c, arena)
  let start = DispatchTime.now().uptimeNanoseconds
  var times: [UInt64] = []
  repeat {
    let before = DispatchTime.now().uptimeNanoseconds
    multiply(a, c, arena)
    times.append(DispatchTime.now().uptimeNanoseconds - before)
  } while Double(DispatchTime.now().uptimeNanoseconds - start) < seconds * 1e9
  return 2 * Double(n * n * n) / Double(times.sorted()[times.count / 2])
}
