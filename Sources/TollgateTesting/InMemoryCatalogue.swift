internal import Synchronization
package import TollgateCore
package import TollgateEngine

/// A catalogue that forgets everything when it is gone: the simplest one that keeps the promises.
package final class InMemoryCatalogue: KeyCatalogue {
    private struct State {
        var records: [KeyID: KeyRecord] = [:]
        var digests: [KeyDigest: KeyID] = [:]
        var loads = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// How many times a record was asked for by digest.
    package var loads: Int { state.withLock { $0.loads } }

    package func record(forDigest digest: KeyDigest) throws(StorageError) -> KeyRecord? {
        state.withLock { state in
            state.loads += 1
            return state.digests[digest].flatMap { state.records[$0] }
        }
    }

    package func record(id: KeyID) throws(StorageError) -> KeyRecord? {
        state.withLock { $0.records[id] }
    }

    package func save(_ record: KeyRecord, replacing old: KeyRecord?) throws(StorageError) {
        state.withLock { state in
            for secret in old?.secrets ?? [] { state.digests[secret.digest] = nil }
            for secret in record.secrets { state.digests[secret.digest] = record.id }
            state.records[record.id] = record
        }
    }

    package func page(
        after cursor: KeyID?,
        limit: Int,
        scanLimit: Int,
        where isWanted: (KeyRecord) -> Bool
    ) throws(StorageError) -> KeyPage {
        let older = state.withLock { state in
            state.records.values.filter { record in cursor.map { record.id < $0 } ?? true }
        }
        var records: [KeyRecord] = []
        var last = cursor
        for (seen, record) in older.sorted(by: { $0.id > $1.id }).enumerated() {
            if records.count >= limit || seen >= scanLimit {
                return KeyPage(records: records, next: last)
            }
            if isWanted(record) { records.append(record) }
            last = record.id
        }
        return KeyPage(records: records, next: nil)
    }

    package func keys(ofSession session: String, limit: Int) throws(StorageError) -> [KeyID] {
        state.withLock { state in
            let records = state.records.values.filter { $0.indexedSession == session }
            return Array(records.map(\.id).sorted().prefix(limit))
        }
    }

    package func keysExpired(by time: WallTime, limit: Int) throws(StorageError) -> [KeyID] {
        state.withLock { state in
            let due = state.records.values.compactMap { record in
                record.indexedExpiry.map { (end: $0, id: record.id) }
            }
            let over = due.filter { $0.end <= time }.sorted { ($0.end, $0.id) < ($1.end, $1.id) }
            return Array(over.map(\.id).prefix(limit))
        }
    }

    package var hasHashedSecrets: Bool {
        state.withLock { state in
            state.records.values.contains { $0.secrets.contains(where: \.isHashed) }
        }
    }

    package func isEmpty() throws(StorageError) -> Bool {
        state.withLock { $0.records.isEmpty }
    }
}
