internal import Glibc
package import TollgateCore
package import TollgateEngine

/// The audit trail that the store keeps.
extension Store: AuditLog {
    package var lastPosition: JournalPosition { JournalPosition(rawValue: journal.frontier) }

    package func page(_ query: AuditQuery) throws(StorageError) -> AuditPage {
        try AuditReader(journal).page(query)
    }

    package func usage(_ span: UsageSpan) throws(StorageError) -> UsageSummary {
        try UsageReader(journal).usage(span)
    }
}

extension Store {
    /// Seals everything that is in the journal now, without waiting until it is enough or old.
    package func seal() throws(StorageError) {
        try projector.sealAll()
    }

    /// Deletes what is older than anybody wants to keep it, in whole segments.
    ///
    /// - Returns: how many segments were deleted.
    @discardableResult
    package func deleteAuditLog(before time: WallTime) throws(StorageError) -> Int {
        try AuditRetention.deleteSegments(before: time, in: database)
    }

    /// Reads all sealed segments and proves that none was changed, damaged or removed.
    ///
    /// Takes as long as reading all of it takes.
    ///
    /// - Throws: `.corrupt` with the first thing that is not as it was sealed.
    package func verifyAuditChain() throws(StorageError) -> AuditChain {
        let inspection = try AuditInspection(try database.snapshot())
        if let problem = inspection.problems.first {
            let place = problem.segment.map { "segment \($0): " } ?? ""
            throw StorageError(.corrupt, place + problem.message)
        }
        return inspection.chain
    }

    /// How far the audit trail has come, to be kept where nobody who can change it can change this.
    ///
    /// Waits until the disk has it: what a checkpoint tells, no loss of power may take back.
    package func checkpoint() throws(StorageError) -> AuditCheckpoint {
        let durable = statistics.durablePosition
        let snapshot = try database.snapshot()
        try database.syncLog()
        let anchor = try AuditAnchor(in: snapshot)
        var iterator = snapshot.iterator(over: .headers)
        guard try iterator.seekToLast() else {
            return AuditCheckpoint(
                sealed: anchor.position,
                hash: "\(anchor.hash)",
                position: durable
            )
        }
        let header = try SegmentHeader(iterator.value)
        return AuditCheckpoint(sealed: header.last, hash: "\(header.hash)", position: durable)
    }
}

/// How far the audit trail has come at some time.
package struct AuditCheckpoint: Equatable, Sendable {
    /// The last position in segments.
    package let sealed: UInt64
    /// The hash of the chain up to there, in hexadecimal.
    package let hash: String
    /// The last position that was durable.
    package let position: UInt64

    package init(sealed: UInt64, hash: String, position: UInt64) {
        self.sealed = sealed
        self.hash = hash
        self.position = position
    }
}
