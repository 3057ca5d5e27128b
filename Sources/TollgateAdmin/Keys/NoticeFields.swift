internal import TollgateCore
internal import TollgateEngine

/// Reads what an administrator wants to hear about a key: `budget_alerts`, `alerts`, `webhooks`,
/// `content_rules` and `anomaly`.
///
/// Each is replaced as a whole, and null takes it away; only the secret of a webhook, which is never
/// shown, stays when nothing is said of it.
enum NoticeFields {
    private static let actions = ["block": true, "alert": false]

    /// Takes the fields out of a document.
    ///
    /// - Parameters:
    ///   - reader: the document.
    ///   - old: what there is.
    /// - Returns: what there is to be, nil when the document says nothing of it; and the secret of
    ///   the webhook when it is to be another.
    /// - Throws: a 400 with the path of the first field that cannot be.
    static func notices(
        in reader: inout ObjectReader,
        mergedInto old: KeyNotices
    ) throws(APIError) -> (notices: KeyNotices?, secret: String?) {
        var notices = old
        var secret: String?
        if let field = try reader.object("budget_alerts").orNull {
            notices.budgetAlerts = try field.map { (members) throws(APIError) in
                try budgetAlerts(members)
            }
        }
        if let field = try reader.object("alerts").orNull {
            notices.alerts = try field.map { (members) throws(APIError) in try alerts(members) }
        }
        if let field = try reader.object("webhooks").orNull {
            notices.webhooks = try field.map { (members) throws(APIError) in
                try webhooks(members, old.webhooks, &secret)
            }
        }
        switch reader.take("content_rules") {
        case .absent: break
        case .null: notices.contentRules = []
        case .value(let value):
            notices.contentRules = try contentRules(value, reader.path(of: "content_rules"))
        }
        if let field = try reader.object("anomaly").orNull {
            notices.anomaly = try field.map { (members) throws(APIError) in try anomaly(members) }
        }
        return (notices == old ? nil : notices, secret)
    }

    private static func budgetAlerts(
        _ members: ObjectReader
    ) throws(APIError) -> KeyNotices.BudgetAlerts {
        var members = members
        let thresholds = try members.percentages("thresholds")
        let email = try members.bounded("notify_email")
        if let email, !email.contains("@") {
            throw .invalidField(members.path(of: "notify_email"), "must be an address")
        }
        try members.finish()
        return KeyNotices.BudgetAlerts(thresholds: thresholds, notifyEmail: email)
    }

    private static func alerts(_ members: ObjectReader) throws(APIError) -> KeyNotices.Alerts {
        var members = members
        var alerts = KeyNotices.Alerts()
        alerts.budgetThreshold = try members.percentages("budget_threshold")
        let rate = try members.whole("rate_limit_percentage", in: 1...100).orNil
        alerts.rateLimitPercentage = rate.map { UInt8($0) }
        let failures = try members.whole("failed_auth_threshold", in: 1...1_000_000).orNil
        alerts.failedAuthThreshold = failures.map { UInt32($0) }
        alerts.unusualPatterns = try members.flag("unusual_patterns").orNil ?? false
        try members.finish()
        return alerts
    }

    private static func webhooks(
        _ members: ObjectReader,
        _ old: KeyNotices.Webhooks?,
        _ secret: inout String?
    ) throws(APIError) -> KeyNotices.Webhooks {
        var members = members
        var webhooks = KeyNotices.Webhooks()
        webhooks.isEnabled = try members.flag("enabled").orNil ?? true
        webhooks.url = try members.bounded("url")
        if let url = webhooks.url, !url.hasPrefix("https://"), !url.hasPrefix("http://") {
            throw .invalidField(members.path(of: "url"), "must begin with https:// or http://")
        }
        guard !webhooks.isEnabled || webhooks.url != nil else {
            throw .invalidField(members.path(of: "url"), "is missing")
        }
        webhooks.events = try members.bounded("events") { WebhookFields.names.contains($0) }
        switch try members.text("secret") {
        case .absent: webhooks.secret = old?.secret ?? []
        case .null: break
        case .value(let text):
            guard WebhookSecret(text) != nil else {
                throw .invalidField(members.path(of: "secret"), WebhookFields.secretProblem)
            }
            secret = text
        }
        try members.finish()
        return webhooks
    }

