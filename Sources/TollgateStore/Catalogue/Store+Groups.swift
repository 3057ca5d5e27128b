package import TollgateCore
package import TollgateEngine

extension Store: GroupCatalogue {
    package func group(_ id: GroupID) throws(StorageError) -> GroupRecord? {
        try groups.group(id)
    }

    package func save(_ record: GroupRecord) throws(StorageError) {
        try healIfNeeded()
        try groups.save(record)
    }

    package func groups(
        _ kind: GroupKind,
        after cursor: String?,
        limit: Int,
        scanLimit: Int,
        where isWanted: (GroupRecord) -> Bool
    ) throws(StorageError) -> GroupPage {
        try groups.page(
            kind,
            after: cursor,
            limit: limit,
            scanLimit: scanLimit,
            where: isWanted
        )
    }
}

extension Store: ModelStore {
    package func storedModels() throws(StorageError) -> [StoredModel] {
        try models.all()
    }

    package func save(_ models: [StoredModel]) throws(StorageError) {
        try healIfNeeded()
        try self.models.save(models)
    }
}
