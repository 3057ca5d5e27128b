internal import Synchronization
internal import TollgateCore

/// The keys that are in use, by id, in memory and of bounded number.
///
/// A key is loaded while its shard is locked; a change of a key is written to the catalogue first and
/// then put here. So a load can never leave an older record behind than the one that a change has
/// put, and a revocation holds from the next decision on.
final class KeyTable: Sendable {
    private static let shardCount = 64
    /// How many keys are looked at to find one that can leave.
    private static let patience = 8

    private let shards: [Shard]
    private let limit: Int
    private let total = Atomic<Int>(0)
    private let loader: KeyLoader

    /// Makes an empty table.
    ///
    /// - Parameters:
    ///   - limit: how many keys are kept, whichever shards they come to; those not asked for lately
    ///     leave first, from the shard of the new one. Up to twice as many stay while what they have
    ///     counted is not in the ledger yet.
    ///   - loader: makes keys of records.
    init(limit: Int, loader: KeyLoader) {
        self.limit = limit
        self.loader = loader
        shards = (0..<KeyTable.shardCount).map { _ in Shard() }
    }

    /// The key with this id, from memory or the catalogue; nil when there is none.
    func key(_ id: KeyID) throws(EngineError) -> ActiveKey? {
        try shard(of: id).keys.withLock { (keys) throws(EngineError) -> ActiveKey? in
            if let key = keys[id] { return key }
            guard let record = try loader.record(id) else { return nil }
            try makeRoom(&keys)
            let key = try loader.activate(record)
            keys.insert(key)
            total.add(1, ordering: .relaxed)
            return key
        }
    }

    /// The key with this id, if it is in memory.
    func keyInMemory(_ id: KeyID) -> ActiveKey? {
        shard(of: id).keys.withLock { $0[id] }
    }

    /// Makes a change of a key's record count from the next decision on.
    ///
    /// - Parameter id: the key, whose record is in the catalogue, or may be.
    /// - Throws: when the record cannot be read; the key does not work until it can.
    func reload(_ id: KeyID) throws(EngineError) {
        try shard(of: id).keys.withLock { (keys) throws(EngineError) in
            guard let key = keys[id] else { return }
            let current = try loader.reload(key)
            if current !== key { keys.replace(by: current) }
        }
    }

    /// How many keys are in memory.
    var count: Int { total.load(ordering: .relaxed) }

    private func makeRoom(_ keys: inout Keys) throws(EngineError) {
        guard count >= limit else { return }
        let position = loader.ledgerPosition
        for _ in 0..<KeyTable.patience where keys.giveUpNext(ledger: position) {
            total.subtract(1, ordering: .relaxed)
            if count < limit { return }
        }
        if count >= 2 * limit { throw .overloaded }
    }

    private func shard(of id: KeyID) -> Shard {
        shards[Int(truncatingIfNeeded: id.rawValue) & (KeyTable.shardCount - 1)]
    }

    private final class Shard: Sendable {
        let keys = Mutex(Keys())
    }

    private struct Keys {
        /// All keys, in a ring for the hand that looks for one to give up.
        private var ring: [ActiveKey] = []
        private var places = PlaceTable()
        private var hand = 0

        subscript(id: KeyID) -> ActiveKey? {
            places.place(of: id.rawValue) { ring[$0].id == id }.map { ring[$0] }
        }

        mutating func insert(_ key: ActiveKey) {
            places.insert(key.id.rawValue, at: ring.count)
            ring.append(key)
        }

        /// Puts another object for a key in the place of the one that is there.
        mutating func replace(by key: ActiveKey) {
            let place = places.place(of: key.id.rawValue) { ring[$0].id == key.id }
            if let place { ring[place] = key }
        }

        /// Gives up the key at the hand, when it can be.
        mutating func giveUpNext(ledger position: JournalPosition) -> Bool {
            if hand >= ring.count { hand = 0 }
            guard hand < ring.count else { return false }
            let key = ring[hand]
            guard key.account.withLock({ key.retire(ledger: position) }) else {
                hand += 1
                return false
            }
            remove(at: hand)
            return true
        }

        /// Takes a key out; the last one takes its place.
        private mutating func remove(at place: Int) {
            places.remove(ring[place].id.rawValue, at: place)
            guard let last = ring.popLast(), place < ring.count else { return }
            places.remove(last.id.rawValue, at: ring.count)
            places.insert(last.id.rawValue, at: place)
            ring[place] = last
        }
    }
}
