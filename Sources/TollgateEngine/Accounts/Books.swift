internal import Synchronization
internal import TollgateCore

/// All that is in memory of keys, counters and holds, as of one epoch of the journal.
///
/// When a write to the journal fails, it is not known any more whether memory and journal agree. The
/// books are then given up as a whole, and new ones begun from what the journal says.
final class Books: Sendable {
    let epoch: JournalEpoch
    let secrets: SecretTable
    let keys: KeyTable
    let holds: HoldTable
    let loader: KeyLoader
    private let isSound = Atomic<Bool>(true)

    /// Begins books: reads the holds that the ledger has kept.
    ///
    /// - Parameters:
    ///   - epoch: the one that they are of.
    ///   - parts: where keys, groups and counters are found.
    ///   - options: how much is kept in memory.
    /// - Throws: when the holds cannot be read.
    init(
        epoch: JournalEpoch,
        _ parts: EngineParts,
        _ options: EngineOptions
    ) throws(StorageError) {
        self.epoch = epoch
        loader = KeyLoader(parts)
        secrets = SecretTable(limit: options.activeKeyLimit)
        keys = KeyTable(limit: options.activeKeyLimit, loader: loader)
        let holds = HoldTable(
            age: options.holdAge,
            pendingLimit: options.holdLimit,
            settledLimit: options.settledLimit
        )
        try parts.ledger.readHolds(
            pending: { holds.insert($0) },
            settled: { holds.insert($0) }
        )
        self.holds = holds
    }

    /// Whether memory and journal agree.
    var areSound: Bool { isSound.load(ordering: .acquiring) }

    /// Gives the books up; whoever asks them from now on is refused.
    func spoil() {
        isSound.store(false, ordering: .releasing)
    }

    /// The key that a secret's digest leads to; nil when there is none.
    ///
    /// Whether the secret still works, the key's rules say.
    func key(for digest: KeyDigest) throws(EngineError) -> ActiveKey? {
        if let key = secrets.key(for: digest) { return key }
        guard let id = try loader.id(forDigest: digest) else { return nil }
        guard let key = try keys.key(id) else { return nil }
        secrets.put(digest, key)
        return key
    }

    /// How often a secret's key is looked for when it leaves, changes or loses the secret meanwhile.
    static let patience = 8

    /// Makes the next look-up of a digest look further, after this key was of no use.
    ///
    /// Either the key has left memory, or its record must be read again, or the secret is not its own
    /// any more and may have become another key's.
    ///
    /// - Throws: when the key's record cannot be read.
    func renew(_ key: ActiveKey, _ digest: KeyDigest) throws(EngineError) {
        let mustBeRead = key.account.withLock { !key.isRetired && key.isDoubtful }
        if mustBeRead { try keys.reload(key.id) } else { secrets.remove(digest) }
    }

    /// The counters of a subject that is not in memory.
    func counters(of subject: SubjectID) throws(StorageError) -> Counters {
        try loader.counters(of: subject)
    }
}