    private static func contentRules(
        _ value: JSONValue,
        _ path: FieldPath
    ) throws(APIError) -> [KeyNotices.ContentRule] {
        guard case .array(let elements) = value, elements.count <= KeyNotices.entryLimit else {
            throw .invalidField(path, "must be an array of at most \(KeyNotices.entryLimit)")
        }
        var rules: [KeyNotices.ContentRule] = []
        for (index, element) in elements.enumerated() {
            var members = try ObjectReader(element, at: path.element(index))
            guard let pattern = try members.bounded("pattern"), !pattern.isEmpty else {
                throw .invalidField(members.path(of: "pattern"), "is missing")
            }
            let name = try members.bounded("name") ?? ""
            let word = try members.text("action").orNil ?? "block"
            guard let isBlocking = actions[word] else {
                throw .invalidField(members.path(of: "action"), "must be block or alert")
            }
            try members.finish()
            rules.append(
                KeyNotices.ContentRule(name: name, pattern: pattern, isBlocking: isBlocking)
            )
        }
        return rules
    }

    private static func anomaly(_ members: ObjectReader) throws(APIError) -> KeyNotices.Anomaly {
        var members = members
        var anomaly = KeyNotices.Anomaly()
        anomaly.isEnabled = try members.flag("enabled").orNil ?? true
        let word = try members.text("action").orNil ?? "alert"
        guard let isBlocking = actions[word] else {
            throw .invalidField(members.path(of: "action"), "must be block or alert")
        }
        anomaly.isBlocking = isBlocking
        let factor = try members.whole("factor", in: KeyNotices.Anomaly.factors).orNil
        anomaly.factor = factor ?? KeyNotices.Anomaly.usualFactor
        try members.finish()
        return anomaly
    }
}

extension ObjectReader {
    /// Percentages, 1 to 100 each; none when the field is not there.
    fileprivate mutating func percentages(_ name: String) throws(APIError) -> [UInt8] {
        guard case .value(let value) = take(name) else { return [] }
        let path = path(of: name)
        guard case .array(let elements) = value, elements.count <= KeyNotices.entryLimit else {
            throw .invalidField(path, "must be an array of at most \(KeyNotices.entryLimit)")
        }
        var percentages: [UInt8] = []
        for (index, element) in elements.enumerated() {
            guard case .integer(let number) = element, (1...100).contains(number) else {
                throw .invalidField(path.element(index), "must be a whole number from 1 to 100")
            }
            percentages.append(UInt8(number))
        }
        return percentages
    }

    /// A text of bounded length; nil when the field is not there.
    fileprivate mutating func bounded(_ name: String) throws(APIError) -> String? {
        guard let text = try text(name).orNil else { return nil }
        guard text.utf8.count <= KeyNotices.textLimit, !text.utf8.contains(0) else {
            throw .invalidField(
                path(of: name),
                "must have at most \(KeyNotices.textLimit) bytes, and no NUL"
            )
        }
        return text
    }

    /// Texts of a known kind, not too many of them; none when the field is not there.
    fileprivate mutating func bounded(
        _ name: String,
        where isKnown: (String) -> Bool
    ) throws(APIError) -> [String] {
        let texts = try texts(name).orNil ?? []
        guard texts.count <= KeyNotices.entryLimit else {
            throw .invalidField(
                path(of: name),
                "must have at most \(KeyNotices.entryLimit) entries"
            )
        }
        if let index = texts.firstIndex(where: { !isKnown($0) }) {
            throw .invalidField(path(of: name).element(index), "is none that there is")
        }
        return texts
    }
}
