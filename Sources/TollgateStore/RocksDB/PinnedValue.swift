internal import CRocksDB

/// A value in RocksDB's own memory, held there until this is gone.
struct PinnedValue: ~Copyable {
    private let slice: OpaquePointer
    private let start: UnsafePointer<UInt8>?
    private let database: Database

    /// How many bytes it has.
    let count: Int

    /// Takes over a slice, and the caller's place inside the gate of its database.
    init(_ slice: OpaquePointer, of database: Database) {
        self.slice = slice
        self.database = database
        var count = 0
        let address = rocksdb_pinnableslice_value(slice, &count)
        start = UnsafeRawPointer(address)?.assumingMemoryBound(to: UInt8.self)
        self.count = count
    }

    deinit {
        rocksdb_pinnableslice_destroy(slice)
        database.leave()
    }

    /// The value's bytes.
    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let buffer = UnsafeBufferPointer(start: start, count: count)
            return _overrideLifetime(Span(_unsafeElements: buffer), borrowing: self)
        }
    }
}
