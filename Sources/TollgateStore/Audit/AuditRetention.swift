internal import TollgateCore
internal import TollgateEngine

/// Deletes segments that are older than anybody wants to keep them.
enum AuditRetention {
    /// How many go in one step, so that no write gets long.
    private static let stepLimit = 256

    /// Deletes segments as a whole, the oldest first, for as long as all they have is older.
    ///
    /// The first one that has something younger ends it, and so keeps what is behind it: a chain has
    /// no holes. What is deleted leaves its hash in the anchor.
    ///
    /// - Returns: how many segments were deleted.
    static func deleteSegments(
        before time: WallTime,
        in database: Database
    ) throws(StorageError) -> Int {
        var count = 0
        while true {
            let step = try deleteStep(before: time, in: database)
            count += step
            if step < stepLimit { return count }
        }
    }

    private static func deleteStep(
        before time: WallTime,
        in database: Database
    ) throws(StorageError) -> Int {
        let snapshot = try database.snapshot()
        var anchor = try AuditAnchor(in: snapshot)
        var batch = try database.makeBatch()
        var iterator = snapshot.iterator(over: .headers)
        var isThere = try iterator.seekToFirst()
        var count = 0
        while isThere, count < stepLimit {
            let header = try SegmentHeader(iterator.value)
            guard header.outline.latest < time else { break }
            anchor = AuditAnchor(
                position: header.last,
                segments: anchor.segments &+ 1,
                hash: header.hash
            )
            batch.delete(header.last.key.span, in: .headers)
            count += 1
            isThere = try iterator.next()
        }
        guard count > 0 else { return 0 }
        batch.delete(
            from: UInt64(0).key.span,
            upTo: (anchor.position &+ 1).key.span,
            in: .segments
        )
        anchor.put(in: &batch)
        try database.write(batch, .logged)
        return count
    }
}
