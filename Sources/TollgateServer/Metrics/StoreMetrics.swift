internal import TollgateAdmin
internal import TollgateStore

/// How much the store keeps, in Prometheus's words.
enum StoreMetrics {
    /// The families of the store.
    static func families(_ sizes: StoreSizes, isWritable: Bool) -> [MetricFamily] {
        [
            MetricFamily(
                "tollgate_store_writable",
                .gauge,
                "Whether the store takes writes: 1 or 0.",
                isWritable ? 1 : 0
            ),
            MetricFamily(
                "tollgate_catalogue_keys",
                .gauge,
                "Keys in the catalogue, estimated.",
                sizes.keys
            ),
            MetricFamily(
                "tollgate_catalogue_groups",
                .gauge,
                "Organisations, teams and users in the catalogue, estimated.",
                sizes.groups
            ),
            MetricFamily(
                "tollgate_audit_segments",
                .gauge,
                "Segments of the audit log that are kept, estimated.",
                sizes.segments
            ),
            MetricFamily(
                "tollgate_store_file_bytes",
                .gauge,
                "Bytes of the database's files, without its log.",
                sizes.fileBytes
            ),
            MetricFamily(
                "tollgate_store_log_bytes",
                .gauge,
                "Bytes of the database's log.",
                sizes.logBytes
            ),
        ]
    }
}
