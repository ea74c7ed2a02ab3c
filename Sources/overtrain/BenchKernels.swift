import Foundation
import Kernels

/// How fast one kernel is on one thread, beside what the machine can do at best, measured next to it.
struct KernelRate: Encodable {
  let kernel: String
  /// Rows × columns and the like.
  let shape: String
  let microseconds: Double
  /// Of kernels that multiply: exact operations.
  let gflops: Double?
  /// Bytes that must be read and written once.
  let gigabytesPerSecond: Double
  /// GFLOP/s of a large product, or GB/s of a copy of as many bytes.
  let limit: Double
  /// Of the limit.
  let fraction: Double
  /// Operations per byte.
  let intensity: Double
}

extension BenchConfig {
  /// Every kernel of a training step at this shape, on a microbatch of one sequence or more.
  func kernelRates() -> [KernelRate] {
    let rows = max(contextLength, 256)
    let (d, f, v) = (width, hiddenWidth, vocabularySize)
    let bench = KernelBench(product: productGFLOPS(seconds: 0.2))
    let arena = bench.arena
    func matrix(_ rows: Int, _ columns: Int) -> Matrix {
      Matrix(
        rows: rows, columns: columns,
        (0..<rows * columns).map { Float($0 &* 7919 % 1009) / 1009 - 0.5 })
    }
    var rates: [KernelRate] = []

    for (name, inputs, outputs) in [("qkv", d, 3 * d), ("gate and up", d, 2 * f), ("down", f, d)] {
      let (x, w, y) = (matrix(rows, inputs), matrix(outputs, inputs), matrix(rows, outputs))
      let floats = rows * inputs + outputs * inputs + rows * outputs
      let flops = 2 * rows * inputs * outputs
      let shape = "\(rows) × \(inputs) → \(outputs)"
      rates.append(
        bench.rate("\(name): y = x Wᵀ", shape, flops, floats) {
          matmul(x, transposed: w, into: y, arena)
        })
      rates.append(
        bench.rate("\(name): dx = dy W", shape, flops, floats) { matmul(y, w, into: x, arena) })
      rates.append(
        bench.rate("\(name): dW += dyᵀ x", shape, flops, floats + outputs * inputs) {
          matmul(transposed: y, x, addingTo: w, arena)
        })
    }

    let shape = AttentionShape(
      sequences: rows / contextLength, positions: contextLength, heads: heads,
      keyValueHeads: heads, headWidth: d / heads)
    let (qkv, o) = (matrix(rows, 3 * d), matrix(rows, d))
    let statistics = matrix(shape.sequences * heads, 2 * contextLength)
    let text = "\(shape.sequences) × \(contextLength) × \(heads) heads of \(d / heads)"
    let pairs = rows * (contextLength + 1) / 2
    rates.append(
      bench.rate("attention", text, 4 * pairs * d, 4 * rows * d) {
        causalAttentionForward(
          qkv, shape, 0..<shape.groups, into: o, statistics: statistics, arena)
      })
    let (dO, dQKV) = (matrix(rows, d), matrix(rows, 3 * d))
    rates.append(
      bench.rate("attention, backward", text, 8 * pairs * d, 8 * rows * d) {
        causalAttentionBackward(
          dO, qkv, o: o, statistics: statistics, shape, 0..<shape.groups, into: dQKV, arena)
      })

    let (h, dh, table, dTable) = (matrix(rows, d), matrix(rows, d), matrix(v, d), matrix(v, d))
    let targets = (0..<rows).map { Int32($0 &* 7919 % v) }
    rates.append(
      bench.rate(
        "head and loss, both ways", "\(rows) × \(d) → \(v)", 6 * rows * d * v,
        2 * rows * d + 3 * v * d
      ) {
        _ = crossEntropyBackpropagate(
          h, table: table, targets: targets, scale: 1e-4, zLoss: 1e-4, into: dh,
          addingTo: dTable, arena)
      })

    let (x, y, gain) = (matrix(rows, d), matrix(rows, d), matrix(1, d))
    let inverse = matrix(rows, 1)
    let wide = "\(rows) × \(d)"
    rates.append(
      bench.rate("RMSNorm", wide, nil, 2 * rows * d) {
        rmsNormForward(x, gain: gain, epsilon: 1e-5, into: y, inverse: inverse)
      })
    rates.append(
      bench.rate("RMSNorm, backward", wide, nil, 4 * rows * d) {
        rmsNormBackward(
          y, x: x, gain: gain, inverse: inverse, into: o, accumulating: true, addingTo: gain)
      })
    let (ab, hidden) = (matrix(rows, 2 * f), matrix(rows, f))
    rates.append(
      bench.rate("SwiGLU", "\(rows) × \(f)", nil, 3 * rows * f) { swiGLUForward(ab, into: hidden) })
    rates.append(
      bench.rate("SwiGLU, backward", "\(rows) × \(f)", nil, 6 * rows * f) {
        swiGLUBackward(hidden, ab, into: ab)
        hidden.fill(0.1)  // h has taken its place
      })
    let rotation = RotaryTable(positions: contextLength, headWidth: d / heads, base: 10_000)
    rates.append(
      bench.rate("rotation", "\(rows) × \(2 * d)", nil, 4 * rows * d) {
        rotaryForward(qkv[columns: 0..<2 * d], table: rotation, length: contextLength)
      })
    rates.append(bench.rate("sum", wide, nil, 3 * rows * d) { add(x, y, into: o) })
    rates.append(bench.optimizerRate(parameters: 2 * v * d))
    return rates
  }
}

