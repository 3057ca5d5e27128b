/// Says where in a list the element with a name is, without regard to ASCII case.
///
/// For lists that are made once and looked at for each request: finding a name allocates nothing.
package struct NameTable: Sendable {
    /// Places of `names`, or -1: open addressing in a power of two, at most half full.
    private let slots: [Int32]
    private let names: [Name]

    private struct Name: Sendable {
        let bytes: [UInt8]
        let place: Int
    }

    /// Makes the table of these names; of two that are alike the later one counts.
    ///
    /// - Parameter list: names, and the places of their elements; fewer than 2^30.
    package init(_ list: [(name: String, place: Int)]) {
        var width = 16
        while width < list.count * 2 { width *= 2 }
        let names = list.map { Name(bytes: $0.name.utf8.map(Text.lowercase), place: $0.place) }
        var slots = [Int32](repeating: -1, count: width)
        for index in names.indices {
            let bytes = names[index].bytes
            var slot = NameTable.hash(bytes.span) & (width - 1)
            while slots[slot] >= 0, names[Int(slots[slot])].bytes != bytes {
                slot = (slot + 1) & (width - 1)
            }
            slots[slot] = Int32(index)
        }
        self.names = names
        self.slots = slots
    }

    /// The place of the element with this name; nil when there is none, or the name is empty.
    package func place(of name: Span<UInt8>) -> Int? {
        guard !name.isEmpty else { return nil }
        var slot = NameTable.hash(name) & (slots.count - 1)
        while slots[slot] >= 0 {
            let candidate = Int(slots[slot])
            if isName(candidate, name) { return names[candidate].place }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isName(_ index: Int, _ name: Span<UInt8>) -> Bool {
        let bytes = names[index].bytes
        guard bytes.count == name.count else { return false }
        for index in 0..<name.count where bytes[index] != Text.lowercase(name[index]) {
            return false
        }
        return true
    }

    /// FNV-1a over the small letters: the names are the operator's, not an attacker's, and a probe
    /// for a name that is not there ends at the first free slot.
    private static func hash(_ name: Span<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<name.count {
            hash = (hash ^ UInt64(Text.lowercase(name[index]))) &* 0x100_0000_01B3
        }
        return Int(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
