import Foundation

/// Colours of token multipliers, dark to light as M grows: ordered in lightness as well as hue, so
/// that the order survives colour blindness and print.
enum Palette {
  private static let onLight: [[Double]] = [
    [13, 8, 135], [92, 1, 166], [156, 23, 158], [204, 71, 120], [229, 107, 93],
  ]
  private static let onDark: [[Double]] = [
    [143, 131, 255], [199, 123, 240], [240, 120, 155], [251, 159, 91], [247, 221, 94],
  ]

  /// The rules `.m0` to `.m<count−1>` for both colour schemes.
  static func css(count: Int) -> String {
    func rules(_ anchors: [[Double]]) -> String {
      (0..<count).map { "--m\($0):\(color($0, of: count, anchors))" }.joined(separator: ";")
    }
    let classes = (0..<count).map { ".m\($0){--c:var(--m\($0))}" }.joined()
    return ":root{\(rules(onLight))}"
      + "@media(prefers-color-scheme:dark){:root{\(rules(onDark))}}" + classes
  }

  private static func color(_ index: Int, of count: Int, _ anchors: [[Double]]) -> String {
    let last = Double(anchors.count - 1)
    let position = count == 1 ? last / 2 : Double(index) / Double(count - 1) * last
    let low = min(Int(position), anchors.count - 2)
    let share = position - Double(low)
    let mixed = zip(anchors[low], anchors[low + 1]).map { Int(($0 + share * ($1 - $0)).rounded()) }
    return String(format: "#%02x%02x%02x", mixed[0], mixed[1], mixed[2])
  }

  /// What charts need beyond the colours of M.
  static let chartCSS = """
    :root{--paper:#fbfaf8;--ink:#1d1f23;--muted:#5c626d;--rule:#cfccc4;--grid:#e8e5de}
    @media(prefers-color-scheme:dark){
    :root{--paper:#131519;--ink:#eceae5;--muted:#a1a7b2;--rule:#41464f;--grid:#262a31}}
    .chart{font:12px system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    .chart .ink{--c:var(--ink)}.chart .muted{--c:var(--muted)}
    .chart text{fill:var(--muted);font-variant-numeric:tabular-nums}
    .chart .name{font-size:12.5px;fill:var(--ink)}
    .chart .label{fill:var(--c);font-weight:600;paint-order:stroke;stroke:var(--paper);
    stroke-width:3.5px;stroke-linejoin:round}
    .chart .grid{stroke:var(--grid);fill:none}.chart .axis{stroke:var(--rule);fill:none}
    .chart .line{stroke:var(--c);fill:none;stroke-width:2;stroke-linejoin:round}
    .chart .thin{stroke-width:1.2;opacity:.85}.chart .dashed{stroke-dasharray:5 4}
    .chart .mark{fill:var(--c);stroke:var(--paper);stroke-width:1.2}
    .chart .hollow{fill:var(--paper);stroke:var(--c);stroke-width:2}
    .chart .whisker{stroke:var(--c);fill:none;stroke-width:1.6}
    """
}
