internal import TollgateCore
internal import TollgateEngine
internal import TollgateWire

/// Records of organisations, teams and users, by a byte for the kind and the bytes of the name.
final class GroupRows: Sendable {
    private let database: Database
    private let counter: ChangeCounter

    init(_ database: Database, _ counter: ChangeCounter) {
        self.database = database
        self.counter = counter
    }

    func group(_ id: GroupID) throws(StorageError) -> GroupRecord? {
        guard let value = try database.value(of: GroupRows.key(id).span, in: .groups) else {
            return nil
        }
        return try GroupRows.decode(value.bytes, key: GroupRows.key(id).span)
    }

    func save(_ record: GroupRecord) throws(StorageError) {
        var batch = try database.makeBatch()
        batch.put(
            GroupRows.key(record.id).span,
            GroupRecordCodec.encode(record).span,
            in: .groups
        )
        try counter.write(&batch)
    }

    func page(
        _ kind: GroupKind,
        after cursor: String?,
        limit: Int,
        scanLimit: Int,
        where isWanted: (GroupRecord) -> Bool
    ) throws(StorageError) -> GroupPage {
        var iterator = try database.iterator(over: .groups)
        let start = GroupRows.key(kind, cursor ?? "")
        var isThere = try iterator.seek(to: start.span)
        var records: [GroupRecord] = []
        var seen = 0
        var last = cursor
        while isThere, iterator.key.count > 0, iterator.key[0] == kind.rawValue {
            let record = try GroupRows.decode(iterator.value, key: iterator.key)
            // A cursor is the last name of the page before.
            if record.id.name != cursor {
                if records.count >= limit || seen >= scanLimit {
                    return GroupPage(records: records, next: last)
                }
                if isWanted(record) { records.append(record) }
                seen += 1
                last = record.id.name
            }
            isThere = try iterator.next()
        }
        return GroupPage(records: records, next: nil)
    }

    private static func key(_ id: GroupID) -> [UInt8] { key(id.kind, id.name) }

    private static func key(_ kind: GroupKind, _ name: String) -> [UInt8] {
        [kind.rawValue] + name.utf8
    }

    private static func decode(
        _ bytes: Span<UInt8>,
        key: Span<UInt8>
    ) throws(StorageError) -> GroupRecord {
        let record: GroupRecord
        do {
            record = try GroupRecordCodec.decode(bytes)
        } catch {
            throw StorageError(.corrupt, "the record of a group: \(error)")
        }
        guard Text.equal(GroupRows.key(record.id).span, key) else {
            throw StorageError(.corrupt, "the record of a group is that of another")
        }
        return record
    }
}
