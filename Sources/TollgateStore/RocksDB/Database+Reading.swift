internal import CRocksDB
internal import TollgateEngine

extension Database {
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
                unguardedHandle,
                options,
                unguardedHandle(of: family),
                key.baseAddress?.assumingMemoryBound(to: CChar.self),
                key.count,
                &problem
            )
        }
        if let slice { return PinnedValue(slice, of: self) }
        leave()
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
        return Snapshot(rocksdb_create_snapshot(unguardedHandle), of: self)
    }
}
