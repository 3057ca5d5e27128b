internal import Synchronization
internal import TollgateCore

/// Which key a secret's digest leads to, in memory and of bounded number.
///
/// Looked up on every Check, from every event loop. No more than a shortcut past the catalogue: the
/// key itself says whether the secret is its own and still works, so what is here may be out of date.
/// Digests without a key leave no trace: asking for unknown keys costs no memory.
final class SecretTable: Sendable {
    private static let shardCount = 64

    private let shards: [Shard]
    private let limit: Int
    private let total = Atomic<Int>(0)

    /// Makes an empty table.
    ///
    /// - Parameter limit: how many secrets are kept, whichever shards they come to; those not asked
    ///   for lately leave first, from the shard of the new one. One that is still empty has none to
    ///   give, so that there may be one more for each shard.
    init(limit: Int) {
        self.limit = limit
        shards = (0..<SecretTable.shardCount).map { _ in Shard() }
    }

    /// The key that a digest led to when it was last looked up; nil when it is not here.
    func key(for digest: KeyDigest) -> ActiveKey? {
        shard(of: digest).slots.withLock { $0.use(digest) }
    }

    /// Remembers which key a digest leads to.
    func put(_ digest: KeyDigest, _ key: ActiveKey) {
        shard(of: digest).slots.withLock { slots in
            if slots.replace(digest, key) { return }
            let isFull = total.load(ordering: .relaxed) >= limit
            if isFull && slots.evict() { total.subtract(1, ordering: .relaxed) }
            slots.insert(digest, key)
            total.add(1, ordering: .relaxed)
        }
    }

    /// Forgets a digest.
    func remove(_ digest: KeyDigest) {
        shard(of: digest).slots.withLock { slots in
            if slots.remove(digest) { total.subtract(1, ordering: .relaxed) }
        }
    }

    /// How many secrets are in memory.
    var count: Int { total.load(ordering: .relaxed) }

    private func shard(of digest: KeyDigest) -> Shard {
        shards[Int(truncatingIfNeeded: digest.words.0 >> 58)]
    }

    private final class Shard: Sendable {
        let slots = Mutex(Slots())
    }
}

/// A hash table with open addressing and linear probing, whose entries leave by a clock's hand.
///
/// A slot has a part of its digest only, so that four share a line of the cache. Nobody can look for
/// two digests that agree in it; if they met all the same, they would take the slot from each other:
/// a key that does not know a digest has it looked up again.
private struct Slots {
    private struct Slot {
        /// The digest's second word, but for the lowest bit: that one says whether it was asked for
        /// since the hand last came by.
        var mark: UInt64
        /// Nil when the slot is free.
        var key: ActiveKey?

        @inline(__always)
        func has(_ digest: KeyDigest) -> Bool { (mark ^ digest.words.1) >> 1 == 0 }
    }

    private static let recent: UInt64 = 1

    private var slots = [Slot](repeating: Slot(mark: 0, key: nil), count: 16)
    private var count = 0
    private var hand = 0

    /// The key of a digest, and notes that it was asked for.
    mutating func use(_ digest: KeyDigest) -> ActiveKey? {
        let place = place(of: digest)
        guard let key = slots[place].key else { return nil }
        if slots[place].mark & Slots.recent == 0 { slots[place].mark |= Slots.recent }
        return key
    }

    /// Gives a digest that is here another key.
    ///
    /// - Returns: whether it is here.
    mutating func replace(_ digest: KeyDigest, _ key: ActiveKey) -> Bool {
        let place = place(of: digest)
        guard slots[place].key != nil else { return false }
        slots[place] = Slot(mark: digest.words.1 | Slots.recent, key: key)
        return true
    }

    /// Adds a digest that is not here.
    mutating func insert(_ digest: KeyDigest, _ key: ActiveKey) {
        if count * 8 >= slots.count * 7 { grow() }
        slots[place(of: digest)] = Slot(mark: digest.words.1 | Slots.recent, key: key)
        count += 1
    }

    /// Takes a digest out.
    ///
    /// - Returns: whether it was here.
    mutating func remove(_ digest: KeyDigest) -> Bool {
        let place = place(of: digest)
        guard slots[place].key != nil else { return false }
        close(place)
        return true
    }

    /// Takes out one that was not asked for since the hand last came by.
    ///
    /// - Returns: whether there was any at all.
    mutating func evict() -> Bool {
        if count == 0 { return false }
        while true {
            let place = hand
            hand = after(hand)
            if slots[place].key == nil { continue }
            if slots[place].mark & Slots.recent == 0 {
                close(place)
                return true
            }
            slots[place].mark &= ~Slots.recent
        }
    }

    // MARK: Places

    /// Where the digest is, or where it would go.
    ///
    /// There is always a free place to stop at.
    private func place(of digest: KeyDigest) -> Int {
        var place = home(of: digest.words.1)
        while slots[place].key != nil, !slots[place].has(digest) { place = after(place) }
        return place
    }

    private func home(of mark: UInt64) -> Int {
        Int(truncatingIfNeeded: mark >> 1) & (slots.count - 1)
    }

    private func after(_ place: Int) -> Int {
        (place + 1) & (slots.count - 1)
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(mark: 0, key: nil), count: old.count * 2)
        hand = 0
        for slot in old where slot.key != nil {
            var place = home(of: slot.mark)
            while slots[place].key != nil { place = after(place) }
            slots[place] = slot
        }
    }

    /// Frees a place and moves what was pushed past it back, so that no chain breaks.
    private mutating func close(_ place: Int) {
        count -= 1
        var free = place
        var next = after(place)
        while slots[next].key != nil {
            let distance = (next - home(of: slots[next].mark)) & (slots.count - 1)
            if distance >= (next - free) & (slots.count - 1) {
                slots[free] = slots[next]
                free = next
            }
            next = after(next)
        }
        slots[free] = Slot(mark: 0, key: nil)
    }
}
