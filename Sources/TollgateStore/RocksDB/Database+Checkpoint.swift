internal import CRocksDB
internal import TollgateEngine

extension Database {
    /// Copies the database as it is now to a directory of the same disk, which must not exist.
    ///
    /// Files of rows are linked, not copied; the log is copied. Nothing is flushed for it: a flush
    /// that a full disk refuses would stop the database, a copy that is refused stops nothing.
    ///
    /// What is added in files and not by the log is not copied at the same instant as the log, so
    /// whoever does that must not meanwhile.
    func makeCheckpoint(at path: String) throws(StorageError) {
        try enterToWrite()
        defer { leave() }
        var problem: UnsafeMutablePointer<CChar>?
        let checkpoint = rocksdb_checkpoint_object_create(unguardedHandle, &problem)
        try RocksDBProblem.check(problem)
        defer { rocksdb_checkpoint_object_destroy(checkpoint) }
        // The size of the log from which on it is flushed instead of copied.
        rocksdb_checkpoint_create(checkpoint, path, .max, &problem)
        try RocksDBProblem.check(problem)
    }
}
