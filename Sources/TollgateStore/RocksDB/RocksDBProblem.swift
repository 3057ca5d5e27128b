internal import CRocksDB
internal import TollgateEngine

/// What RocksDB says went wrong: through its C interface nothing but a sentence.
///
/// The sentences start with the name of the status (rocksdb/status.h); that much is stable.
enum RocksDBProblem {
    /// Throws when a call has left a sentence behind, and frees it.
    static func check(_ sentence: UnsafeMutablePointer<CChar>?) throws(StorageError) {
        guard let sentence else { return }
        let text = String(cString: sentence)
        rocksdb_free(sentence)
        throw error(text)
    }

    /// The error that a sentence stands for.
    static func error(_ sentence: String) -> StorageError {
        if sentence.hasPrefix("IO error"), sentence.contains("lock") {
            return StorageError(.locked, "another process has the store open: \(sentence)")
        }
        if sentence.hasPrefix("Corruption") { return StorageError(.corrupt, sentence) }
        // What opening says when files are missing or from elsewhere.
        if sentence.hasPrefix("Invalid argument") { return StorageError(.unusable, sentence) }
        return StorageError(.io, sentence)
    }
}
