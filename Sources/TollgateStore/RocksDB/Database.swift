internal import CRocksDB
internal import Synchronization
internal import TollgateEngine

/// An open RocksDB database: the only owner of its handle.
///
/// Safe from any thread. Everything that reads or writes holds the gate while it does; `close` and
/// `reopen` wait for them, so a call that comes too late gets an error instead of freed memory.
///
/// Unchecked because of the C pointers: they are set by `init`, and by `reopen` while nobody is
/// inside the gate; RocksDB allows calls on them from any thread, and the gate lets nobody in while
/// they are freed.
final class Database: @unchecked Sendable {
    /// What a write survives once it has returned.
    enum Durability {
        /// The loss of power.
        case synced
        /// The end of the process.
        case logged
        /// Nothing before the next `flush` of its family. Costs no write to the log.
        case unlogged
    }

    /// Whether there is a handle behind the gate.
    private enum Life {
        case open
        /// Opening it again has failed so far.
        case shut
        case closed
    }

    /// Where it is.
    let path: String
    /// How it is opened.
    let options: DatabaseOptions
    private let gate = Gate()
    private let life = Mutex(Life.open)
    private let isClosed = Atomic(false)
    /// Set by the first write that fails, until the database is opened again: RocksDB does not
    /// expect to be called again for a log that it could not write, and a build with assertions, as
    /// Debian's is, ends the process.
    private let failed = Atomic(false)
    private var handle: OpaquePointer
    private var families: [OpaquePointer]
    let reading: OpaquePointer
    private let synced: OpaquePointer
    private let logged: OpaquePointer
    private let unlogged: OpaquePointer

    /// Opens the database in a directory, and makes it when there is none.
    ///
    /// - Parameters:
    ///   - path: the directory; RocksDB creates it, but none above it.
    ///   - cacheSize: how much memory blocks of records may take, in bytes.
    /// - Throws: `.locked` when it is open elsewhere, `.corrupt` when it is damaged.
    convenience init(path: String, cacheSize: Int) throws(StorageError) {
        try self.init(path: path, DatabaseOptions(cacheSize: cacheSize))
    }

    /// Opens the database in a directory as the options say, and makes it when there is none.
    init(path: String, _ options: DatabaseOptions) throws(StorageError) {
        self.path = path
        self.options = options
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
        life.withLock { life in
            if life == .closed { return }
            isClosed.store(true, ordering: .releasing)
            if life == .open { shut() }
            life = .closed
            rocksdb_readoptions_destroy(reading)
            rocksdb_writeoptions_destroy(synced)
            rocksdb_writeoptions_destroy(logged)
            rocksdb_writeoptions_destroy(unlogged)
        }
    }

    /// Waits for those inside, closes the database and opens it again: the only way to write again
    /// after a write has failed.
    ///
    /// Meanwhile, and as long as it cannot be opened, every other method throws `.io`.
    ///
    /// - Throws: what `init` throws, `.closed` after `close`. May be called again.
    func reopen() throws(StorageError) {
        try life.withLock { life throws(StorageError) in
            guard life != .closed else { throw StorageError.closed }
            if life == .open { shut() }
            life = .shut
            (handle, families) = try options.open(path)
            life = .open
            failed.store(false, ordering: .releasing)
            gate.open()
        }
    }

    private func shut() {
        _ = gate.close()
        for family in families { rocksdb_column_family_handle_destroy(family) }
        rocksdb_close(handle)
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
        do {
            try LogFiles.sync(in: path)
        } catch {
            failed.store(true, ordering: .releasing)
            throw error
        }
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

    /// Whether a write has failed, so that all others are refused until `reopen`.
    var hasFailed: Bool { failed.load(ordering: .acquiring) }

    /// Keeps the handle open until `leave`, for a write.
    func enterToWrite() throws(StorageError) {
        try enter()
        guard hasFailed else { return }
        gate.leave()
        throw StorageError(.io, "a write has failed; the store has to be opened again")
    }

    /// Throws when a write has left a sentence behind, and refuses all others from then on.
    func checkWrite(_ problem: UnsafeMutablePointer<CChar>?) throws(StorageError) {
        if problem != nil { failed.store(true, ordering: .releasing) }
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
        if gate.enter() { return }
        if isClosed.load(ordering: .acquiring) { throw StorageError.closed }
        throw StorageError(.io, "a write has failed; the store is being opened again")
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

extension StorageError {
    /// What every call gets once the store is closed.
    static let closed = StorageError(.closed, "the store is closed")
}
