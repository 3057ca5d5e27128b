internal import CTollgateProto
internal import TollgateCore

/// What administrators want to hear about a key, within its record: `tollgate.storage.v1.Notices`.
enum NoticesCodec {
    private typealias Count = Tollgate__Storage__V1__Notices__Count

    // MARK: Writing

    /// Writes notices, unless there are none.
    static func append(_ field: UInt32, _ notices: KeyNotices, to output: inout OutputBuffer) {
        if notices == KeyNotices() { return }
        output.appendElement(field) { output in
            if let budgets = notices.budgetAlerts {
                output.appendElement(1) {
                    append(1, budgets.thresholds, to: &$0)
                    $0.appendText(2, budgets.notifyEmail ?? "")
                }
            }
            if let alerts = notices.alerts { output.appendElement(2) { write(alerts, to: &$0) } }
            if let webhooks = notices.webhooks {
                output.appendElement(3) { write(webhooks, to: &$0) }
            }
            for rule in notices.contentRules {
                output.appendElement(4) {
                    $0.appendText(1, rule.name)
                    $0.appendText(2, rule.pattern)
                    $0.appendField(3, bool: rule.isBlocking)
                }
            }
            if let anomaly = notices.anomaly {
                output.appendElement(5) {
                    $0.appendField(1, bool: anomaly.isEnabled)
                    $0.appendField(2, bool: anomaly.isBlocking)
                    $0.appendField(3, unsigned: UInt64(clamping: anomaly.factor))
                }
            }
        }
    }

    private static func write(_ alerts: KeyNotices.Alerts, to output: inout OutputBuffer) {
        append(1, alerts.budgetThreshold, to: &output)
        let counts = [alerts.rateLimitPercentage.map { UInt32($0) }, alerts.failedAuthThreshold]
        for (index, count) in counts.enumerated() {
            guard let count else { continue }
            output.appendElement(UInt32(2 + index)) { $0.appendField(1, unsigned: UInt64(count)) }
        }
        output.appendField(4, bool: alerts.unusualPatterns)
    }

    private static func write(_ webhooks: KeyNotices.Webhooks, to output: inout OutputBuffer) {
        output.appendField(1, bool: webhooks.isEnabled)
        output.appendText(2, webhooks.url ?? "")
        for event in webhooks.events { output.appendElement(3, text: event) }
        if !webhooks.secret.isEmpty { output.appendElement(5, bytes: webhooks.secret.span) }
    }

    private static func append(
        _ field: UInt32,
        _ percentages: [UInt8],
        to output: inout OutputBuffer
    ) {
        if percentages.isEmpty { return }
        // Numbers in one run, each below 128: a byte.
        output.appendElement(field, bytes: percentages.span)
    }

    // MARK: Reading

    /// The notices of a message; none when it is not there.
    static func notices(
        _ pointer: UnsafeMutablePointer<Tollgate__Storage__V1__Notices>?
    ) throws(WireError) -> KeyNotices {
        var notices = KeyNotices()
        guard let message = pointer?.pointee else { return notices }
        try message.base.requireNoUnknownFields()
        if let budgets = message.budget_alerts?.pointee {
            try budgets.base.requireNoUnknownFields()
            notices.budgetAlerts = KeyNotices.BudgetAlerts(
                thresholds: try percentages(budgets.thresholds, budgets.n_thresholds),
                notifyEmail: try budgets.notify_email.optionalText()
            )
        }
        if let alerts = message.alerts { notices.alerts = try Self.alerts(alerts.pointee) }
        if let webhooks = message.webhooks?.pointee {
            try webhooks.base.requireNoUnknownFields()
            var value = KeyNotices.Webhooks()
            value.isEnabled = webhooks.enabled != 0
            value.url = try webhooks.url.optionalText()
            value.events = try texts(webhooks.events, webhooks.n_events)
            value.secret = webhooks.secret.bytes
            notices.webhooks = value
        }
        for rule in elements(message.content_rules, message.n_content_rules) {
            guard let rule = rule?.pointee else { throw .badValue }
            try rule.base.requireNoUnknownFields()
            notices.contentRules.append(
                KeyNotices.ContentRule(
                    name: try rule.name.text(),
                    pattern: try rule.pattern.text(),
                    isBlocking: rule.blocks != 0
                )
            )
        }
        if let anomaly = message.anomaly?.pointee {
            try anomaly.base.requireNoUnknownFields()
            var value = KeyNotices.Anomaly()
            value.isEnabled = anomaly.enabled != 0
            value.isBlocking = anomaly.blocks != 0
            if anomaly.factor != 0 { value.factor = Int64(anomaly.factor) }
            guard KeyNotices.Anomaly.factors.contains(value.factor) else { throw .badValue }
            notices.anomaly = value
        }
        return notices
    }

    private static func alerts(
        _ message: Tollgate__Storage__V1__Notices__Alerts
    ) throws(WireError) -> KeyNotices.Alerts {
        try message.base.requireNoUnknownFields()
        var alerts = KeyNotices.Alerts()
        alerts.budgetThreshold = try percentages(
            message.budget_threshold,
            message.n_budget_threshold
        )
        if let rate = try count(message.rate_limit_percentage) {
            guard let percentage = UInt8(exactly: rate) else { throw .badValue }
            alerts.rateLimitPercentage = percentage
        }
        alerts.failedAuthThreshold = try count(message.failed_auth_threshold)
        alerts.unusualPatterns = message.unusual_patterns != 0
        return alerts
    }

    private static func count(
        _ pointer: UnsafeMutablePointer<Count>?
    ) throws(WireError) -> UInt32? {
        guard let pointer else { return nil }
        try pointer.pointee.base.requireNoUnknownFields()
        return pointer.pointee.value
    }

    private static func percentages(
        _ start: UnsafeMutablePointer<UInt32>?,
        _ count: Int
    ) throws(WireError) -> [UInt8] {
        var percentages: [UInt8] = []
        for element in elements(start, count) {
            guard element <= 100, let percentage = UInt8(exactly: element) else { throw .badValue }
            percentages.append(percentage)
        }
        return percentages
    }
}
