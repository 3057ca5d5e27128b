internal import TollgateCore
internal import TollgateEngine
internal import TollgateWire

/// Suppliers, by their names.
final class SupplierRows: Sendable {
    private let database: Database
    private let counter: ChangeCounter

    init(_ database: Database, _ counter: ChangeCounter) {
        self.database = database
        self.counter = counter
    }

    func all() throws(StorageError) -> [SupplierRecord] {
        var iterator = try database.iterator(over: .suppliers)
        var records: [SupplierRecord] = []
        var isThere = try iterator.seekToFirst()
        while isThere {
            let record: SupplierRecord
            do {
                record = try SupplierRecordCodec.decode(iterator.value)
            } catch {
                throw StorageError(.corrupt, "the record of a supplier: \(error)")
            }
            guard Text.equal(Array(record.name.utf8).span, iterator.key) else {
                throw StorageError(.corrupt, "the record of a supplier is that of another")
            }
            records.append(record)
            isThere = try iterator.next()
        }
        return records
    }

    func save(_ records: [SupplierRecord]) throws(StorageError) {
        var batch = try database.makeBatch()
        for record in records {
            let key = Array(record.name.utf8)
            batch.put(key.span, SupplierRecordCodec.encode(record).span, in: .suppliers)
        }
        try counter.write(&batch)
    }

    func remove(_ name: String) throws(StorageError) {
        var batch = try database.makeBatch()
        batch.delete(Array(name.utf8).span, in: .suppliers)
        try counter.write(&batch)
    }
}
