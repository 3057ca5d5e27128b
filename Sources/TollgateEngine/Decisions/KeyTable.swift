internal import Synchronization
internal import TollgateCore

/// The keys that are in use, in memory and of bounded number.
///
/// Looked up by digest on every Check, from every event loop. A key that is not here is loaded from
/// the catalogue while its shard is locked; a change of a key is written to the catalogue first and
/// then put here. So a load can never leave an older record behind than the one that a change has
/// put, and a revocation holds from the next decision on.
///
/// Digests without a key leave no trace: asking for unknown keys costs no memory.
final class KeyTable: Sendable {
    private static let shardCount = 64

    private let shards: [Shard]

    /// Makes an empty table.
    ///
    /// - Parameter limit: how many keys are kept at most; those not asked for lately leave first.
    init(limit: Int) {
        let shardLimit = max(8, limit / KeyTable.shardCount)
        shards = (0..<KeyTable.shardCount).map { _ in Shard(limit: shardLimit) }
    }

    /// The rules of the key that has this digest.
    ///
    /// - Parameters:
    ///   - digest: that of the presented secret.
    ///   - time: now; a secret whose grace is over is as unknown as any other.
    ///   - load: reads the record from the catalogue; called only when it is not here.
    /// - Returns: nil when there is no such key.
    /// - Throws: what `load` throws.
    func rules(
        for digest: KeyDigest,
        at time: WallTime,
        load: () throws(StorageError) -> KeyRecord?
    ) throws(StorageError) -> KeyRules? {
        try shard(of: digest).slots.withLock { (slots) throws(StorageError) -> KeyRules? in
            if let rules = slots.use(digest, at: time) { return rules }
            guard !slots.contains(digest), let record = try load() else { return nil }
            let rules = try compile(record)
            for secret in record.secrets where secret.digest == digest {
                slots.insert(Entry(digest, rules, secret.validUntil))
            }
            return slots.use(digest, at: time)
        }
    }

    /// Makes a change of a key's record count from the next look-up on.
    ///
    /// - Parameters:
    ///   - old: the key as it was.
    ///   - record: the key as it is now in the catalogue.
    /// - Throws: `.corrupt` when the record's rules cannot be compiled.
    func replace(_ old: KeyRecord, by record: KeyRecord) throws(StorageError) {
        let rules = try compile(record)
        for secret in old.secrets {
            let kept = record.secrets.first { $0.digest == secret.digest }
            shard(of: secret.digest).slots.withLock { slots in
                if let kept {
                    slots.update(Entry(kept.digest, rules, kept.validUntil))
                } else {
                    slots.remove(secret.digest)
                }
            }
        }
    }

    /// Drops a key's secrets, so that the next look-up reads the catalogue.
    ///
    /// For changes of which it is not known whether they are in the catalogue.
    func forget(_ record: KeyRecord) {
        for secret in record.secrets {
            shard(of: secret.digest).slots.withLock { $0.remove(secret.digest) }
        }
    }

    /// How many secrets are in memory.
    var count: Int {
        shards.reduce(0) { sum, shard in sum + shard.slots.withLock { $0.count } }
    }

    private func compile(_ record: KeyRecord) throws(StorageError) -> KeyRules {
        do {
            return try KeyRules(record)
        } catch {
            throw StorageError(.corrupt, "the rules of \(record.id): \(error)")
        }
    }

    private func shard(of digest: KeyDigest) -> Shard {
        shards[Int(truncatingIfNeeded: digest.words.0 >> 58)]
    }
}

/// One secret of a key that is in memory.
private struct Entry {
    let digest: KeyDigest
    let rules: KeyRules
    /// When the secret stops working.
    let validUntil: WallTime?
    /// Whether it was asked for since the hand last came by.
    var isRecent = true

    init(_ digest: KeyDigest, _ rules: KeyRules, _ validUntil: WallTime?) {
        self.digest = digest
        self.rules = rules
        self.validUntil = validUntil
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

    func contains(_ digest: KeyDigest) -> Bool {
        entries[place(of: digest)] != nil
    }

    /// The rules of a digest whose secret still works, and notes that they were asked for.
    mutating func use(_ digest: KeyDigest, at time: WallTime) -> KeyRules? {
        let place = place(of: digest)
        guard let rules = entries[place]?.rules else { return nil }
        if let validUntil = entries[place]?.validUntil, validUntil <= time { return nil }
        entries[place]?.isRecent = true
        return rules
    }

    mutating func insert(_ entry: Entry) {
        if count >= limit { evict() }
        if count * 4 >= entries.count * 3 { grow() }
        let place = place(of: entry.digest)
        if entries[place] == nil { count += 1 }
        entries[place] = entry
    }

    mutating func update(_ entry: Entry) {
        let place = place(of: entry.digest)
        if entries[place] != nil { entries[place] = entry }
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
