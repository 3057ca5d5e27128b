internal import CRocksDB
internal import Synchronization
internal import TollgateEngine

/// An open RocksDB database: the only owner of its handle.
///
/// Safe from any thread. Everything that reads or writes holds the gate while it does; `close` waits
/// for them, so a call that comes too late gets `.closed` instead of freed memory.
///
/// Unchecked because of the C pointers: they are set once by `init`, RocksDB allows calls on them
/// from any thread, and the gate lets nobody in after `close` has freed them.
final class Database: @unchecked Sendable {
    /// The parts that the database is divided into; the raw value is the place of the handle.
    enum Family: Int, CaseIterable {
        /// What RocksDB insists on having, with counters of our own in it.
        case main
        /// Key records by id.
        case keys
        /// Digests of live secrets, and whose they are.
        case digests
        /// Blocks of decisions, by position.
        case journal
        /// What is known of each sealed segment, by its last position.
        case headers
        /// The content of sealed segments.
        case segments

        var name: StaticString {
            switch self {
            case .main: "default"
            case .keys: "keys"
            case .digests: "digests"
            case .journal: "journal"
            case .headers: "headers"
            case .segments: "segments"
            }
        }
    }

    /// What a write survives once it has returned.
    enum Durability {
        /// The loss of power.
        case synced
        /// The end of the process.
        case logged
        /// Nothing before the next `flush` of its family. Costs no write to the log.
        case unlogged
    }

    private let gate = Gate()
    /// Set by the first write that fails, for good: RocksDB does not expect to be called again for a
    /// log that it could not write, and a build with assertions, as Debian's is, ends the process.
    private let hasFailed = Atomic(false)
    private let handle: OpaquePointer
    private let families: [OpaquePointer]
    private let reading: OpaquePointer
    private let synced: OpaquePointer
    private let logged: OpaquePointer
    private let unlogged: OpaquePointer

    /// Opens the database in a directory, and makes it when there is none.
    ///
    /// - Parameters:
    ///   - path: the directory; RocksDB creates it, but none above it.
    ///   - cacheSize: how much memory blocks of records may take, in bytes.
    /// - Throws: `.locked` when it is open elsewhere, `.corrupt` when it is damaged.
    init(path: String, cacheSize: Int) throws(StorageError) {
        let options = DatabaseOptions(cacheSize: cacheSize)
        (handle, families) = try options.open(path)
        reading = rocksdb_readoptions_create()
        synced = rocksdb_writeoptions_create()
        rocksdb_writeoptions_set_sync(synced, 1)
        logged = rocksdb_writeoptions_create()
        unlogged = rocksdb_writeoptions_create()
        rocksdb_writeoptions_disable_WAL(unlogged, 1)
    }

    deinit {
        close()
    }

    /// Waits for those inside, then writes out what is in memory and frees everything.
    ///
    /// Later calls do nothing; every other method throws `.closed` from now on.
    func close() {
        guard gate.close() else { return }
        for family in families { rocksdb_column_family_handle_destroy(family) }
        rocksdb_close(handle)
        rocksdb_readoptions_destroy(reading)
        rocksdb_writeoptions_destroy(synced)
        rocksdb_writeoptions_destroy(logged)
        rocksdb_writeoptions_destroy(unlogged)
    }

    // MARK: Reading

    /// The value of a key as it is now, nil when there is none.
    func value(
        of key: Span<UInt8>,
        in family: Family
    ) throws(StorageError) -> PinnedValue? {
        try value(of: key, in: family, reading)
    }

    /// The value of a key as the options see it, nil when there is none.
    func value(
        of key: Span<UInt8>,
        in family: Family,
        _ options: OpaquePointer
    ) throws(StorageError) -> PinnedValue? {
        try enter()
        var problem: UnsafeMutablePointer<CChar>?
        let slice = key.withUnsafeBytes { key in
            rocksdb_get_pinned_cf(
                handle,
                options,
                families[family.rawValue],
                key.baseAddress?.assumingMemoryBound(to: CChar.self),
                key.count,
                &problem
            )
        }
        if let slice { return PinnedValue(slice, of: self) }
        gate.leave()
        try RocksDBProblem.check(problem)
        return nil
    }

