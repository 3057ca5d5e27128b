internal import Synchronization
internal import TollgateCore
package import TollgateEngine

/// A journal, and the audit log that reads it, in memory.
///
/// Queries decode everything and then filter it: slow and plainly right, so that the real store can
/// be compared with it.
package final class InMemoryJournal: Journal, AuditLog {
    private let blocks = Mutex<[[UInt8]]>([])

    package init() {}

    /// The blocks so far; the first one has position 1.
    package var appended: [[UInt8]] { blocks.withLock { $0 } }

    package func append(_ block: Span<UInt8>) throws(StorageError) -> JournalPosition {
        _ = try JournalBlockReader(block)
        let copy = block.withUnsafeBufferPointer { Array($0) }
        return blocks.withLock { blocks in
            blocks.append(copy)
            return JournalPosition(rawValue: UInt64(blocks.count))
        }
    }

    /// Calls back at once: what is in memory gets no more durable by waiting.
    package func whenDurable(
        _ position: JournalPosition,
        _ body: @escaping @Sendable (StorageError?) -> Void
    ) {
        body(nil)
    }

    package func page(_ query: AuditQuery) throws(StorageError) -> AuditPage {
        let limit = max(1, query.limit)
        var entries = try entries().filter { entry in
            query.wants(entry) && (query.before.map { entry.place < $0 } ?? true)
        }
        entries.reverse()
        let page = Array(entries.prefix(limit))
        return AuditPage(entries: page, next: page.count == limit ? page.last?.place : nil)
    }

    /// All decisions, the oldest first.
    package func entries() throws(StorageError) -> [AuditEntry] {
        var entries: [AuditEntry] = []
        for (number, block) in appended.enumerated() {
            let position = JournalPosition(rawValue: UInt64(number + 1))
            var reader = try JournalBlockReader(block.span)
            let time = reader.time
            var index: UInt32 = 0
            while let record = try reader.next() {
                let place = AuditPlace(position: position, index: index)
                entries.append(try DecisionRecord.read(record, time: time, place: place))
                index += 1
            }
        }
        return entries
    }
}
