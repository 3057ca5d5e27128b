internal import Synchronization
package import TollgateCore
package import TollgateEngine

extension Store: WebhookStore {
    package func storedWebhooks() throws(StorageError) -> [WebhookRecord] {
        try webhooks.all()
    }

    package func save(_ webhook: WebhookRecord) throws(StorageError) {
        try healIfNeeded()
        try webhooks.save(webhook)
    }

    package func removeWebhook(_ id: WebhookID) throws(StorageError) {
        try healIfNeeded()
        try webhooks.remove(id)
    }
}

extension Store: NoticeStore {
    package func deliveries() throws(StorageError) -> [Delivery] {
        try notices.deliveries()
    }

    package func marks() throws(StorageError) -> [NoticeSubject: NoticeMark] {
        try notices.marks()
    }

    package func write(_ batch: NoticeBatch) throws(StorageError) {
        try notices.write(batch)
        if let position = batch.position { projector.keepBlocks(after: position.rawValue) }
    }

    package func attempts(
        to destination: NoticeDestination,
        before cursor: UInt64?,
        limit: Int
    ) throws(StorageError) -> NoticePage<DeliveryAttempt> {
        try notices.attempts(to: destination, before: cursor, limit: limit)
    }

    package func alerts(
        before cursor: UInt64?,
        limit: Int,
        where isWanted: (Notice) -> Bool
    ) throws(StorageError) -> NoticePage<Notice> {
        try notices.alerts(before: cursor, limit: limit, where: isWanted)
    }
}

extension Store: JournalReading {
    /// How many records findings are made of at most.
    private static let findingLimit = 1 << 18

    /// The last position that notices may be made of.
    ///
    /// It is durable, so that no other block comes to stand there later: the positions of writes that
    /// have failed are given out again.
    private var noticeEnd: UInt64 { journal.state.withLock { $0.projectable } }

    package func beginReading() throws(StorageError) -> JournalPosition {
        let end = noticeEnd
        let known = try notices.position()
        let position = min(known ?? end, end)
        if known == nil {
            var batch = NoticeBatch()
            batch.position = JournalPosition(rawValue: position)
            try notices.write(batch)
        }
        projector.keepBlocks(after: position)
        return JournalPosition(rawValue: position)
    }

    package func findings(after position: JournalPosition) throws(StorageError) -> JournalFindings?
    {
        let end = noticeEnd
        // Only when something that was durable is gone.
        guard end >= position.rawValue else {
            throw StorageError(.io, "the journal has lost what was read")
        }
        guard end > position.rawValue else { return nil }
        var findings = JournalFindings(upTo: position)
        var count = 0
        try BlockJournal.forEachBlock(
            after: position.rawValue,
            upTo: end,
            in: try database.snapshot()
        ) { (place, block) throws(StorageError) in
            count += try findings.add(block)
            findings.position = JournalPosition(rawValue: place)
            return count < Store.findingLimit
        }
        // Positions without a block are those of writes that have failed, with others behind them.
        if count < Store.findingLimit { findings.position = JournalPosition(rawValue: end) }
        findings.hasMore = count >= Store.findingLimit
        return findings
    }
}
