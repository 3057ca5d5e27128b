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

    package func beginReading() throws(StorageError) -> JournalPosition {
        let end = journal.frontier
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
        let end = journal.frontier
        // After a failed write the journal may go on from an earlier position.
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
        // Positions without a block are those of writes that have failed.
        if count < Store.findingLimit { findings.position = JournalPosition(rawValue: end) }
        findings.hasMore = count >= Store.findingLimit
        return findings
    }
}
