internal import CRocksDB
internal import Glibc
internal import TollgateEngine

/// A file of sorted rows that is made beside the database, to be added to it at once.
///
/// Costs a fraction of putting each row, and holds up no other writer while it is made.
struct TableFile: ~Copyable {
    /// Where the file is.
    let path: String
    private let writer: OpaquePointer?
    private let environment: OpaquePointer?
    private let options: OpaquePointer?

    /// Begins the file, in place of an older one.
    ///
    /// - Parameters:
    ///   - path: in the same file system as the database.
    ///   - databaseOptions: those of the database.
    ///   - family: where the rows will go.
    /// - Throws: `.io` when it cannot be made.
    init(
        path: String,
        _ databaseOptions: DatabaseOptions,
        for family: Database.Family
    ) throws(StorageError) {
        self.path = path
        unlink(path)
        environment = rocksdb_envoptions_create()
        options = databaseOptions.tableOptions(for: family)
        writer = rocksdb_sstfilewriter_create(environment, options)
        var problem: UnsafeMutablePointer<CChar>?
        rocksdb_sstfilewriter_open(writer, path, &problem)
        try RocksDBProblem.check(problem)
    }

    deinit {
        rocksdb_sstfilewriter_destroy(writer)
        rocksdb_options_destroy(options)
        rocksdb_envoptions_destroy(environment)
    }

    /// Adds a row; keys must ascend.
    mutating func put(_ key: Span<UInt8>, _ value: Span<UInt8>) throws(StorageError) {
        var problem: UnsafeMutablePointer<CChar>?
        key.withUnsafeBytes { key in
            value.withUnsafeBytes { value in
                rocksdb_sstfilewriter_put(
                    writer,
                    key.baseAddress?.assumingMemoryBound(to: CChar.self),
                    key.count,
                    value.baseAddress?.assumingMemoryBound(to: CChar.self),
                    value.count,
                    &problem
                )
            }
        }
        try RocksDBProblem.check(problem)
    }

    /// Ends the file, which has at least one row, and makes it durable.
    mutating func finish() throws(StorageError) {
        var problem: UnsafeMutablePointer<CChar>?
        rocksdb_sstfilewriter_finish(writer, &problem)
        try RocksDBProblem.check(problem)
    }
}
