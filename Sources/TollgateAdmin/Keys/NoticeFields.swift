internal import TollgateCore
internal import TollgateEngine

/// Reads what an administrator wants to hear about a key: `budget_alerts`, `alerts`, `webhooks`,
/// `content_rules` and `anomaly`.
///
/// PATCH merges: a block that is not there stays as it is, and so does a member of a block; null
/// takes away what a member says, or all of a block. `content_rules` is a list and is replaced.
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
                try budgetAlerts(members, old.budgetAlerts)
            }
        }
        if let field = try reader.object("alerts").orNull {
            notices.alerts = try field.map { (members) throws(APIError) in
                try alerts(members, old.alerts)
            }
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
            notices.anomaly = try field.map { (members) throws(APIError) in
                try anomaly(members, old.anomaly)
            }
        }
        return (notices == old ? nil : notices, secret)
    }

    private static func budgetAlerts(
        _ members: ObjectReader,
        _ old: KeyNotices.BudgetAlerts?
    ) throws(APIError) -> KeyNotices.BudgetAlerts {
        var members = members
        let thresholds = try members.percentages("thresholds").or([])
        let email = try members.boundedField("notify_email").orNull
        if case .some(let email?) = email, !email.contains("@") {
            throw .invalidField(members.path(of: "notify_email"), "must be an address")
        }
        try members.finish()
        return KeyNotices.BudgetAlerts(
            thresholds: thresholds ?? old?.thresholds ?? [],
            notifyEmail: email ?? old?.notifyEmail
        )
    }

    private static func alerts(
        _ members: ObjectReader,
        _ old: KeyNotices.Alerts?
    ) throws(APIError) -> KeyNotices.Alerts {
        var members = members
        var alerts = old ?? KeyNotices.Alerts()
        if let thresholds = try members.percentages("budget_threshold").or([]) {
            alerts.budgetThreshold = thresholds
        }
        if let rate = try members.whole("rate_limit_percentage", in: 1...100).orNull {
            alerts.rateLimitPercentage = rate.map { UInt8($0) }
        }
        if let failures = try members.whole("failed_auth_threshold", in: 1...1_000_000).orNull {
            alerts.failedAuthThreshold = failures.map { UInt32($0) }
        }
        if let unusual = try members.flag("unusual_patterns").or(false) {
            alerts.unusualPatterns = unusual
        }
        try members.finish()
        return alerts
    }

    private static func webhooks(
        _ members: ObjectReader,
        _ old: KeyNotices.Webhooks?,
        _ secret: inout String?
    ) throws(APIError) -> KeyNotices.Webhooks {
        var members = members
        var webhooks = old ?? KeyNotices.Webhooks()
        webhooks.isEnabled = try members.flag("enabled").or(true) ?? old?.isEnabled ?? true
        if let url = try members.text("url").orNull {
            if let url { try WebhookFields.check(url: url, at: members.path(of: "url")) }
            webhooks.url = url
        }
        guard !webhooks.isEnabled || webhooks.url != nil else {
            throw .invalidField(members.path(of: "url"), "is missing")
        }
        let events = try members.bounded("events") { WebhookFields.names.contains($0) }
        if let events = events.or([]) { webhooks.events = events }
        // What was read may be sent back, but says nothing that is not so.
        if let hasSecret = try members.flag("has_secret").orNil,
            hasSecret == webhooks.secret.isEmpty
        {
            throw .invalidField(members.path(of: "has_secret"), "only tells of secret")
        }
        switch try members.text("secret") {
        case .absent: break
        case .null: webhooks.secret = []
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

    private static func anomaly(
        _ members: ObjectReader,
        _ old: KeyNotices.Anomaly?
    ) throws(APIError) -> KeyNotices.Anomaly {
        var members = members
        var anomaly = old ?? KeyNotices.Anomaly()
        anomaly.isEnabled = try members.flag("enabled").or(true) ?? old?.isEnabled ?? true
        if let word = try members.text("action").or("alert") {
            guard let isBlocking = actions[word] else {
                throw .invalidField(members.path(of: "action"), "must be block or alert")
            }
            anomaly.isBlocking = isBlocking
        }
        let usual = KeyNotices.Anomaly.usualFactor
        let factor = try members.whole("factor", in: KeyNotices.Anomaly.factors).or(usual)
        anomaly.factor = factor ?? old?.factor ?? usual
        try members.finish()
        return anomaly
    }
}

extension ObjectReader {
    /// Percentages, 1 to 100 each.
    fileprivate mutating func percentages(_ name: String) throws(APIError) -> Field<[UInt8]> {
        let value: JSONValue
        switch take(name) {
        case .absent: return .absent
        case .null: return .null
        case .value(let found): value = found
        }
        let path = path(of: name)
        guard case .array(let elements) = value, elements.count <= KeyNotices.entryLimit else {
            throw .invalidField(path, "must be an array of at most \(KeyNotices.entryLimit)")
        }
        var percentages: [UInt8] = []
        for (index, element) in elements.enumerated() {
            guard let number = element.whole, (1...100).contains(number) else {
                throw .invalidField(path.element(index), "must be a whole number from 1 to 100")
            }
            percentages.append(UInt8(number))
        }
        return .value(percentages)
    }

    /// A text of bounded length; nil when the field is not there.
    fileprivate mutating func bounded(_ name: String) throws(APIError) -> String? {
        try boundedField(name).orNil
    }

    /// A text of bounded length, or what else the field says.
    fileprivate mutating func boundedField(_ name: String) throws(APIError) -> Field<String> {
        let field = try text(name)
        guard let text = field.orNil else { return field }
        guard text.utf8.count <= KeyNotices.textLimit, !text.utf8.contains(0) else {
            throw .invalidField(
                path(of: name),
                "must have at most \(KeyNotices.textLimit) bytes, and no NUL"
            )
        }
        return field
    }

    /// Texts of a known kind, not too many of them.
    fileprivate mutating func bounded(
        _ name: String,
        where isKnown: (String) -> Bool
    ) throws(APIError) -> Field<[String]> {
        let field = try texts(name)
        let texts = field.orNil ?? []
        guard texts.count <= KeyNotices.entryLimit else {
            throw .invalidField(
                path(of: name),
                "must have at most \(KeyNotices.entryLimit) entries"
            )
        }
        if let index = texts.firstIndex(where: { !isKnown($0) }) {
            throw .invalidField(path(of: name).element(index), "is none that there is")
        }
        return field
    }
}
