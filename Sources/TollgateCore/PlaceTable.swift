/// Says where in a list the element with an id is, for those who keep large elements side by side.
///
/// A hash table with open addressing that has neither the ids nor the elements: eight bytes for each
/// slot, so that a look-up costs one miss of the cache here and one where the element is. Ids are
/// made by the server and hard to guess: they need no keyed hash.
package struct PlaceTable: Sendable {
    /// A slot is a place, plus one, below the hash of its id; zero when it is free.
    private var slots: [UInt64] = []
    /// How many places it has.
    package private(set) var count = 0

    /// An empty table, which takes no memory.
    package init() {}

    /// Makes room for so many places in all.
    package mutating func reserve(_ count: Int) {
        // The count may come from a disk: what is not reserved now, is added when it is needed.
        let wanted = min(max(count, 0), 1 << 24)
        if !hasRoom(for: wanted) { grow(to: PlaceTable.slotCount(for: wanted)) }
    }

    /// Finds an element.
    ///
    /// - Parameters:
    ///   - id: the element's id.
    ///   - isAt: whether the element at a place has this id; asked for few places.
    /// - Returns: its place, nil when there is none.
    @inline(__always)
    package func place(of id: UInt128, _ isAt: (Int) -> Bool) -> Int? {
        if slots.isEmpty { return nil }
        let mask = slots.count - 1
        let hash = PlaceTable.hash(id)
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index] != 0 {
            let slot = slots[index]
            if UInt32(truncatingIfNeeded: slot) == hash {
                let place = PlaceTable.place(slot)
                if isAt(place) { return place }
            }
            index = (index + 1) & mask
        }
        return nil
    }

    /// Notes the place of an element whose id the table does not have.
    ///
    /// - Parameters:
    ///   - id: the element's id.
    ///   - place: 0 to 2^31 - 1; one element for each.
    package mutating func insert(_ id: UInt128, at place: Int) {
        precondition(place >= 0 && place <= Int32.max)
        if !hasRoom(for: count + 1) { grow(to: PlaceTable.slotCount(for: count + 1)) }
        put(UInt64(place + 1) << 32 | UInt64(PlaceTable.hash(id)))
        count += 1
    }

    /// Forgets an element; nothing happens when it is not there.
    package mutating func remove(_ id: UInt128, at place: Int) {
        if slots.isEmpty { return }
        let mask = slots.count - 1
        let hash = PlaceTable.hash(id)
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index] != 0 {
            if UInt32(truncatingIfNeeded: slots[index]) == hash,
                PlaceTable.place(slots[index]) == place
            {
                close(index)
                count -= 1
                return
            }
            index = (index + 1) & mask
        }
    }

    /// Forgets everything; keeps the memory.
    package mutating func removeAll() {
        if count == 0 { return }
        for index in slots.indices { slots[index] = 0 }
        count = 0
    }

    // MARK: Slots

    /// Frees a slot, and moves those behind it that would not be found any more.
    private mutating func close(_ index: Int) {
        let mask = slots.count - 1
        var free = index
        var next = (index + 1) & mask
        while slots[next] != 0 {
            let home = Int(UInt32(truncatingIfNeeded: slots[next])) & mask
            if (next &- home) & mask >= (next &- free) & mask {
                slots[free] = slots[next]
                free = next
            }
            next = (next + 1) & mask
        }
        slots[free] = 0
    }

    private mutating func put(_ slot: UInt64) {
        let mask = slots.count - 1
        var index = Int(UInt32(truncatingIfNeeded: slot)) & mask
        while slots[index] != 0 { index = (index + 1) & mask }
        slots[index] = slot
    }

    private mutating func grow(to size: Int) {
        let old = slots
        slots = [UInt64](repeating: 0, count: size)
        for slot in old where slot != 0 { put(slot) }
    }

    /// At most four fifths of the slots are in use.
    private func hasRoom(for count: Int) -> Bool { count <= slots.count / 5 * 4 }

    private static func slotCount(for count: Int) -> Int {
        var size = 16
        while size / 5 * 4 < count { size *= 2 }
        return size
    }

    @inline(__always)
    private static func place(_ slot: UInt64) -> Int { Int(slot >> 32) - 1 }

    /// Mixes both halves: some ids have their chance in the upper one, others in the lower.
    @inline(__always)
    private static func hash(_ id: UInt128) -> UInt32 {
        let low = UInt64(truncatingIfNeeded: id)
        let high = UInt64(truncatingIfNeeded: id >> 64)
        let mixed = (low ^ (high &* 0x9E37_79B9_7F4A_7C15)) &* 0xD6E8_FEB8_6659_FD93
        return UInt32(truncatingIfNeeded: (mixed ^ mixed >> 32) &* 0xD6E8_FEB8_6659_FD93 >> 32)
    }
}
