/// Python's `random.Random`: what LLM-Foundry and lm-evaluation-harness draw examples with.
///
/// MT19937 (Matsumoto and Nishimura 1998), seeded as Python seeds it with a whole number below 2³².
struct PythonRandom {
  private var state: [UInt32]
  private var next = 624

  init(seed: UInt32) {
    state = [19_650_218]
    for i in 1..<624 {
      state.append(1_812_433_253 &* Self.mixed(state[i - 1]) &+ UInt32(i))
    }
    var i = 1
    func wrap(_ state: inout [UInt32]) {
      i += 1
      if i == 624 { (state[0], i) = (state[623], 1) }
    }
    for _ in 0..<624 {
      state[i] = (state[i] ^ (Self.mixed(state[i - 1]) &* 1_664_525)) &+ seed
      wrap(&state)
    }
    for _ in 0..<623 {
      state[i] = (state[i] ^ (Self.mixed(state[i - 1]) &* 1_566_083_941)) &- UInt32(i)
      wrap(&state)
    }
    state[0] = 1 << 31
  }

  private static func mixed(_ word: UInt32) -> UInt32 { word ^ (word >> 30) }

  /// 32 random bits.
  private mutating func word() -> UInt32 {
    if next == 624 {
      for i in 0..<624 {
        let bits = (state[i] & (1 << 31)) | (state[(i + 1) % 624] & ((1 << 31) - 1))
        state[i] = state[(i + 397) % 624] ^ (bits >> 1) ^ (bits & 1 == 0 ? 0 : 0x9908_b0df)
      }
      next = 0
    }
    var y = state[next]
    next += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9d2c_5680
    y ^= (y << 15) & 0xefc6_0000
    return y ^ (y >> 18)
  }

  /// `random.randrange(limit)`, for a limit from 1 to 2³¹.
  mutating func integer(below limit: Int) -> Int {
    let bits = Int.bitWidth - limit.leadingZeroBitCount
    while true {
      let number = Int(word() >> (32 - bits))
      if number < limit { return number }
    }
  }

  /// `random.sample(range(limit), count)`: in the order drawn, none twice.
  mutating func sample(_ count: Int, below limit: Int) -> [Int] {
    precondition(count <= limit, "more samples than numbers")
    // Python compares the memory of a copy and of a set.
    var setSize = 21
    if count > 5 {
      var table = 1
      while table < 3 * count { table *= 4 }
      setSize += table
    }
    guard limit > setSize else {
      var pool = Array(0..<limit)
      return (0..<count).map { i in
        let index = integer(below: limit - i)
        defer { pool[index] = pool[limit - i - 1] }
        return pool[index]
      }
    }
    var chosen: [Int] = []
    var seen: Set<Int> = []
    while chosen.count < count {
      let number = integer(below: limit)
      if seen.insert(number).inserted { chosen.append(number) }
    }
    return chosen
  }
}

/// Whole numbers in the order in which CPython's `set` has them, which is that of LLM-Foundry's
/// examples: a hash table of a power of two slots, ten neighbours tried before each jump.
struct PythonSet {
  private enum Slot {
    case free, removed
    case number(Int)
  }

  private var slots = [Slot](repeating: .free, count: 8)
  /// Slots that are not free.
  private var fill = 0

  /// The set of `numbers`, added in order; they are different and not negative.
  init(_ numbers: [Int]) {
    for number in numbers { insert(number) }
  }

  /// The numbers, in the order of a Python loop.
  var elements: [Int] {
    slots.compactMap { if case .number(let number) = $0 { number } else { nil } }
  }

  /// Adds a number that the set does not have.
  mutating func insert(_ number: Int) {
    let place = place(of: number)
    if case .free = slots[place] { fill += 1 }
    slots[place] = .number(number)
    guard 5 * fill >= 3 * (slots.count - 1) else { return }
    let numbers = elements
    var size = 8
    while size <= 4 * numbers.count { size *= 2 }
    slots = Array(repeating: .free, count: size)
    for number in numbers { slots[self.place(of: number)] = .number(number) }
    fill = numbers.count
  }

  /// Takes a number out that the set has.
  mutating func remove(_ number: Int) {
    for (i, slot) in slots.enumerated() {
      if case .number(number) = slot { slots[i] = .removed }
    }
  }

  /// Where a new number goes: the last slot on its way that was given up, or the first free one.
  private func place(of number: Int) -> Int {
    let mask = slots.count - 1
    var start = number & mask
    var perturb = number
    var removed: Int?
    while true {
      for i in start...(start + 9 <= mask ? start + 9 : start) {
        switch slots[i] {
        case .free: return removed ?? i
        case .removed: removed = i
        case .number: continue
        }
      }
      perturb >>= 5
      start = (5 * start + 1 + perturb) & mask
    }
  }
}
