internal import Synchronization
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

/// A catalogue that fails when it is told to.
final class BreakableCatalogue: KeyCatalogue {
    private let base = InMemoryCatalogue()
    private let isBroken = Atomic(false)

    /// Breaks it, or mends it.
    func breaks(_ isBroken: Bool) {
        self.isBroken.store(isBroken, ordering: .relaxed)
    }

    private func check() throws(StorageError) {
        if isBroken.load(ordering: .relaxed) { throw StorageError(.io, "broken") }
    }

    func record(forDigest digest: KeyDigest) throws(StorageError) -> KeyRecord? {
        try check()
        return try base.record(forDigest: digest)
    }

    func record(id: KeyID) throws(StorageError) -> KeyRecord? {
        try check()
        return try base.record(id: id)
    }

    func save(_ record: KeyRecord, replacing old: KeyRecord?) throws(StorageError) {
        try check()
        try base.save(record, replacing: old)
    }

    func page(
        after cursor: KeyID?,
        limit: Int,
        scanLimit: Int,
        where isWanted: (KeyRecord) -> Bool
    ) throws(StorageError) -> KeyPage {
        try check()
        return try base.page(after: cursor, limit: limit, scanLimit: scanLimit, where: isWanted)
    }

    func keys(ofSession session: String, limit: Int) throws(StorageError) -> [KeyID] {
        try check()
        return try base.keys(ofSession: session, limit: limit)
    }

    func keysExpired(by time: WallTime, limit: Int) throws(StorageError) -> [KeyID] {
        try check()
        return try base.keysExpired(by: time, limit: limit)
    }

    var hasHashedSecrets: Bool { base.hasHashedSecrets }

    func isEmpty() throws(StorageError) -> Bool {
        try check()
        return try base.isEmpty()
    }
}
