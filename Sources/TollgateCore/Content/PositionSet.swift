/// A set of positions in the patterns of a key: a bit for each.
struct PositionSet: Hashable, Sendable {
    private(set) var words: [UInt64]

    /// An empty set.
    init() {
        words = [UInt64](repeating: 0, count: (ContentRules.positionLimit + 63) / 64)
    }

    init(_ position: Int) {
        self.init()
        insert(position)
    }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    func contains(_ position: Int) -> Bool {
        words[position / 64] >> UInt64(position % 64) & 1 == 1
    }

    func isDisjoint(with other: PositionSet) -> Bool {
        words.indices.allSatisfy { words[$0] & other.words[$0] == 0 }
    }

    mutating func insert(_ position: Int) {
        words[position / 64] |= 1 << UInt64(position % 64)
    }

    mutating func remove(_ position: Int) {
        words[position / 64] &= ~(1 << UInt64(position % 64))
    }

    mutating func formUnion(_ other: PositionSet) {
        for place in words.indices { words[place] |= other.words[place] }
    }

    /// Calls back for each position, in order.
    func visit(_ body: (Int) -> Void) {
        for place in words.indices {
            var word = words[place]
            while word != 0 {
                body(place * 64 + word.trailingZeroBitCount)
                word &= word - 1
            }
        }
    }
}
