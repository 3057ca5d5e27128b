internal import Synchronization
internal import TollgateCore
internal import TollgateEngine
internal import TollgateWire

/// Key records, by id and by the digests of their live secrets.
///
/// Nothing is kept in memory but RocksDB's cache, and nothing is read at the start.
final class Catalogue: Sendable {
    private let database: Database
    /// Counts the changes of all that administrators write.
    let counter: ChangeCounter
    private let holdsHashed: Atomic<Bool>

    /// Finds the catalogue of a database.
    init(_ database: Database) throws(StorageError) {
        self.database = database
        counter = try ChangeCounter(database)
        holdsHashed = Atomic(try KeyIndex.hasHashed(in: database))
    }

    /// Whether a record was ever written with a secret of which only a hash was known.
    var hasHashedSecrets: Bool { holdsHashed.load(ordering: .acquiring) }

    /// How many times something was written, ever; durable.
    var changes: UInt64 { counter.count }

    func record(forDigest digest: KeyDigest) throws(StorageError) -> KeyRecord? {
        guard let value = try database.value(of: digest.bytes.span, in: .digests) else {
            return nil
        }
        var reader = ByteReader(value.bytes, "an entry of the digests")
        let id = KeyID(rawValue: try reader.bigEndian())
        guard let record = try record(id: id) else {
            throw StorageError(.corrupt, "a digest belongs to \(id), of which there is no record")
        }
        // Between both reads a rotation may have taken the secret away.
        return record.secrets.contains { $0.digest == digest } ? record : nil
    }

    func record(id: KeyID) throws(StorageError) -> KeyRecord? {
        guard let value = try database.value(of: id.rawValue.key.span, in: .keys) else {
            return nil
        }
        return try Catalogue.decode(value.bytes, id)
    }

    func save(_ record: KeyRecord, replacing old: KeyRecord?) throws(StorageError) {
        let key = record.id.rawValue.key
        var batch = try database.makeBatch()
        for secret in old?.secrets ?? [] {
            batch.delete(secret.digest.bytes.span, in: .digests)
        }
        for secret in record.secrets {
            batch.put(secret.digest.bytes.span, key.span, in: .digests)
        }
        batch.put(key.span, KeyRecordCodec.encode(record).span, in: .keys)
        KeyIndex.write(record, replacing: old, to: &batch)
        if !hasHashedSecrets, record.secrets.contains(where: \.isHashed) {
            KeyIndex.noteHashed(&batch)
            // Also when the write fails: it may be there all the same, and looking further is no harm.
            holdsHashed.store(true, ordering: .releasing)
        }
        try counter.write(&batch)
    }

    func page(
        after cursor: KeyID?,
        limit: Int,
        scanLimit: Int,
        where isWanted: (KeyRecord) -> Bool
    ) throws(StorageError) -> KeyPage {
        var iterator = try database.iterator(over: .keys)
        var isThere =
            if let cursor {
                try iterator.seek(backTo: cursor.rawValue.key.span)
            } else {
                try iterator.seekToLast()
            }
        var records: [KeyRecord] = []
        var seen = 0
        var last = cursor
        while isThere {
            let id = try Catalogue.id(iterator.key)
            // A cursor is the last key of the page before.
            if id != cursor {
                if records.count >= limit || seen >= scanLimit {
                    return KeyPage(records: records, next: last)
                }
                let record = try Catalogue.decode(iterator.value, id)
                if isWanted(record) { records.append(record) }
                seen += 1
                last = id
            }
            isThere = try iterator.previous()
        }
        return KeyPage(records: records, next: nil)
    }

    func keys(ofSession session: String, limit: Int) throws(StorageError) -> [KeyID] {
        try KeyIndex.keys(in: database, KeyIndex.session(session), limit: limit)
    }

    func keysExpired(by time: WallTime, limit: Int) throws(StorageError) -> [KeyID] {
        try KeyIndex.keys(in: database, KeyIndex.expiries, upTo: time, limit: limit)
    }

    func isEmpty() throws(StorageError) -> Bool {
        var iterator = try database.iterator(over: .keys)
        return try !iterator.seekToFirst()
    }

    private static func id(_ key: Span<UInt8>) throws(StorageError) -> KeyID {
        var reader = ByteReader(key, "the key of a record")
        return KeyID(rawValue: try reader.bigEndian())
    }

    private static func decode(
        _ bytes: Span<UInt8>,
        _ id: KeyID
    ) throws(StorageError) -> KeyRecord {
        let record: KeyRecord
        do {
            record = try KeyRecordCodec.decode(bytes)
        } catch {
            throw StorageError(.corrupt, "the record of \(id): \(error)")
        }
        guard record.id == id else {
            throw StorageError(.corrupt, "the record of \(id) says that it is \(record.id)")
        }
        return record
    }
}
