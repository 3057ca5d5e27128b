package import TollgateCore

/// Where key records are kept for good.
///
/// Implemented by the store. Methods may be called from any thread and wait for nothing but local
/// storage; `record(forDigest:)` is called on event loops, when a key is not in memory.
package protocol KeyCatalogue: AnyObject, Sendable {
    /// The record that one of whose live secrets has this digest.
    func record(forDigest digest: KeyDigest) throws(StorageError) -> KeyRecord?

    /// The record with this id.
    func record(id: KeyID) throws(StorageError) -> KeyRecord?

    /// Writes a record and the index of its secrets, all or nothing, and durably.
    ///
    /// - Parameters:
    ///   - record: what to write.
    ///   - old: what was there before, whose secrets leave the index; nil for a new record.
    /// - Throws: when it is not known to be written.
    func save(_ record: KeyRecord, replacing old: KeyRecord?) throws(StorageError)

    /// Records in descending order of id, the newest first.
    ///
    /// - Parameters:
    ///   - cursor: only records older than this one.
    ///   - limit: how many at most.
    ///   - scanLimit: how many to look at before giving up with a cursor to go on from.
    ///   - isWanted: which to return.
    /// - Returns: the records, and from where to go on.
    /// - Throws: when the records cannot be read; damage is never taken for the end.
    func page(
        after cursor: KeyID?,
        limit: Int,
        scanLimit: Int,
        where isWanted: (KeyRecord) -> Bool
    ) throws(StorageError) -> KeyPage

    /// Whether no record was ever written.
    func isEmpty() throws(StorageError) -> Bool

    /// Keys that are bound to a session and not revoked: those with this `indexedSession`.
    func keys(ofSession session: String, limit: Int) throws(StorageError) -> [KeyID]

    /// Keys whose time is over by now, which is not on record yet, the longest over first: those whose
    /// `indexedExpiry` is no later.
    func keysExpired(by time: WallTime, limit: Int) throws(StorageError) -> [KeyID]

    /// Whether a record was ever written with a secret that `isHashed`.
    ///
    /// Asked on event loops, for every secret that is not known otherwise.
    var hasHashedSecrets: Bool { get }
}

/// One page of a list of keys.
package struct KeyPage: Sendable {
    package let records: [KeyRecord]
    /// From where to go on; nil at the end of the list.
    package let next: KeyID?

    package init(records: [KeyRecord], next: KeyID?) {
        self.records = records
        self.next = next
    }
}

/// Where decisions are recorded before their answers leave.
///
/// Implemented by the store. Called from every event loop.
package protocol Journal: AnyObject, Sendable {
    /// Appends one block, in one write that survives the end of the process.
    ///
    /// A failed write means *unknown*: the block may or may not be there after a restart.
    ///
    /// - Parameters:
    ///   - block: the block.
    ///   - epoch: the epoch whose ledger the block's decisions were made by. A block of an earlier
    ///     one is refused: its ledger is not what the journal says any more.
    /// - Returns: the block's position; positions only grow.
    /// - Throws: when it is not known to be written. Every later append of the epoch fails too.
    func append(
        _ block: Span<UInt8>,
        epoch: JournalEpoch
    ) throws(StorageError) -> JournalPosition

    /// Appends one block and waits until it survives the loss of power: never on an event loop.
    ///
    /// - Throws: what `append` throws, and when it is not known to be durable.
    func appendDurably(
        _ block: Span<UInt8>,
        epoch: JournalEpoch
    ) throws(StorageError) -> JournalPosition

    /// Whether the storage behind the journal takes writes, as far as is known: other writes than
    /// the journal's may have failed.
    var isWritable: Bool { get }

    /// Makes a journal that has failed usable again.
    ///
    /// Waits for appends that are under way, for what is on the disk to be read, and for the ledger
    /// to be brought to the journal's end. Never called on an event loop.
    ///
    /// - Returns: the epoch that begins.
    /// - Throws: when the disk still does not do what it should; may be tried again.
    func recover() throws(StorageError) -> JournalEpoch

    /// Calls back once, from any thread, when everything up to the position survives the loss of
    /// power, or will not.
    func whenDurable(
        _ position: JournalPosition,
        _ body: @escaping @Sendable (StorageError?) -> Void
    )
}

/// One life of the journal: from the start of the process, or a recovery, to the next failed write.
package struct JournalEpoch: Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The one that begins with the process.
    package static let first = JournalEpoch(rawValue: 1)
}

/// What the journal adds up to: counters and holds.
///
/// Implemented by the store, as a projection of the journal: complete up to its end when the
/// process starts and after each `Journal.recover`, and from then on brought up to date in the
/// background. Methods may be called from any thread.
package protocol Ledger: AnyObject, Sendable {
    /// The counters of a subject as the ledger has them; nil when nothing was ever counted.
    ///
    /// Called on event loops, when a subject is not in memory.
    func counters(of subject: SubjectID) throws(StorageError) -> Counters?

    /// Everything that is open, or expired and still waits to be settled late, and what was settled
    /// lately, the oldest first.
    ///
    /// What has expired and is older than `LedgerHold.longestWait` may be left out.
    ///
    /// Right only at the start and directly after a recovery, before anything is appended.
    func readHolds(
        pending: (LedgerHold) -> Void,
        settled: (SettledReservation) -> Void
    ) throws(StorageError)

    /// The last position that `counters(of:)` includes; it only grows.
    var ledgerPosition: JournalPosition { get }

    /// The latest time of any block that was ever appended; nil for a new journal.
    var lastTime: Now? { get }
}

/// Where the audit trail can be read.
package protocol AuditLog: AnyObject, Sendable {
    /// The last position that can be read now: what is recorded later comes behind it.
    var lastPosition: JournalPosition { get }

    /// Rows that the query asks for, in its order, each with how its request ended.
    func page(_ query: AuditQuery) throws(StorageError) -> AuditPage

    /// What all recorded requests of a span of time have used.
    func usage(_ span: UsageSpan) throws(StorageError) -> UsageSummary
}

/// Makes backups of everything that is kept, while it is in use.
package protocol BackupSource: Sendable {
    /// Begins a backup of everything that was answered or changed before.
    ///
    /// Waits for the disk: never called on an event loop.
    ///
    /// - Parameter includesPepper: whether the pepper is in it, without which no key works.
    /// - Returns: the backup, to be read to its end; what it needs is given back when it was, or
    ///   when it is let go.
    /// - Throws: `.locked` while another one is being read, `.unusable` when the pepper is not kept
    ///   in a file.
    func beginBackup(includesPepper: Bool) throws(StorageError) -> any BackupStream
}

/// A backup that is being read.
package protocol BackupStream: AnyObject, Sendable {
    /// The next bytes; nil at the end.
    ///
    /// - Throws: when they cannot be read; what came before is no backup then.
    func next() throws(StorageError) -> [UInt8]?
}

/// A storage that cannot do what it was asked to.
package struct StorageError: Error, Sendable {
    /// What kind of trouble it is; stable.
    package enum Code: String, Sendable {
        /// Reading or writing failed.
        case io
        /// What was read is damaged.
        case corrupt
        /// Another process holds the directory.
        case locked
        /// The directory cannot be used.
        case unusable
        /// The store is closed.
        case closed
    }

    package let code: Code
    /// For the log; it names files and numbers, never a record's content.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension StorageError: CustomStringConvertible {
    package var description: String { "storage \(code.rawValue): \(message)" }
}

/// Where the time comes from.
package protocol TimeSource: AnyObject, Sendable {
    /// Both clocks, read now.
    func now() -> Now
}
