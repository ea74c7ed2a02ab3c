/// Spearman's correlation, ties sharing their mean rank; 0 where one side is constant.
package func rankCorrelation(_ a: [Double], _ b: [Double]) -> Double {
  func ranks(_ values: [Double]) -> [Double] {
    values.map { value in
      Double(values.count { $0 < value }) + Double(values.count { $0 == value } - 1) / 2
    }
  }
  let mean = Double(a.count - 1) / 2
  let x = ranks(a).map { $0 - mean }
  let y = ranks(b).map { $0 - mean }
  let scale = (x.reduce(0) { $0 + $1 * $1 } * y.reduce(0) { $0 + $1 * $1 }).squareRoot()
  return scale == 0 ? 0 : zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } / scale
}
