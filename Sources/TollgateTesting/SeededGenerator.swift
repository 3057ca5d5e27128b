/// Random numbers that are the same in every run with the same seed, so that a failing case comes
/// back.
///
/// SplitMix64 (Steele, Lea, Flood 2014): good enough to scatter test inputs, never for secrets.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// A number of the range.
    package mutating func number(in range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &self)
    }

    /// True once in so many times.
    package mutating func isOnce(in times: Int) -> Bool {
        number(in: 1...times) == 1
    }

    /// So many bytes of any value.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// A text of so many characters, all taken from `alphabet`.
    package mutating func text(_ count: Int, of alphabet: String) -> String {
        let characters = Array(alphabet)
        guard !characters.isEmpty else { return "" }
        return String((0..<count).map { _ in characters[number(in: 0...characters.count - 1)] })
    }

    /// 128 random bits.
    package mutating func uint128() -> UInt128 {
        UInt128(next()) << 64 | UInt128(next())
    }
}
