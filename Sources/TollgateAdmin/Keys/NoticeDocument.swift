internal import TollgateCore

/// What an administrator wants to hear about a key, as the API shows it; no secret is among it.
enum NoticeDocument {
    /// The fields, null where there is nothing.
    static func members(_ notices: KeyNotices) -> [JSONValue.Member] {
        [
            JSONValue.Member("budget_alerts", notices.budgetAlerts.map(json) ?? .null),
            JSONValue.Member("alerts", notices.alerts.map(json) ?? .null),
            JSONValue.Member("webhooks", notices.webhooks.map(json) ?? .null),
            JSONValue.Member("content_rules", .array(notices.contentRules.map(json))),
            JSONValue.Member("anomaly", notices.anomaly.map(json) ?? .null),
        ]
    }

    private static func json(_ alerts: KeyNotices.BudgetAlerts) -> JSONValue {
        [
            "thresholds": percentages(alerts.thresholds),
            "notify_email": JSONValue(alerts.notifyEmail),
        ]
    }

    private static func json(_ alerts: KeyNotices.Alerts) -> JSONValue {
        [
            "budget_threshold": percentages(alerts.budgetThreshold),
            "rate_limit_percentage": number(alerts.rateLimitPercentage.map { Int64($0) }),
            "failed_auth_threshold": number(alerts.failedAuthThreshold.map { Int64($0) }),
            "unusual_patterns": .bool(alerts.unusualPatterns),
        ]
    }

    private static func json(_ webhooks: KeyNotices.Webhooks) -> JSONValue {
        [
            "enabled": .bool(webhooks.isEnabled),
            "url": JSONValue(webhooks.url),
            "events": JSONValue(webhooks.events),
            "has_secret": .bool(!webhooks.secret.isEmpty),
        ]
    }

    private static func json(_ rule: KeyNotices.ContentRule) -> JSONValue {
        [
            "name": .string(rule.name),
            "pattern": .string(rule.pattern),
            "action": rule.isBlocking ? "block" : "alert",
        ]
    }

    private static func json(_ anomaly: KeyNotices.Anomaly) -> JSONValue {
        [
            "enabled": .bool(anomaly.isEnabled),
            "action": anomaly.isBlocking ? "block" : "alert",
            "factor": .integer(anomaly.factor),
        ]
    }

    private static func percentages(_ percentages: [UInt8]) -> JSONValue {
        .array(percentages.map { .integer(Int64($0)) })
    }

    private static func number(_ number: Int64?) -> JSONValue {
        number.map { .integer($0) } ?? .null
    }
}
