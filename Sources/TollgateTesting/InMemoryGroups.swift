internal import Synchronization
package import TollgateCore
package import TollgateEngine

/// Organisations, teams and users in memory; fails when it is told to.
package final class InMemoryGroups: GroupCatalogue {
    private let records = Mutex<[GroupID: GroupRecord]>([:])
    private let isBroken = Atomic(false)

    package init() {}

    /// Makes every later call fail, or work again.
    package func breaks(_ isBroken: Bool) {
        self.isBroken.store(isBroken, ordering: .relaxed)
    }

    private func check() throws(StorageError) {
        if isBroken.load(ordering: .relaxed) { throw StorageError(.io, "broken") }
    }

    package func group(_ id: GroupID) throws(StorageError) -> GroupRecord? {
        try check()
        return records.withLock { $0[id] }
    }

    /// Writes a record.
    package func put(_ record: GroupRecord) {
        records.withLock { $0[record.id] = record }
    }

    package func save(_ record: GroupRecord) throws(StorageError) {
        try check()
        put(record)
    }

    package func groups(
        _ kind: GroupKind,
        after cursor: String?,
        limit: Int,
        scanLimit: Int,
        where isWanted: (GroupRecord) -> Bool
    ) throws(StorageError) -> GroupPage {
        try check()
        let behind = records.withLock { records in
            records.values.filter { record in
                record.id.kind == kind && (cursor.map { $0 < record.id.name } ?? true)
            }
        }
        var page: [GroupRecord] = []
        var last = cursor
        for (seen, record) in behind.sorted(by: { $0.id.name < $1.id.name }).enumerated() {
            if page.count >= limit || seen >= scanLimit {
                return GroupPage(records: page, next: last)
            }
            if isWanted(record) { page.append(record) }
            last = record.id.name
        }
        return GroupPage(records: page, next: nil)
    }
}
