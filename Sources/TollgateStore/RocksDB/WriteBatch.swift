internal import CRocksDB

/// Changes that are written together or not at all.
struct WriteBatch: ~Copyable {
    /// RocksDB's batch, for `Database.write`.
    let handle: OpaquePointer
    private let database: Database

    /// An empty batch, which takes over the caller's place inside the gate of its database.
    init(of database: Database) {
        handle = rocksdb_writebatch_create()
        self.database = database
    }

    deinit {
        rocksdb_writebatch_destroy(handle)
        database.leave()
    }

    /// Adds or replaces a key.
    mutating func put(_ key: Span<UInt8>, _ value: Span<UInt8>, in family: Database.Family) {
        key.withUnsafeBytes { key in
            value.withUnsafeBytes { value in
                rocksdb_writebatch_put_cf(
                    handle,
                    database.unguardedHandle(of: family),
                    key.baseAddress?.assumingMemoryBound(to: CChar.self),
                    key.count,
                    value.baseAddress?.assumingMemoryBound(to: CChar.self),
                    value.count
                )
            }
        }
    }

    /// Removes a key.
    mutating func delete(_ key: Span<UInt8>, in family: Database.Family) {
        key.withUnsafeBytes { key in
            rocksdb_writebatch_delete_cf(
                handle,
                database.unguardedHandle(of: family),
                key.baseAddress?.assumingMemoryBound(to: CChar.self),
                key.count
            )
        }
    }

    /// Removes all keys from one on and before another.
    mutating func delete(
        from start: Span<UInt8>,
        upTo end: Span<UInt8>,
        in family: Database.Family
    ) {
        start.withUnsafeBytes { start in
            end.withUnsafeBytes { end in
                rocksdb_writebatch_delete_range_cf(
                    handle,
                    database.unguardedHandle(of: family),
                    start.baseAddress?.assumingMemoryBound(to: CChar.self),
                    start.count,
                    end.baseAddress?.assumingMemoryBound(to: CChar.self),
                    end.count
                )
            }
        }
    }
}
