/// Somebody's address that notices are sent to.
package struct WebhookRecord: Equatable, Sendable {
    package let id: WebhookID
    /// `http` or `https`.
    package var url: String
    /// What is sent; empty for everything.
    package var events: [WebhookEvent] = []
    package var isEnabled = true
    /// Whether the receiver has answered that it is gone for good, which disables it.
    package var isGone = false
    package var description = ""
    /// Only notices about keys of this organisation; nil for all.
    package var organization: String?
    /// Only notices about keys of this team; nil for all.
    package var team: String?
    /// What deliveries are signed with, encrypted.
    package var secret: [UInt8]
    /// Counts the changes, from 1.
    package var version: UInt64 = 1
    package var createdAt: WallTime
    package var updatedAt: WallTime

    package init(id: WebhookID, url: String, secret: [UInt8] = [], createdAt: WallTime) {
        self.id = id
        self.url = url
        self.secret = secret
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    /// Whether a notice is for this webhook.
    package func wants(_ notice: Notice) -> Bool {
        guard isEnabled, events.isEmpty || events.contains(notice.event) else { return false }
        return (organization == nil || organization == notice.organization)
            && (team == nil || team == notice.team)
    }
}
