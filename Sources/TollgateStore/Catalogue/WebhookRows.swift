internal import TollgateCore
internal import TollgateEngine
internal import TollgateWire

/// Webhooks, by their ids.
final class WebhookRows: Sendable {
    private let database: Database
    private let counter: ChangeCounter

    init(_ database: Database, _ counter: ChangeCounter) {
        self.database = database
        self.counter = counter
    }

    func all() throws(StorageError) -> [WebhookRecord] {
        var iterator = try database.iterator(over: .webhooks)
        var records: [WebhookRecord] = []
        var isThere = try iterator.seekToFirst()
        while isThere {
            let record: WebhookRecord
            do {
                record = try WebhookCodec.decode(iterator.value)
            } catch {
                throw StorageError(.corrupt, "the record of a webhook: \(error)")
            }
            guard Text.equal(record.id.rawValue.key.span, iterator.key) else {
                throw StorageError(.corrupt, "the record of a webhook is that of another")
            }
            records.append(record)
            isThere = try iterator.next()
        }
        return records
    }

    func save(_ record: WebhookRecord) throws(StorageError) {
        var batch = try database.makeBatch()
        let key = record.id.rawValue.key
        batch.put(key.span, WebhookCodec.encode(record).span, in: .webhooks)
        try counter.write(&batch)
    }

    /// Forgets a webhook, and what came of its deliveries.
    func remove(_ id: WebhookID) throws(StorageError) {
        var batch = try database.makeBatch()
        batch.delete(id.rawValue.key.span, in: .webhooks)
        NoticeRows.removeAttempts(to: .webhook(id), in: &batch)
        try counter.write(&batch)
    }
}
