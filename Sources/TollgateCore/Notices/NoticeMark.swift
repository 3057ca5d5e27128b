/// What is told only once: about a key, which limit, and which part of it.
package struct NoticeSubject: Hashable, Sendable {
    package let keyID: KeyID
    package let event: WebhookEvent
    package let limit: LimitName?
    package let level: LimitLevel
    /// In percent, or of a content rule its number; 0 where there is neither.
    package let threshold: UInt8

    package init(
        _ keyID: KeyID,
        _ event: WebhookEvent,
        limit: LimitName? = nil,
        level: LimitLevel = .key,
        threshold: UInt8 = 0
    ) {
        self.keyID = keyID
        self.event = event
        self.limit = limit
        self.level = level
        self.threshold = threshold
    }
}

/// That something was told: in which window, and what the limit was then.
///
/// It is told again when either is another.
package struct NoticeMark: Equatable, Sendable {
    /// When the window ends or, of what has none, which minute it was; in milliseconds or minutes.
    package let window: Int64
    /// In requests, tokens or nano-USD.
    package let limit: Int64
    package let time: WallTime

    package init(window: Int64, limit: Int64, time: WallTime) {
        self.window = window
        self.limit = limit
        self.time = time
    }
}
