import Foundation

/// An SVG drawing with two axes. Text sizes are in pixels of the drawing, which is shown at its own
/// width: one drawing is made for wide windows and one for narrow ones.
struct Chart {
  let width: Double
  let height: Double
  let x: ChartScale
  let y: ChartScale
  private let label: String
  private var body: [String] = []
  private var taken: [Box] = []

  private struct Box {
    let left: Double
    let top: Double
    let right: Double
    let bottom: Double
    func meets(_ other: Box) -> Bool {
      left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }
  }

  /// The ink of a mark: a CSS class such as `m3` or `ink`.
  typealias Ink = String

  /// What a mark looks like: shapes differ by role, so that nothing hangs on colour alone.
  enum Shape {
    case disc, ring, diamond, hollowDiamond, cross
  }

  /// Margins in pixels: room for tick labels and, on the right, for labels at the ends of lines.
  struct Margins {
    var left = 56.0
    var right = 60.0
    var top = 14.0
    var bottom = 46.0
  }

  /// An empty drawing over the domains.
  init(
    width: Double, height: Double, margins: Margins, x domainX: ClosedRange<Double>,
    logX: Bool, y domainY: ClosedRange<Double>, logY: Bool, label: String
  ) {
    self.width = width
    self.height = height
    self.label = label
    x = ChartScale(
      domain: domainX, start: margins.left, end: width - margins.right, isLogarithmic: logX)
    y = ChartScale(
      domain: domainY, start: height - margins.bottom, end: margins.top, isLogarithmic: logY)
  }

  /// Grid lines, tick labels and the names of the axes.
  mutating func axes(
    x xTitle: String, y yTitle: String, percentY: Bool = false
  ) {
    for tick in x.ticks(width < 500 ? 4 : 8) {
      let at = px(x(tick))
      body.append("<path class=\"grid\" d=\"M\(at) \(px(y.start))V\(px(y.end))\"/>")
      body.append(
        "<text class=\"tick\" x=\"\(at)\" y=\"\(px(y.start + 18))\" text-anchor=\"middle\">"
          + "\(tickLabel(tick))</text>")
    }
    for tick in y.ticks(height < 360 ? 5 : 7) {
      let at = y(tick)
      body.append("<path class=\"grid\" d=\"M\(px(x.start)) \(px(at))H\(px(x.end))\"/>")
      let text = percentY ? tickLabel(100 * tick) + " %" : tickLabel(tick)
      body.append(
        "<text class=\"tick\" x=\"\(px(x.start - 8))\" y=\"\(px(at + 4))\" text-anchor=\"end\">"
          + "\(text)</text>")
    }
    body.append("<path class=\"axis\" d=\"M\(px(x.start)) \(px(y.start))H\(px(x.end))\"/>")
    body.append(
      "<text class=\"name\" x=\"\(px((x.start + x.end) / 2))\" y=\"\(px(height - 8))\""
        + " text-anchor=\"middle\">\(escaped(xTitle))</text>")
    let middle = px((y.start + y.end) / 2)
    body.append(
      "<text class=\"name\" transform=\"translate(13 \(middle)) rotate(-90)\""
        + " text-anchor=\"middle\">\(escaped(yTitle))</text>")
  }

  /// A line through points of data, cut where it leaves the frame above or below.
  mutating func line(
    _ points: [(Double, Double)], ink: Ink, dashed: Bool = false, thin: Bool = false
  ) {
    let pixels = points.map { (x: x($0.0), y: y($0.1)) }
    var path = ""
    var pen: (x: Double, y: Double)?
    for (from, to) in zip(pixels, pixels.dropFirst()) {
      // Pixels grow downward: y.end is the top of the frame.
      let ends = [from, to].map { end in
        let inside = min(max(end.y, y.end), y.start)
        guard inside != end.y else { return end }
        let share = (inside - from.y) / (to.y - from.y)
        return (x: from.x + share * (to.x - from.x), y: inside)
      }
      guard max(from.y, to.y) > y.end, min(from.y, to.y) < y.start else {
        pen = nil
        continue
      }
      if pen == nil || pen?.x != ends[0].x { path += "M\(px(ends[0].x)) \(px(ends[0].y))" }
      path += "L\(px(ends[1].x)) \(px(ends[1].y))"
      pen = ends[1]
    }
    guard !path.isEmpty else { return }
    let style = "line \(ink)" + (dashed ? " dashed" : "") + (thin ? " thin" : "")
    body.append("<path class=\"\(style)\" d=\"\(path)\"/>")
  }

  /// A vertical interval; an end outside the domain is left open instead of capped.
  mutating func whisker(x at: Double, _ range: ClosedRange<Double>, ink: Ink) {
    let (low, high) = (y.clamped(range.lowerBound), y.clamped(range.upperBound))
    let center = x(at)
    var path = "M\(px(center)) \(px(y(low)))V\(px(y(high)))"
    for (end, value) in [(range.lowerBound, low), (range.upperBound, high)] where end == value {
      path += "M\(px(center - 5)) \(px(y(value)))h10"
    }
    taken.append(Box(left: center - 5, top: y(high), right: center + 5, bottom: y(low)))
    body.append("<path class=\"whisker \(ink)\" d=\"\(path)\"/>")
  }

  /// A mark with a tooltip.
  mutating func mark(
    _ shape: Shape, at point: (Double, Double), ink: Ink, tooltip: String, size: Double = 5
  ) {
    let (cx, cy) = (x(point.0), y(y.clamped(point.1)))
    taken.append(Box(left: cx - size, top: cy - size, right: cx + size, bottom: cy + size))
    glyph(shape, cx, cy, ink: ink, size: size, title: "<title>\(escaped(tooltip))</title>")
  }

