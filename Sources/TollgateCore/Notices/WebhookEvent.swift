/// What can be told of a key.
///
/// The raw value is what receivers match on, and what is stored: words are for good.
package enum WebhookEvent: String, CaseIterable, Sendable {
    case keyCreated = "key.created"
    case keyUpdated = "key.updated"
    case keyRotated = "key.rotated"
    case keyRevoked = "key.revoked"
    case keyExpired = "key.expired"
    case keyLimitExceeded = "key.limit_exceeded"
    case keyBudgetThreshold = "key.budget_threshold"
    case keySuspiciousActivity = "key.suspicious_activity"
    case keyAuthFailures = "key.auth_failures"
    /// That an administrator tries a webhook; nobody subscribes to it.
    case test = "webhook.test"

    /// Those that can be asked for.
    package static let subscribable = allCases.filter { $0 != .test }

    /// Whether it says that something needs a person's attention, and not only what was done.
    package var isAlert: Bool {
        switch self {
        case .keyLimitExceeded, .keyBudgetThreshold, .keySuspiciousActivity, .keyAuthFailures: true
        case .keyCreated, .keyUpdated, .keyRotated, .keyRevoked, .keyExpired, .test: false
        }
    }
}
