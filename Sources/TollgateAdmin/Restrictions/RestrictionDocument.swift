internal import TollgateCore

/// What a key or a group restricts, as the API shows it.
enum RestrictionDocument {
    /// The fields, empty ones included.
    static func members(_ restrictions: Restrictions) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ value: JSONValue) {
            members.append(JSONValue.Member(name, value))
        }
        func add(_ name: String, _ lists: NameLists) {
            add("allowed_\(name)", JSONValue(lists.allowed))
            add("denied_\(name)", JSONValue(lists.denied))
        }
        add("expires_at", JSONValue(restrictions.expiresAt.map { Timestamp.text($0) }))
        add("models", restrictions.models)
        add("providers", restrictions.providers)
        add("suppliers", restrictions.suppliers)
        add("regions", restrictions.regions)
        add("actions", restrictions.actions)
        add(
            "ip_allowlist",
            [
                "enabled": .bool(restrictions.ipAllowlist.isEnabled),
                "addresses": JSONValue(restrictions.ipAllowlist.addresses),
            ]
        )
        members += LimitDocument.members(restrictions.limits)
        add("pricing", restrictions.pricing.map { PolicyJSON.json($0) } ?? .null)
        add("policy", restrictions.policy.map { PolicyJSON.json($0) } ?? .null)
        add("iam_rules", .array(restrictions.iamRules.map { PolicyJSON.json($0) }))
        return members
    }
}
