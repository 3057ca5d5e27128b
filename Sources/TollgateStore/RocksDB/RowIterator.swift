internal import CRocksDB
internal import TollgateEngine

/// Walks over the keys of one family.
///
/// A damaged block looks to RocksDB's iterators like the end; every move asks which it was, so here
/// it is an error.
struct RowIterator: ~Copyable {
    private let handle: OpaquePointer
    private let options: OpaquePointer
    /// RocksDB keeps a pointer to the bound for as long as the options live.
    private let bound: UnsafeMutableBufferPointer<CChar>
    private let snapshot: Snapshot

    /// An iterator that is nowhere yet.
    ///
    /// - Parameters:
    ///   - start: keys before this one are not seen.
    ///   - snapshot: kept for as long as the iterator.
    ///   - snapshotHandle: that of the snapshot.
    ///   - database: that of the snapshot's database.
    ///   - family: whose keys.
    init(
        start: [UInt8],
        snapshot: Snapshot,
        handle snapshotHandle: OpaquePointer,
        database: OpaquePointer,
        family: OpaquePointer
    ) {
        self.snapshot = snapshot
        options = rocksdb_readoptions_create()
        rocksdb_readoptions_set_snapshot(options, snapshotHandle)
        // What is walked over once must not push out of the cache what is asked for all the time.
        rocksdb_readoptions_set_fill_cache(options, 0)
        bound = .allocate(capacity: max(1, start.count))
        _ = bound.initialize(from: start.map { CChar(bitPattern: $0) })
        if !start.isEmpty {
            rocksdb_readoptions_set_iterate_lower_bound(options, bound.baseAddress, start.count)
        }
        handle = rocksdb_create_iterator_cf(database, options, family)
    }

    deinit {
        rocksdb_iter_destroy(handle)
        rocksdb_readoptions_destroy(options)
        bound.deallocate()
    }

    /// Goes to the first key; false when there is none.
    mutating func seekToFirst() throws(StorageError) -> Bool {
        rocksdb_iter_seek_to_first(handle)
        return try isSomewhere()
    }

    /// Goes to the last key; false when there is none.
    mutating func seekToLast() throws(StorageError) -> Bool {
        rocksdb_iter_seek_to_last(handle)
        return try isSomewhere()
    }

    /// Goes to the key or, should it not exist, to the next; false when there is neither.
    mutating func seek(to key: Span<UInt8>) throws(StorageError) -> Bool {
        key.withUnsafeBytes { key in
            rocksdb_iter_seek(
                handle,
                key.baseAddress?.assumingMemoryBound(to: CChar.self),
                key.count
            )
        }
        return try isSomewhere()
    }

    /// Goes to the key or, should it not exist, to the one before; false when there is neither.
    mutating func seek(backTo key: Span<UInt8>) throws(StorageError) -> Bool {
        key.withUnsafeBytes { key in
            rocksdb_iter_seek_for_prev(
                handle,
                key.baseAddress?.assumingMemoryBound(to: CChar.self),
                key.count
            )
        }
        return try isSomewhere()
    }

    /// Goes to the next key; false behind the last one.
    mutating func next() throws(StorageError) -> Bool {
        precondition(rocksdb_iter_valid(handle) != 0)
        rocksdb_iter_next(handle)
        return try isSomewhere()
    }

    /// Goes to the key before; false before the first one.
    mutating func previous() throws(StorageError) -> Bool {
        precondition(rocksdb_iter_valid(handle) != 0)
        rocksdb_iter_prev(handle)
        return try isSomewhere()
    }

    /// The key that the iterator is at.
    var key: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            precondition(rocksdb_iter_valid(handle) != 0)
            var count = 0
            let start = rocksdb_iter_key(handle, &count)
            return _overrideLifetime(RowIterator.span(start, count), borrowing: self)
        }
    }

    /// The value of that key.
    var value: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            precondition(rocksdb_iter_valid(handle) != 0)
            var count = 0
            let start = rocksdb_iter_value(handle, &count)
            return _overrideLifetime(RowIterator.span(start, count), borrowing: self)
        }
    }

    /// Whether the key that the iterator is at comes before another.
    func isBefore(_ other: Span<UInt8>) -> Bool {
        let key = key
        for index in 0..<min(key.count, other.count) where key[index] != other[index] {
            return key[index] < other[index]
        }
        return key.count < other.count
    }

    private func isSomewhere() throws(StorageError) -> Bool {
        if rocksdb_iter_valid(handle) != 0 { return true }
        var problem: UnsafeMutablePointer<CChar>?
        rocksdb_iter_get_error(handle, &problem)
        try RocksDBProblem.check(problem)
        return false
    }

    @_lifetime(immortal)
    private static func span(_ start: UnsafePointer<CChar>?, _ count: Int) -> Span<UInt8> {
        let bytes = UnsafeRawPointer(start)?.assumingMemoryBound(to: UInt8.self)
        let span = Span(_unsafeElements: UnsafeBufferPointer(start: bytes, count: count))
        return _overrideLifetime(span, borrowing: ())
    }
}
