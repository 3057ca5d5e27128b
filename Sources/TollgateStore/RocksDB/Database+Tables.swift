internal import CRocksDB
internal import TollgateEngine

/// Rows that are made outside of the database, to be added to it at once.
extension Database {
    /// Begins a file of rows for a family.
    func makeTable(at path: String, for family: Family) throws(StorageError) -> TableFile {
        try TableFile(path: path, options, for: family)
    }

    /// Adds the rows of a file, all at once and durably; the file is gone afterwards.
    ///
    /// - Parameters:
    ///   - file: a `TableFile` that is finished.
    ///   - family: where its rows go.
    /// - Throws: when it is not known whether they were added.
    func ingest(_ file: String, into family: Family) throws(StorageError) {
        try enterToWrite()
        defer { leave() }
        var problem: UnsafeMutablePointer<CChar>?
        let options = rocksdb_ingestexternalfileoptions_create()
        defer { rocksdb_ingestexternalfileoptions_destroy(options) }
        rocksdb_ingestexternalfileoptions_set_move_files(options, 1)
        file.withCString { name in
            var names: UnsafePointer<CChar>? = name
            rocksdb_ingest_external_file_cf(
                unguardedHandle,
                unguardedHandle(of: family),
                &names,
                1,
                options,
                &problem
            )
        }
        try checkWrite(problem)
    }
}
