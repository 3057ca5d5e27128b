package import TollgateCore

/// Where webhooks are kept for good.
///
/// Implemented by the store. Methods may be called from any thread but event loops, and wait for
/// local storage.
package protocol WebhookStore: AnyObject, Sendable {
    /// All webhooks.
    func storedWebhooks() throws(StorageError) -> [WebhookRecord]

    /// Writes a record over the one that was there, durably.
    func save(_ webhook: WebhookRecord) throws(StorageError)

    /// Forgets a record, durably.
    func removeWebhook(_ id: WebhookID) throws(StorageError)
}

/// Where notices wait to be delivered, and where it is kept what came of it.
///
/// As `WebhookStore`. What is written survives the end of the process.
package protocol NoticeStore: AnyObject, Sendable {
    /// Everything that waits, in the order in which it was queued.
    func deliveries() throws(StorageError) -> [Delivery]

    /// What was told and is not told again.
    func marks() throws(StorageError) -> [NoticeSubject: NoticeMark]

    /// Writes all of a batch, or nothing.
    func write(_ batch: NoticeBatch) throws(StorageError)

    /// Attempts to deliver to one destination, the newest first.
    ///
    /// - Parameters:
    ///   - destination: where to.
    ///   - cursor: only attempts before this one; nil for the newest.
    ///   - limit: how many at most.
    /// - Returns: the attempts, and from where to go on.
    /// - Throws: when they cannot be read.
    func attempts(
        to destination: NoticeDestination,
        before cursor: UInt64?,
        limit: Int
    ) throws(StorageError) -> NoticePage<DeliveryAttempt>

    /// Notices that need somebody's attention, the newest first.
    ///
    /// - Parameters:
    ///   - cursor: only alerts before this one; nil for the newest.
    ///   - limit: how many at most.
    ///   - isWanted: which to return.
    /// - Returns: the alerts, and from where to go on.
    /// - Throws: when they cannot be read.
    func alerts(
        before cursor: UInt64?,
        limit: Int,
        where isWanted: (Notice) -> Bool
    ) throws(StorageError) -> NoticePage<Notice>
}

/// A page of a list that has the newest first.
package struct NoticePage<Element: Sendable>: Sendable {
    package let elements: [Element]
    /// From where to go on; nil at the end.
    package let next: UInt64?

    package init(elements: [Element], next: UInt64?) {
        self.elements = elements
        self.next = next
    }
}

/// Changes of what is known of notices, written together.
package struct NoticeBatch: Sendable {
    /// Deliveries that are new, or that are tried later.
    package var saved: [Delivery] = []
    /// Deliveries that are over, by their sequences.
    package var removed: [UInt64] = []
    /// What came of attempts, by where they went.
    package var attempts: [(NoticeDestination, DeliveryAttempt)] = []
    package var alerts: [Notice] = []
    package var marks: [NoticeSubject: NoticeMark] = [:]
    /// The last position of the journal that notices were made of; nil when that is as it was.
    package var position: JournalPosition?

    package init() {}
}
