import Report
import Testing

struct TableTests {
  @Test func alignsColumns() {
    var table = Table(columns: ["run", "loss", "note"])
    table.add(["a20", "2.5", "ok"])
    table.add(["long-name", "12.25"])
    #expect(
      table.rendered == """
        run         loss  note
        ─────────  ─────  ────
        a20          2.5  ok
        long-name  12.25
        """)
  }

  @Test func emptyTableIsItsHeadings() {
    #expect(Table(columns: ["run", "loss"]).rendered == "run  loss\n───  ────")
  }

  @Test(
    arguments: [
      (1_439_795_200, "1.44B"), (999_600, "1.00M"), (20_088, "20.1k"), (42, "42.0"), (0, "0"),
    ] as [(Double, String)])
  func shortNumbers(value: Double, text: String) {
    #expect(Numbers.short(value) == text)
  }

  @Test(arguments: [(20.01, "20"), (2.5, "2.5"), (13.3, "13"), (640, "640")] as [(Double, String)])
  func multipliers(value: Double, text: String) {
    #expect(Numbers.multiplier(value) == text)
  }
}
