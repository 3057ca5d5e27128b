internal import Synchronization
internal import TollgateCore

/// Which key a secret's digest leads to, in memory and of bounded number.
///
/// Looked up on every Check, from every event loop. No more than a shortcut past the catalogue: the
/// key itself says whether the secret still works, so what is here may be out of date. Digests
/// without a key leave no trace: asking for unknown keys costs no memory.
final class SecretTable: Sendable {
    private static let shardCount = 64

    private let shards: [Shard]

    /// Makes an empty table.
    ///
    /// - Parameter limit: how many secrets are kept at most; those not asked for lately leave first.
    init(limit: Int) {
        let shardLimit = max(8, limit / SecretTable.shardCount)
        shards = (0..<SecretTable.shardCount).map { _ in Shard(limit: shardLimit) }
    }

    /// The key that a digest led to when it was last looked up; nil when it is not here.
    func key(for digest: KeyDigest) -> ActiveKey? {
        shard(of: digest).slots.withLock { $0.use(digest) }
    }

    /// Remembers which key a digest leads to.
    func put(_ digest: KeyDigest, _ key: ActiveKey) {
        shard(of: digest).slots.withLock { $0.put(Entry(digest, key)) }
    }

    /// Forgets a digest.
    func remove(_ digest: KeyDigest) {
        shard(of: digest).slots.withLock { $0.remove(digest) }
    }

    /// How many secrets are in memory.
    var count: Int {
        shards.reduce(0) { sum, shard in sum + shard.slots.withLock { $0.count } }
    }

    private func shard(of digest: KeyDigest) -> Shard {
        shards[Int(truncatingIfNeeded: digest.words.0 >> 58)]
    }
}

/// One secret of a key that is in memory.
private struct Entry {
    let digest: KeyDigest
    let key: ActiveKey
    /// Whether it was asked for since the hand last came by.
    var isRecent = true

    init(_ digest: KeyDigest, _ key: ActiveKey) {
        self.digest = digest
        self.key = key
    }
}

private final class Shard: Sendable {
    let slots: Mutex<Slots>

    init(limit: Int) {
        slots = Mutex(Slots(limit: limit))
    }
}

/// A hash table with open addressing and linear probing, which grows up to its limit; from then on
/// a clock's hand finds the entry that leaves for a new one.
private struct Slots {
    private let limit: Int
    private var entries = [Entry?](repeating: nil, count: 16)
    private(set) var count = 0
    private var hand = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// The key of a digest, and notes that it was asked for.
    mutating func use(_ digest: KeyDigest) -> ActiveKey? {
        let place = place(of: digest)
        guard let key = entries[place]?.key else { return nil }
        entries[place]?.isRecent = true
        return key
    }

    mutating func put(_ entry: Entry) {
        let place = place(of: entry.digest)
        guard entries[place] == nil else {
            entries[place] = entry
            return
        }
        if count >= limit { evict() }
        if count * 4 >= entries.count * 3 { grow() }
        entries[self.place(of: entry.digest)] = entry
        count += 1
    }

    mutating func remove(_ digest: KeyDigest) {
        remove(at: place(of: digest))
    }

    /// Where the digest is, or where it would go.
    ///
    /// There is always a free place to stop at.
    private func place(of digest: KeyDigest) -> Int {
        var place = home(of: digest)
        while let entry = entries[place], entry.digest != digest { place = after(place) }
        return place
    }

    private func home(of digest: KeyDigest) -> Int {
        Int(truncatingIfNeeded: digest.words.1) & (entries.count - 1)
    }

    private func after(_ place: Int) -> Int {
        (place + 1) & (entries.count - 1)
    }

    private mutating func grow() {
        let old = entries
        entries = [Entry?](repeating: nil, count: old.count * 2)
        hand = 0
        for case let entry? in old { entries[place(of: entry.digest)] = entry }
    }

    private mutating func evict() {
        while true {
            let place = hand
            hand = after(hand)
            guard entries[place] != nil else { continue }
            guard entries[place]?.isRecent == true else {
                return remove(at: place)
            }
            entries[place]?.isRecent = false
        }
    }

    /// Frees a place and moves what was pushed past it back, so that no chain breaks.
    private mutating func remove(at place: Int) {
        guard entries[place] != nil else { return }
        count -= 1
        var free = place
        var next = after(place)
        while let entry = entries[next] {
            let distance = (next - home(of: entry.digest)) & (entries.count - 1)
            if distance >= (next - free) & (entries.count - 1) {
                entries[free] = entry
                free = next
            }
            next = after(next)
        }
        entries[free] = nil
    }
}
