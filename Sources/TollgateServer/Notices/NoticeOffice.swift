@preconcurrency internal import Dispatch
internal import Synchronization
internal import TollgateAdmin
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateStore

/// What sending notices needs: where to, signed with what, and how.
struct NoticeOffice: Sendable {
    let store: Store
    let engine: Engine
    let registry: KeyRegistry
    let webhooks: WebhookRegistry
    let secrets: WebhookSecretBox
    let client: WebhookClient
    let tally: NoticeTally

    /// A notice of a draft.
    func notice(of draft: NoticeDraft) throws(CryptoError) -> Notice {
        var notice = Notice(
            id: NoticeID(time: draft.time, entropy: try SecureRandom.uint128()),
            event: draft.event,
            time: draft.time,
            data: NoticeText.data(of: draft)
        )
        notice.keyID = draft.key.id
        notice.organization = draft.key.organization
        notice.team = draft.key.team
        return notice
    }

    /// Where a notice about a key is sent.
    func destinations(of notice: Notice, about key: KeyRecord) -> [NoticeDestination] {
        var destinations = webhooks.records.filter { $0.wants(notice) }
            .map { NoticeDestination.webhook($0.id) }
        if let own = key.notices.webhooks, own.isEnabled, own.url != nil,
            own.events.isEmpty || own.events.contains(notice.event.rawValue)
        {
            destinations.append(.key(key.id))
        }
        return destinations
    }

    /// A delivery, ready to be sent; nil when nothing is sent there any more.
    ///
    /// - Throws: when the destination or its secret cannot be read.
    func message(
        of delivery: Delivery
    ) throws -> WebhookClient.Message? {
        switch delivery.destination {
        case .webhook(let id):
            guard let record = webhooks.webhook(id), record.isEnabled else { return nil }
            return try message(delivery.notice, to: record)
        case .key(let id):
            guard
                let own = try store.record(id: id)?.notices.webhooks, own.isEnabled,
                let url = own.url
            else { return nil }
            let secret = own.secret.isEmpty ? nil : try secrets.secret(in: own.secret, for: "\(id)")
            // What is to be signed is not sent without: the pepper is not the one it was made under.
            if secret == nil, !own.secret.isEmpty { return nil }
            return try message(delivery.notice, to: url, secret)
        }
    }

    /// A notice, ready to be sent to a webhook; nil when its secret was made under another pepper.
    func message(_ notice: Notice, to record: WebhookRecord) throws -> WebhookClient.Message? {
        guard let secret = try webhooks.secret(of: record) else { return nil }
        return try message(notice, to: record.url, secret)
    }

    private func message(
        _ notice: Notice,
        to url: String,
        _ secret: WebhookSecret?
    ) throws -> WebhookClient.Message {
        let body = NoticeText.body(of: notice)
        let timestamp = engine.time.now().wall.milliseconds / 1000
        let id = "\(notice.id)"
        return WebhookClient.Message(
            url: url,
            id: id,
            timestamp: timestamp,
            signature: try secret?.signature(id: id, timestamp: timestamp, body: body),
            body: body
        )
    }

    /// Sees to it that nothing is sent any more to a receiver that is gone.
    ///
    /// - Parameters:
    ///   - destination: whose receiver.
    ///   - url: where it was asked.
    /// - Returns: whether nothing is sent there any more; false when it is elsewhere by now.
    /// - Throws: when that cannot be written, or not be recorded.
    func disable(_ destination: NoticeDestination, at url: String) throws -> Bool {
        switch destination {
        case .webhook(let id): try webhooks.disableGone(id, at: url)
        case .key(let id): try registry.disableGoneWebhook(of: id, at: url)
        }
    }
}

/// Sends tests to webhooks, one at a time: who asks for one holds a thread until it is answered.
final class WebhookTester: Sendable {
    private let office: NoticeOffice
    private let isRunning = Atomic(false)

    init(_ office: NoticeOffice) {
        self.office = office
    }

    /// Sends a test, waits for what comes of it, and keeps that; nil when another is under way.
    func test(_ record: WebhookRecord) -> DeliveryAttempt? {
        guard !isRunning.exchange(true, ordering: .acquiring) else { return nil }
        defer { isRunning.store(false, ordering: .releasing) }
        let now = office.engine.time.now().wall
        let entropy = (try? SecureRandom.uint128()) ?? 0
        let notice = Notice(
            id: NoticeID(time: now, entropy: entropy),
            event: .test,
            time: now,
            data: NoticeText.testData(record.id)
        )
        let result = send(notice, to: record)
        var attempt = DeliveryAttempt(
            notice,
            number: 1,
            time: now,
            outcome: result.isDelivered ? .delivered : .failed
        )
        (attempt.status, attempt.error) = result.answer
        office.tally.count(result.isDelivered ? .delivered : .failed)
        var batch = NoticeBatch()
        batch.attempts = [(.webhook(record.id), attempt)]
        // Whoever asked is answered all the same.
        try? office.store.write(batch)
        return attempt
    }

    private func send(_ notice: Notice, to record: WebhookRecord) -> DeliveryQueue.Result {
        guard let message = try? office.message(notice, to: record) else {
            return .failed(nil, "The secret cannot be read; set it again.")
        }
        let done = DispatchSemaphore(value: 0)
        let answer = Answer()
        let client = office.client
        Task {
            let result = await client.send(message)
            answer.result.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        return answer.result.withLock { $0 }
    }

    /// What comes back from another thread.
    private final class Answer: Sendable {
        let result = Mutex(DeliveryQueue.Result.failed(nil, "Nothing was sent."))
    }
}

extension DeliveryQueue.Result {
    /// Whether the receiver has taken it.
    fileprivate var isDelivered: Bool {
        if case .delivered = self { return true }
        return false
    }

    /// The status, and why it was not taken.
    fileprivate var answer: (status: UInt16?, error: String?) {
        switch self {
        case .delivered(let status): (status, nil)
        case .gone: (410, "The receiver is gone.")
        case .failed(let status, let error): (status, error)
        }
    }
}
