internal import TollgateCore
internal import TollgateEngine
internal import TollgateWire

/// Models that an administrator has set, by the small letters of their ids.
final class ModelRows: Sendable {
    private let database: Database
    private let counter: ChangeCounter

    init(_ database: Database, _ counter: ChangeCounter) {
        self.database = database
        self.counter = counter
    }

    func all() throws(StorageError) -> [StoredModel] {
        var iterator = try database.iterator(over: .models)
        var models: [StoredModel] = []
        var isThere = try iterator.seekToFirst()
        while isThere {
            let model: StoredModel
            do {
                model = try ModelRecordCodec.decode(iterator.value)
            } catch {
                throw StorageError(.corrupt, "the record of a model: \(error)")
            }
            guard Text.equal(ModelRows.key(model.id).span, iterator.key) else {
                throw StorageError(.corrupt, "the record of a model is that of another")
            }
            models.append(model)
            isThere = try iterator.next()
        }
        return models
    }

    func save(_ models: [StoredModel]) throws(StorageError) {
        var batch = try database.makeBatch()
        for model in models {
            let key = ModelRows.key(model.id)
            batch.put(key.span, ModelRecordCodec.encode(model).span, in: .models)
        }
        try counter.write(&batch)
    }

    private static func key(_ id: String) -> [UInt8] { id.utf8.map(Text.lowercase) }
}
