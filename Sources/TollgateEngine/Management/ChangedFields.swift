internal import TollgateCore

// The names of what is different, as the API has them: what a record of an action holds in place of
// values, which may be secret.

extension KeyRecord {
    /// The fields in which this record is unlike another.
    func fields(unlike old: KeyRecord) -> [String] {
        var fields = ChangedFields()
        fields.add("name", name, old.name)
        fields.add("description", description, old.description)
        fields.add("group", group, old.group)
        fields.add("metadata", metadata, old.metadata)
        fields.add("status", status, old.status)
        fields.add("organization_id", organization, old.organization)
        fields.add("team_id", team, old.team)
        fields.add("user_id", user, old.user)
        fields.add("session_id", session, old.session)
        fields.add("access", access, old.access)
        fields.add("permissions", permissions, old.permissions)
        fields.add(restrictions, old.restrictions)
        fields.add("enforcement", enforcement, old.enforcement)
        fields.add("unsettled", unsettled, old.unsettled)
        fields.add("budget_alerts", notices.budgetAlerts, old.notices.budgetAlerts)
        fields.add("alerts", notices.alerts, old.notices.alerts)
        fields.add("webhooks", notices.webhooks, old.notices.webhooks)
        fields.add("content_rules", notices.contentRules, old.notices.contentRules)
        fields.add("anomaly", notices.anomaly, old.notices.anomaly)
        // That a new key has a secret goes without saying.
        guard !old.secrets.isEmpty else { return fields.names }
        fields.add("api_key", secrets.first?.digest, old.secrets.first?.digest)
        fields.add("previous_key_valid_until", previousEnd, old.previousEnd)
        return fields.names
    }
}

extension KeyRecord {
    /// Until when the secret before the last rotation works.
    private var previousEnd: WallTime? { secrets.dropFirst().first?.validUntil }
}

extension GroupRecord {
    /// The fields in which this record is unlike another.
    func fields(unlike old: GroupRecord) -> [String] {
        var fields = ChangedFields()
        fields.add("name", name, old.name)
        fields.add("description", description, old.description)
        fields.add("metadata", metadata, old.metadata)
        fields.add("status", isEnabled, old.isEnabled)
        fields.add("organization_id", organization, old.organization)
        fields.add("team_id", team, old.team)
        fields.add("credits", credits, old.credits)
        fields.add(restrictions, old.restrictions)
        return fields.names
    }
}

extension Model {
    /// The fields in which this model is unlike another, or unlike none.
    func fields(unlike old: Model?) -> [String] {
        var fields = ChangedFields()
        fields.add("provider", provider, old?.provider)
        fields.add("aliases", aliases, old?.aliases ?? [])
        fields.add("input_price", price?.input, old?.price?.input)
        fields.add("output_price", price?.output, old?.price?.output)
        fields.add("cached_input_price", price?.cachedInput, old?.price?.cachedInput)
        fields.add("max_output_tokens", maximumOutput, old?.maximumOutput)
        fields.add("suppliers", suppliers, old?.suppliers ?? [])
        return fields.names
    }
}

private struct ChangedFields {
    private(set) var names: [String] = []

    mutating func add<Value: Equatable>(_ name: String, _ new: Value, _ old: Value) {
        if new != old { names.append(name) }
    }

    mutating func add(_ new: Restrictions, _ old: Restrictions) {
        add("expires_at", new.expiresAt, old.expiresAt)
        add("models", new.models, old.models)
        add("providers", new.providers, old.providers)
        add("suppliers", new.suppliers, old.suppliers)
        add("regions", new.regions, old.regions)
        add("actions", new.actions, old.actions)
        add("ip_allowlist", new.ipAllowlist, old.ipAllowlist)
        add("rate_limits", new.limits.rates, old.limits.rates)
        add("budget_limits", new.limits.budgets, old.limits.budgets)
        add("token_limits", new.limits.tokens, old.limits.tokens)
        add("request_limits", new.limits.requests, old.limits.requests)
        add("pricing", new.pricing, old.pricing)
        add("policy", new.policy, old.policy)
        add("iam_rules", new.iamRules, old.iamRules)
    }

    private mutating func add(_ dimension: String, _ new: NameLists, _ old: NameLists) {
        add("allowed_\(dimension)", new.allowed, old.allowed)
        add("denied_\(dimension)", new.denied, old.denied)
    }
}
