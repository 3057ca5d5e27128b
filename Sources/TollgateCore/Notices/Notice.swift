/// Something that is told of a key.
package struct Notice: Equatable, Sendable {
    package let id: NoticeID
    package let event: WebhookEvent
    package let time: WallTime
    /// The key that it is about; nil for a test.
    package var keyID: KeyID?
    package var organization: String?
    package var team: String?
    /// What there is to say, a JSON object; never a secret.
    package var data: String

    package init(id: NoticeID, event: WebhookEvent, time: WallTime, data: String) {
        self.id = id
        self.event = event
        self.time = time
        self.data = data
    }
}

/// Where a notice is sent.
package enum NoticeDestination: Hashable, Sendable {
    case webhook(WebhookID)
    /// The address that a key itself names.
    case key(KeyID)
}

extension NoticeDestination: CustomStringConvertible {
    package var description: String {
        switch self {
        case .webhook(let id): "\(id)"
        case .key(let id): "\(id)"
        }
    }
}

/// A notice on its way to one destination.
package struct Delivery: Equatable, Sendable {
    /// Grows with each delivery that is queued; never used twice.
    package let sequence: UInt64
    package let destination: NoticeDestination
    package let notice: Notice
    /// How often it was tried, without success.
    package var attempts: UInt32 = 0
    /// When it is tried next.
    package var next: WallTime

    package init(
        sequence: UInt64,
        destination: NoticeDestination,
        notice: Notice,
        next: WallTime
    ) {
        self.sequence = sequence
        self.destination = destination
        self.notice = notice
        self.next = next
    }
}

/// What came of one attempt to deliver a notice.
package struct DeliveryAttempt: Equatable, Sendable {
    /// What becomes of the delivery.
    package enum Outcome: UInt8, CaseIterable, Sendable {
        case delivered = 1
        case retrying = 2
        case failed = 3

        /// The word that callers see.
        package var text: String {
            switch self {
            case .delivered: "delivered"
            case .retrying: "retrying"
            case .failed: "failed"
            }
        }
    }

    package let noticeID: NoticeID
    package let event: WebhookEvent
    /// Which attempt it was, from 1.
    package let number: UInt32
    package let time: WallTime
    package let outcome: Outcome
    /// The status of the answer; nil when there was none.
    package var status: UInt16?
    /// Why it did not succeed; nil when it did.
    package var error: String?
    /// When it is tried next; nil when it is not.
    package var next: WallTime?

    package init(
        _ notice: Notice,
        number: UInt32,
        time: WallTime,
        outcome: Outcome
    ) {
        noticeID = notice.id
        event = notice.event
        self.number = number
        self.time = time
        self.outcome = outcome
    }

    package init(
        noticeID: NoticeID,
        event: WebhookEvent,
        number: UInt32,
        time: WallTime,
        outcome: Outcome
    ) {
        self.noticeID = noticeID
        self.event = event
        self.number = number
        self.time = time
        self.outcome = outcome
    }
}
