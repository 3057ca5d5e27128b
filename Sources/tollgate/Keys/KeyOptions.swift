internal import ArgumentParser
internal import TollgateAdmin

/// What a key is to be: options named after the fields of the API.
struct KeyOptions: ParsableArguments {
    @Option(help: "What people call the key.")
    var name: String?

    @Option(help: "What the key is for.")
    var description: String?

    @Option(help: "The part of the secret's prefix that tells live from test keys.")
    var environment: String?

    @Option(help: "A name by which keys are found together.")
    var group: String?

    @Option(help: "enabled or disabled.")
    var status: String?

    @Option(help: "When the key ends: 2030-01-31T12:00:00Z; none for never.")
    var expiresAt: String?

    @Option(help: "How long the key lives: 90s, 15m, 24h or 30d.")
    var expiresIn: TimeSpan?

    @Option(
        help: "A model that may be used; * stands for anything; may be repeated; none for no list."
    )
    var allowedModels: [WordList] = []

    @Option(help: "A model that may not be used.")
    var deniedModels: [WordList] = []

    @Option(help: "A provider that may be used.")
    var allowedProviders: [WordList] = []

    @Option(help: "A provider that may not be used.")
    var deniedProviders: [WordList] = []

    @Option(help: "A supplier that may be used.")
    var allowedSuppliers: [WordList] = []

    @Option(help: "A supplier that may not be used.")
    var deniedSuppliers: [WordList] = []

    @Option(help: "A region that may be used.")
    var allowedRegions: [WordList] = []

    @Option(help: "A region that may not be used.")
    var deniedRegions: [WordList] = []

    @Option(help: "An action that may be performed.")
    var allowedActions: [WordList] = []

    @Option(help: "An action that may not be performed.")
    var deniedActions: [WordList] = []

    @Option(
        name: .customLong("allowed-ips"),
        help:
            "An address or a network that the key may be used from; may be repeated; none for all."
    )
    var allowedIPs: [WordList] = []

    @Option(
        name: .customLong("permission"),
        help: "manage_keys, view_all_usage or manage_billing; may be repeated; none for none."
    )
    var permissions: [WordList] = []

    @Option(
        name: .customLong("org"),
        help: "The organization that the key belongs to; none for no organization."
    )
    var organization: String?

    @Option(help: "The team that the key belongs to; none for no team.")
    var team: String?

    @Option(help: "The user that the key belongs to; none for no user.")
    var user: String?

    @Option(help: "enforce, or monitor: record what would be denied, and allow it.")
    var enforcement: String?

    @Option(help: "What unreported requests count as: charge, charge_input or release.")
    var unsettled: String?

    @Option(help: "A file with an IAM policy document as JSON, - for standard input.")
    var policyFile: String?

    @Option(help: "A name and a value to keep with the key: team=search.")
    var metadata: [String] = []

    @Option(help: "A file with the fields as JSON, - for standard input; other options win.")
    var json: String?

    @OptionGroup(title: "Limits") var limits: LimitOptions

    /// The fields as the API takes them.
    func document() throws(CommandFailure) -> JSONValue {
        var fields = try json.map(JSONFile.members) ?? []
        for block in try limits.blocks() { fields.merge(block) }
        func set(_ name: String, _ value: JSONValue?) {
            guard let value else { return }
            fields.removeAll { $0.name == name }
            fields.append(JSONValue.Member(name, value))
        }
        func set(_ name: String, _ lists: [WordList]) { set(name, lists.json) }
        set("name", name.map { .string($0) })
        set("description", description.map { .string($0) })
        set("environment", environment.map { .string($0) })
        set("group", group.map { .string($0) })
        set("status", status.map { .string($0) })
        set("expires_at", expiresAt.map { $0 == "none" ? .null : .string($0) })
        set("expires_in", expiresIn.map { .integer($0.seconds) })
        set("allowed_models", allowedModels)
        set("denied_models", deniedModels)
        set("allowed_providers", allowedProviders)
        set("denied_providers", deniedProviders)
        set("allowed_suppliers", allowedSuppliers)
        set("denied_suppliers", deniedSuppliers)
        set("allowed_regions", allowedRegions)
        set("denied_regions", deniedRegions)
        set("allowed_actions", allowedActions)
        set("denied_actions", deniedActions)
        set(
            "ip_allowlist",
            allowedIPs.json.map { $0 == .null ? .null : ["enabled": true, "addresses": $0] }
        )
        let granted = JSONValue.object(permissions.words.map { JSONValue.Member($0, true) })
        set("permissions", permissions.json.map { $0 == .null ? .null : granted })
        set("organization_id", organization.map { $0 == "none" ? .null : .string($0) })
        set("team_id", team.map { $0 == "none" ? .null : .string($0) })
        set("user_id", user.map { $0 == "none" ? .null : .string($0) })
        set("enforcement", enforcement.map { .string($0) })
        set("unsettled", unsettled.map { .string($0) })
        if let policyFile { set("policy", try JSONFile.value(policyFile)) }
        if !metadata.isEmpty { set("metadata", try MetadataPairs.json(metadata)) }
        return .object(fields)
    }
}