    /// An iterator over the family's keys as they are now, in ascending order of their bytes.
    func iterator(over family: Family) throws(StorageError) -> RowIterator {
        try snapshot().iterator(over: family)
    }

    /// The database as it is now, whatever is written later.
    func snapshot() throws(StorageError) -> Snapshot {
        try enter()
        return Snapshot(rocksdb_create_snapshot(handle), of: self)
    }

    // MARK: Writing

    /// Writes one key.
    ///
    /// - Throws: when it is not known whether the key was written.
    func put(
        _ key: Span<UInt8>,
        _ value: Span<UInt8>,
        in family: Family,
        _ durability: Durability
    ) throws(StorageError) {
        try enterToWrite()
        defer { gate.leave() }
        var problem: UnsafeMutablePointer<CChar>?
        key.withUnsafeBytes { key in
            value.withUnsafeBytes { value in
                rocksdb_put_cf(
                    handle,
                    options(for: durability),
                    families[family.rawValue],
                    key.baseAddress?.assumingMemoryBound(to: CChar.self),
                    key.count,
                    value.baseAddress?.assumingMemoryBound(to: CChar.self),
                    value.count,
                    &problem
                )
            }
        }
        try checkWrite(problem)
    }

    /// Writes all of a batch or, should the process end meanwhile, nothing of it.
    ///
    /// - Throws: when it is not known whether the batch was written.
    func write(
        _ batch: borrowing WriteBatch,
        _ durability: Durability
    ) throws(StorageError) {
        try enterToWrite()
        defer { gate.leave() }
        var problem: UnsafeMutablePointer<CChar>?
        rocksdb_write(handle, options(for: durability), batch.handle, &problem)
        try checkWrite(problem)
    }

    /// Makes everything that was logged survive the loss of power.
    func syncLog() throws(StorageError) {
        try enterToWrite()
        defer { gate.leave() }
        var problem: UnsafeMutablePointer<CChar>?
        rocksdb_flush_wal(handle, 1, &problem)
        try checkWrite(problem)
    }

    /// Writes the family's part of memory into a file that survives the loss of power.
    func flush(_ family: Family) throws(StorageError) {
        try enterToWrite()
        defer { gate.leave() }
        var problem: UnsafeMutablePointer<CChar>?
        let options = rocksdb_flushoptions_create()
        defer { rocksdb_flushoptions_destroy(options) }
        rocksdb_flush_cf(handle, options, families[family.rawValue], &problem)
        try checkWrite(problem)
    }

    private func enterToWrite() throws(StorageError) {
        try enter()
        guard hasFailed.load(ordering: .acquiring) else { return }
        gate.leave()
        throw StorageError(.io, "a write has failed; the store has to be opened again")
    }

    private func checkWrite(_ problem: UnsafeMutablePointer<CChar>?) throws(StorageError) {
        if problem != nil { hasFailed.store(true, ordering: .releasing) }
        try RocksDBProblem.check(problem)
    }

    // MARK: For what belongs to the database

    /// An empty batch for this database, which stays open while there is one.
    func makeBatch() throws(StorageError) -> WriteBatch {
        try enter()
        return WriteBatch(of: self)
    }

    /// The C handle, for callers who are inside the gate.
    var unguardedHandle: OpaquePointer { handle }

    /// The C handle of a family, for callers who are inside the gate.
    func unguardedHandle(of family: Family) -> OpaquePointer { families[family.rawValue] }

    /// Keeps the handle open until `leave`.
    func enter() throws(StorageError) {
        guard gate.enter() else { throw StorageError(.closed, "the store is closed") }
    }

    /// Ends what `enter` began.
    func leave() { gate.leave() }

    private func options(for durability: Durability) -> OpaquePointer {
        switch durability {
        case .synced: synced
        case .logged: logged
        case .unlogged: unlogged
        }
    }
}
