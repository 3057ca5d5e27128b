internal import CRocksDB
internal import TollgateEngine

/// The database as it was at one instant.
///
/// Confined to the thread that took it. Holds the database's gate: whoever keeps a snapshot keeps the database from closing.
final class Snapshot {
    private let database: Database
    private let handle: OpaquePointer
    private let options: OpaquePointer

    /// Takes over a snapshot, and the caller's place inside the gate.
    init(_ handle: OpaquePointer, of database: Database) {
        self.database = database
        self.handle = handle
        options = rocksdb_readoptions_create()
        rocksdb_readoptions_set_snapshot(options, handle)
    }

    deinit {
        rocksdb_readoptions_destroy(options)
        rocksdb_release_snapshot(database.unguardedHandle, handle)
        database.leave()
    }

    /// The value of a key, nil when there is none.
    func value(
        of key: Span<UInt8>,
        in family: Database.Family
    ) throws(StorageError) -> PinnedValue? {
        try database.value(of: key, in: family, options)
    }

    /// An iterator over the family's keys, in ascending order of their bytes.
    ///
    /// - Parameters:
    ///   - family: whose keys.
    ///   - start: keys before this one are not seen.
    /// - Returns: an iterator that is nowhere yet.
    func iterator(
        over family: Database.Family,
        from start: [UInt8] = []
    ) -> RowIterator {
        RowIterator(
            start: start,
            snapshot: self,
            handle: handle,
            database: database.unguardedHandle,
            family: database.unguardedHandle(of: family)
        )
    }
}
