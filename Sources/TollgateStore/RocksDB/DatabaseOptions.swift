internal import CRocksDB
internal import TollgateEngine

/// How RocksDB is set up: for few, large, sequential writes on a small machine, and so that damage is
/// noticed.
struct DatabaseOptions: Sendable {
    private typealias Family = Database.Family

    /// What to make of a log that is damaged, as RocksDB numbers it.
    enum LogRecovery: Int32 {
        /// Only the very end may be torn. The default opens a log with a flipped bit in its middle
        /// and silently drops everything behind it.
        case upToTornEnd = 0
        /// What comes before the damage: only when an administrator says so.
        case upToDamage = 2
    }

    /// How much memory blocks of key records may take, in bytes.
    let cacheSize: Int

    var logRecovery = LogRecovery.upToTornEnd

    /// Sealed segments have a cache of their own: an audit query must not push the keys out.
    private static let segmentCacheSize = 8 << 20

    /// What has no setter in the C interface.
    ///
    /// Entries in memory carry a checksum too. `paranoid_file_checks` is left out: it reads every
    /// file again after writing it, a third of all background work; what is read is always checked.
    private static let moreOptions =
        "force_consistency_checks=true;memtable_protection_bytes_per_key=8"

    /// Opens a database with all its families.
    func open(_ path: String) throws(StorageError) -> (OpaquePointer, [OpaquePointer]) {
        let base = try wholeDatabase()
        defer { rocksdb_options_destroy(base) }
        let diary = FleetingDirectory()
        if let path = diary.path { rocksdb_options_set_db_log_dir(base, path) }
        let cache = rocksdb_cache_create_lru(cacheSize)
        let segmentCache = rocksdb_cache_create_lru(DatabaseOptions.segmentCacheSize)
        defer {
            rocksdb_cache_destroy(cache)
            rocksdb_cache_destroy(segmentCache)
        }
        let options: [OpaquePointer?] = Family.allCases.map { family in
            let options = rocksdb_options_create_copy(base)
            configure(options, for: family, family == .segments ? segmentCache : cache)
            return options
        }
        defer { for options in options { rocksdb_options_destroy(options) } }
        let names: [UnsafePointer<CChar>?] = Family.allCases.map { family in
            UnsafeRawPointer(family.name.utf8Start).assumingMemoryBound(to: CChar.self)
        }
        var families = [OpaquePointer?](repeating: nil, count: names.count)
        var problem: UnsafeMutablePointer<CChar>?
        let handle = rocksdb_open_column_families(
            base,
            path,
            Int32(names.count),
            names,
            options,
            &families,
            &problem
        )
        extendLifetime(diary)
        try RocksDBProblem.check(problem)
        guard let handle else { throw StorageError(.io, "\(path): opening gave no database") }
        return (handle, families.compactMap(\.self))
    }

    /// The options of a file of rows that is made outside of the database.
    func tableOptions(for family: Database.Family) -> OpaquePointer? {
        let options = rocksdb_options_create()
        configure(options, for: family, nil)
        return options
    }

    private func wholeDatabase() throws(StorageError) -> OpaquePointer {
        let start = rocksdb_options_create()
        defer { rocksdb_options_destroy(start) }
        guard let options = rocksdb_options_create() else {
            throw StorageError(.io, "no memory for options")
        }
        var problem: UnsafeMutablePointer<CChar>?
        rocksdb_get_options_from_string(start, DatabaseOptions.moreOptions, options, &problem)
        try RocksDBProblem.check(problem)
        rocksdb_options_set_create_if_missing(options, 1)
        rocksdb_options_set_create_missing_column_families(options, 1)
        rocksdb_options_set_paranoid_checks(options, 1)
        rocksdb_options_set_wal_recovery_mode(options, logRecovery.rawValue)
        rocksdb_options_set_recycle_log_file_num(options, 0)
        rocksdb_options_set_max_total_wal_size(options, 128 << 20)
        rocksdb_options_set_bytes_per_sync(options, 1 << 20)
        // One thread each for flushes and compactions: the others belong to the event loops.
        rocksdb_options_set_max_background_jobs(options, 2)
        rocksdb_options_set_max_open_files(options, 512)
        rocksdb_options_set_stats_dump_period_sec(options, 0)
        rocksdb_options_set_stats_persist_period_sec(options, 0)
        rocksdb_options_set_info_log_level(options, 4)  // FATAL_LEVEL in rocksdb/env.h
        rocksdb_options_set_keep_log_file_num(options, 1)
        return options
    }

    private func configure(
        _ options: OpaquePointer?,
        for family: Database.Family,
        _ cache: OpaquePointer?
    ) {
        let table = rocksdb_block_based_options_create()
        defer { rocksdb_block_based_options_destroy(table) }
        rocksdb_block_based_options_set_block_cache(table, cache)
        rocksdb_block_based_options_set_format_version(table, 5)
        rocksdb_block_based_options_set_checksum(table, 4)  // kXXH3 in rocksdb/table.h
        rocksdb_options_set_compression(options, Int32(rocksdb_no_compression))
        rocksdb_options_set_write_buffer_size(options, 4 << 20)
        switch family {
        case .main, .headers, .groups, .models, .suppliers, .webhooks, .notices:
            break
        case .keys:
            rocksdb_options_set_write_buffer_size(options, 8 << 20)
            rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
        case .digests:
            rocksdb_options_set_write_buffer_size(options, 8 << 20)
            // Unknown secrets are what floods are made of: the filter answers for one in a hundred
            // wrongly, and takes 10 bits for each secret. Asking it is what counts, so Bloom's.
            rocksdb_block_based_options_set_filter_policy(
                table,
                rocksdb_filterpolicy_create_bloom_full(10)
            )
            // The same for the secrets that are still in memory.
            rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, 0.05)
            rocksdb_options_set_memtable_whole_key_filtering(options, 1)
        case .journal:
            // Blocks live until they are sealed. With room for several segments most of them never
            // reach a file, and the files that are written are mostly obsolete when it would be
            // time to compact them. Keys only grow, so a large skip list costs nothing. Several
            // memtables, so that a slow disk does not hold up the event loops.
            rocksdb_options_set_write_buffer_size(options, 48 << 20)
            rocksdb_options_set_max_write_buffer_number(options, 4)
            rocksdb_options_set_level0_file_num_compaction_trigger(options, 8)
        case .counters:
            // Rows come in sorted files, never through memory.
            rocksdb_block_based_options_set_filter_policy(
                table,
                rocksdb_filterpolicy_create_bloom_full(10)
            )
        case .holds:
            rocksdb_options_set_write_buffer_size(options, 16 << 20)
        case .segments:
            rocksdb_options_set_write_buffer_size(options, 32 << 20)
            rocksdb_options_set_max_write_buffer_number(options, 4)
            rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
        }
        rocksdb_options_set_block_based_table_factory(options, table)
    }
}