/// Times kernels on this thread.
private struct KernelBench {
  let arena = Arena()
  /// GFLOP/s of a large product.
  let product: Double

  init(product: Double) { self.product = product }

  func rate(
    _ kernel: String, _ shape: String, _ flops: Int?, _ floats: Int, _ body: () -> Void
  ) -> KernelRate {
    let seconds = median(body)
    let bytes = 4 * Double(floats)
    let rate = bytes / seconds / 1e9
    let gflops = flops.map { Double($0) / seconds / 1e9 }
    let limit = gflops == nil ? copyRate(floats: floats) : product
    return KernelRate(
      kernel: kernel, shape: shape, microseconds: 1e6 * seconds, gflops: gflops,
      gigabytesPerSecond: rate, limit: limit, fraction: (gflops ?? rate) / limit,
      intensity: flops.map { Double($0) / bytes } ?? 0)
  }

  func optimizerRate(parameters: Int) -> KernelRate {
    var layout = ParameterLayout()
    _ = layout.add("w", rows: 1, columns: parameters, start: .zeros)
    let buffers = (0..<4).map { _ in ParameterBuffer(layout) }
    return rate("AdamW", "\(parameters)", nil, 7 * parameters) {
      adamWUpdate(
        weights: buffers[0], gradients: buffers[1], firstMoment: buffers[2],
        secondMoment: buffers[3], range: 0..<parameters, learningRate: 1e-3, beta1: 0.9,
        beta2: 0.95, epsilon: 1e-8, step: 10, decay: 1e-4, gradientScale: 1)
    }
  }

  /// GB/s of a copy that reads and writes `floats` together.
  private func copyRate(floats: Int) -> Double {
    let (a, b) = (Matrix(rows: 1, columns: floats / 2), Matrix(rows: 1, columns: floats / 2))
    return 4 * Double(floats) / median { copy(a, into: b) } / 1e9
  }

  /// The median time of a call, in seconds: over a tenth of a second, in lots of at least 20 µs.
  private func median(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    body()
    let once = max(1e-7, clock.measure(body) / .seconds(1))
    let lot = max(1, Int(20e-6 / once))
    var times: [Double] = []
    let start = clock.now
    while clock.now - start < .milliseconds(100) || times.count < 5 {
      times.append(clock.measure { for _ in 0..<lot { body() } } / .seconds(1) / Double(lot))
    }
    return times.sorted()[times.count / 2]
  }
}
