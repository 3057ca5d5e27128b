internal import TollgateCore
internal import TollgateEngine

/// By what else keys are found than by id and secret: rows among the main ones, written together with
/// the records.
///
/// A row is a prefix, what is asked for, and the 16 bytes of the key's id; it has no value.
enum KeyIndex {
    /// Its row is there when some key was imported by the hash of its secret.
    private static let hashed = Array("hashed".utf8)
    private static let nothing: [UInt8] = []

    /// In front of times, big-endian and with the sign turned, so that they sort.
    static let expiries = Array("expiry/".utf8)

    /// In front of the keys of a session; no session has a NUL in it.
    static func session(_ session: String) -> [UInt8] {
        Array("session/".utf8) + session.utf8 + [0]
    }

    /// Whether some key was imported by the hash of its secret.
    static func hasHashed(in database: Database) throws(StorageError) -> Bool {
        try database.value(of: hashed.span, in: .main) != nil
    }

    /// Notes that some key is imported so.
    static func noteHashed(_ batch: inout WriteBatch) {
        batch.put(hashed.span, nothing.span, in: .main)
    }

    /// Brings the rows of a record up to date.
    static func write(
        _ record: KeyRecord,
        replacing old: KeyRecord?,
        to batch: inout WriteBatch
    ) {
        for row in old.map(rows) ?? [] { batch.delete(row.span, in: .main) }
        for row in rows(of: record) { batch.put(row.span, nothing.span, in: .main) }
    }

    private static func rows(of record: KeyRecord) -> [[UInt8]] {
        var rows: [[UInt8]] = []
        let id = record.id.rawValue.key
        if let session = record.indexedSession { rows.append(self.session(session) + id) }
        if let time = record.indexedExpiry { rows.append(expiries + bytes(of: time) + id) }
        return rows
    }

    private static func bytes(of time: WallTime) -> [UInt8] {
        let number = UInt64(bitPattern: time.milliseconds) ^ 1 << 63
        return (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
    }

    /// The keys whose rows begin with a prefix.
    ///
    /// - Parameters:
    ///   - database: where the rows are.
    ///   - prefix: what they begin with.
    ///   - time: the last time that counts, where times follow the prefix.
    ///   - limit: how many at most.
    /// - Returns: their ids, in the order of the rows.
    /// - Throws: when the rows cannot be read.
    static func keys(
        in database: Database,
        _ prefix: [UInt8],
        upTo time: WallTime? = nil,
        limit: Int
    ) throws(StorageError) -> [KeyID] {
        let range = Range(
            prefix: prefix,
            end: time.map { prefix + bytes(of: $0) },
            length: prefix.count + (time == nil ? 0 : 8) + 16
        )
        var keys: [KeyID] = []
        var iterator = try database.iterator(over: .main)
        var isThere = try iterator.seek(to: prefix.span)
        while isThere, keys.count < limit, range.contains(iterator.key) {
            if let id = try range.id(in: iterator.key) { keys.append(id) }
            isThere = try iterator.next()
        }
        return keys
    }

    /// Rows that are asked for.
    private struct Range {
        let prefix: [UInt8]
        /// No row that begins behind these bytes is part of it.
        let end: [UInt8]?
        let length: Int

        func contains(_ row: Span<UInt8>) -> Bool {
            guard row.count >= prefix.count else { return false }
            for place in prefix.indices where row[place] != prefix[place] { return false }
            guard let end, row.count >= end.count else { return true }
            for place in end.indices where row[place] != end[place] {
                return row[place] < end[place]
            }
            return true
        }

        /// The id at the end of a row; nil for a row of another length, which is that of a session
        /// whose name goes on.
        func id(in row: Span<UInt8>) throws(StorageError) -> KeyID? {
            guard row.count == length else { return nil }
            var reader = ByteReader(row.extracting((length - 16)...), "a row of an index")
            return KeyID(rawValue: try reader.bigEndian())
        }
    }
}
