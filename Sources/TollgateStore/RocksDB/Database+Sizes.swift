internal import CRocksDB
internal import TollgateEngine

/// How much a store keeps; estimates of RocksDB, which counts a row that was written twice twice
/// until it has compacted its files.
package struct StoreSizes: Equatable, Sendable {
    package var keys: UInt64 = 0
    package var groups: UInt64 = 0
    /// Segments of the audit log.
    package var segments: UInt64 = 0
    /// The bytes of all files of rows.
    package var fileBytes: UInt64 = 0
    /// The bytes of RocksDB's log.
    package var logBytes: UInt64 = 0
}

extension Database {
    /// How much is kept now; zero of everything while the database cannot be asked.
    var sizes: StoreSizes {
        var sizes = StoreSizes()
        do { try enter() } catch { return sizes }
        defer { leave() }
        let count = "rocksdb.estimate-num-keys"
        sizes.keys = property(count, of: .keys)
        sizes.groups = property(count, of: .groups)
        sizes.segments = property(count, of: .headers)
        for family in Family.allCases {
            sizes.fileBytes &+= property("rocksdb.live-sst-files-size", of: family)
        }
        sizes.logBytes = UInt64(clamping: LogFiles.length(in: path))
        return sizes
    }

    /// The value of a property of RocksDB; the caller is inside the gate.
    private func property(_ name: String, of family: Family) -> UInt64 {
        var value: UInt64 = 0
        let handle = unguardedHandle(of: family)
        guard rocksdb_property_int_cf(unguardedHandle, handle, name, &value) == 0 else { return 0 }
        return value
    }
}
