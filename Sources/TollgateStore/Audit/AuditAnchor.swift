internal import TollgateCrypto
internal import TollgateEngine

/// Where the chain of segments begins: the last one that was deleted for its age.
///
/// Its hash stays, so that what is left still proves what went before it.
struct AuditAnchor: Equatable {
    private static let key = Array("anchor".utf8)

    /// The last position that is gone; 0 when nothing is.
    var position: UInt64 = 0
    /// How many segments are gone.
    var segments: UInt64 = 0
    /// The hash of the last one; zeros when nothing is gone.
    var hash = SHA256.Digest(words: (0, 0, 0, 0))

    init(position: UInt64, segments: UInt64, hash: SHA256.Digest) {
        self.position = position
        self.segments = segments
        self.hash = hash
    }

    /// Reads the anchor.
    init(in snapshot: Snapshot) throws(StorageError) {
        guard let value = try snapshot.value(of: AuditAnchor.key.span, in: .main) else { return }
        var reader = ByteReader(value.bytes, "the anchor of the audit log")
        position = try reader.number()
        segments = try reader.number()
        hash = try SegmentHeader.digest(try reader.bytes(32))
        guard reader.isAtEnd else { throw reader.damaged() }
    }

    /// Adds it to a batch.
    func put(in batch: inout WriteBatch) {
        var value = ByteWriter()
        value.append(position)
        value.append(segments)
        value.append(hash.bytes.span)
        batch.put(AuditAnchor.key.span, value.span, in: .main)
    }
}