  /// A mark at a pixel.
  private mutating func glyph(
    _ shape: Shape, _ cx: Double, _ cy: Double, ink: Ink, size: Double, title: String = ""
  ) {
    let style: String
    var d: String?
    switch shape {
    case .disc: style = "mark"
    case .ring: style = "hollow"
    case .diamond, .hollowDiamond:
      let s = size * 1.45
      style = shape == .diamond ? "mark" : "hollow"
      d =
        "M\(px(cx)) \(px(cy - s))L\(px(cx + s)) \(px(cy))L\(px(cx)) \(px(cy + s))"
        + "L\(px(cx - s)) \(px(cy))Z"
    case .cross:
      style = "line"
      d =
        "M\(px(cx - size)) \(px(cy - size))L\(px(cx + size)) \(px(cy + size))"
        + "M\(px(cx - size)) \(px(cy + size))L\(px(cx + size)) \(px(cy - size))"
    }
    body.append(
      d.map { "<path class=\"\(style) \(ink)\" d=\"\($0)\">\(title)</path>" }
        ?? ("<circle class=\"\(style) \(ink)\" cx=\"\(px(cx))\" cy=\"\(px(cy))\""
          + " r=\"\(px(size))\">\(title)</circle>"))
  }

  /// A list of shapes in the upper right corner, for a drawing without a page around it.
  mutating func legend(_ entries: [(Shape, String)]) {
    for (i, entry) in entries.enumerated() {
      let (cx, cy) = (x.end - 140, y.end + 16 + 20 * Double(i))
      glyph(entry.0, cx, cy, ink: "ink", size: entry.0 == .hollowDiamond ? 4.2 : 5)
      body.append("<text x=\"\(px(cx + 14))\" y=\"\(px(cy + 4))\">\(escaped(entry.1))</text>")
    }
  }

  /// Text beside a point: the first of a few places that is free, or nowhere unless `force`.
  @discardableResult
  mutating func text(
    _ text: String, near point: (Double, Double), ink: Ink, force: Bool = false,
    leftward: Bool = false
  ) -> Bool {
    let (cx, cy) = (x(point.0), y(y.clamped(point.1)))
    let length = Double(text.count) * 6.6
    let right = [(10.0, 4.0), (9, -10), (9, 18), (10, -24), (10, 32)].map { ($0.0, $0.1, "start") }
    let left = right.map { (-$0.0, $0.1, "end") }
    let middle = [(0.0, -13.0, "middle"), (0, 22, "middle")]
    let places = leftward ? left + middle + right : right + middle + left
    for (index, (dx, dy, anchor)) in places.enumerated() {
      let from =
        anchor == "start" ? cx + dx : anchor == "end" ? cx + dx - length : cx - length / 2
      let box = Box(left: from, top: cy + dy - 11, right: from + length, bottom: cy + dy + 3)
      let fits = box.left > x.start - 2 && box.right < width && box.top > 0 && box.bottom < y.start
      let isFree = fits && !taken.contains { $0.meets(box) }
      guard isFree || (force && index == places.count - 1) else { continue }
      taken.append(box)
      body.append(
        "<text class=\"label \(ink)\" x=\"\(px(cx + dx))\" y=\"\(px(cy + dy))\""
          + " text-anchor=\"\(anchor)\">\(escaped(text))</text>")
      return true
    }
    return false
  }

  /// Labels to the right of the frame, each beside its height, moved apart where they would touch.
  mutating func column(_ labels: [(text: String, value: Double, ink: Ink)]) {
    let spacing = 14.0
    let sorted = labels.map { ($0.text, y(y.clamped($0.value)), $0.ink) }.sorted { $0.1 < $1.1 }
    var places = sorted.map(\.1)
    for i in places.indices.dropFirst() { places[i] = max(places[i], places[i - 1] + spacing) }
    let overshoot = zip(places, sorted).reduce(0) { $0 + $1.0 - $1.1.1 }
    let shift = places.isEmpty ? 0 : overshoot / Double(places.count)
    for (place, label) in zip(places, sorted) {
      let at = place - shift
      body.append(
        "<path class=\"line thin \(label.2)\" d=\"M\(px(x.end + 1)) \(px(label.1))"
          + "L\(px(x.end + 9)) \(px(at))\"/>")
      body.append(
        "<text class=\"label \(label.2)\" x=\"\(px(x.end + 13))\" y=\"\(px(at + 4))\">"
          + "\(escaped(label.0))</text>")
    }
  }

  /// The drawing; `style` is put inside for a file that stands alone.
  func svg(class name: String = "", style: String? = nil) -> String {
    let size =
      "viewBox=\"0 0 \(px(width)) \(px(height))\" width=\"\(px(width))\" height=\"\(px(height))\""
    let sheet = style.map { "<style>\($0)</style>" } ?? ""
    return
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart \(name)\" \(size) role=\"img\""
      + " aria-label=\"\(escaped(label))\">\(sheet)\n" + body.joined(separator: "\n") + "\n</svg>"
  }
}

/// A coordinate with a tenth of a pixel.
private func px(_ value: Double) -> String {
  let text = String(format: "%.1f", value)
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// `text` with the characters that SVG and HTML reserve replaced.
func escaped(_ text: String) -> String {
  text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
}
