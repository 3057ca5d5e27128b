package import TollgateCore

/// What is to be different about a key; what is nil stays as it is.
package struct KeyChanges: Sendable {
    package var name: String?
    package var description: String?
    package var environment: String?
    package var group: String?
    package var metadata: [String: String]?
    package var status: KeyStatus?
    /// When the key ends; `.some(nil)` for never.
    package var expiresAt: WallTime??
    package var allowedModels: [String]?
    package var deniedModels: [String]?
    package var allowedProviders: [String]?
    package var deniedProviders: [String]?
    package var allowedSuppliers: [String]?
    package var deniedSuppliers: [String]?
    package var allowedRegions: [String]?
    package var deniedRegions: [String]?
    package var allowedActions: [String]?
    package var deniedActions: [String]?
    package var ipAllowlist: IPAllowlist?
    package var permissions: Permissions?
    /// The groups that the key belongs to; `.some(nil)` for none.
    package var organization: String??
    package var team: String??
    package var user: String??
    /// Whose the key is to be: said again, so that it can be found wrong.
    package var type: KeyType?
    package var limits: LimitSettings?
    /// `.some(nil)` for none.
    package var policy: PolicyDocument??
    package var iamRules: [IAMRule]?
    /// `.some(nil)` for none.
    package var pricing: PricingRule??
    package var enforcement: Enforcement?
    package var unsettled: UnsettledPolicy?

    package init() {}

    /// The first key of a store, and the one that the operator names at the start.
    static var administrator: KeyChanges {
        var changes = KeyChanges()
        changes.name = "administrator"
        changes.description = "The first administrator"
        changes.permissions = .all
        return changes
    }

    private static let groupLimit = 100

    /// Makes the changes, all but those of status, environment and groups, which have rules of their
    /// own.
    ///
    /// - Parameters:
    ///   - record: what is changed.
    ///   - now: the time.
    ///   - zones: where time zones are found.
    /// - Throws: `.invalid` with the first field that cannot be; the record is then not to be used.
    func apply(
        to record: inout KeyRecord,
        now: WallTime,
        zones: ZoneCatalogue
    ) throws(RegistryError) {
        try applyDescription(to: &record)
        if let expiresAt {
            if let expiresAt, expiresAt <= now {
                throw .invalid(field: "expires_at", "must be in the future")
            }
            record.expiresAt = expiresAt
        }
        KeyChanges.set(&record.models, allowedModels, deniedModels)
        KeyChanges.set(&record.providers, allowedProviders, deniedProviders)
        KeyChanges.set(&record.suppliers, allowedSuppliers, deniedSuppliers)
        KeyChanges.set(&record.regions, allowedRegions, deniedRegions)
        KeyChanges.set(&record.actions, allowedActions, deniedActions)
        if let ipAllowlist { record.ipAllowlist = ipAllowlist }
        if let permissions { record.permissions = permissions }
        applyRules(to: &record)
        do {
            _ = try KeyRules(record, zones: zones)
        } catch {
            throw error.asRegistryError
        }
    }

    private func applyDescription(to record: inout KeyRecord) throws(RegistryError) {
        if let name {
            try DescriptionBounds.check(name: name)
            record.name = name
        }
        if let description {
            try DescriptionBounds.check(description: description)
            record.description = description
        }
        if let group {
            try DescriptionBounds.checkText(group, KeyChanges.groupLimit, "group")
            record.group = group
        }
        if let metadata {
            try DescriptionBounds.check(metadata: metadata)
            record.metadata = metadata
        }
    }

    private func applyRules(to record: inout KeyRecord) {
        if let limits { record.limits = limits }
        if let policy { record.policy = policy }
        if let iamRules { record.iamRules = iamRules }
        if let pricing { record.pricing = pricing }
        if let enforcement { record.enforcement = enforcement }
        if let unsettled { record.unsettled = unsettled }
    }

    private static func set(
        _ lists: inout NameLists,
        _ allowed: [String]?,
        _ denied: [String]?
    ) {
        if let allowed { lists.allowed = allowed }
        if let denied { lists.denied = denied }
    }
}

extension RuleProblem {
    /// The problem as callers of the API see it.
    var asRegistryError: RegistryError {
        func field(_ dimension: Dimension, _ isDenied: Bool) -> String {
            (isDenied ? "denied_" : "allowed_") + dimension.rawValue
        }
        switch self {
        case .badPattern(let dimension, let isDenied, let index):
            return .invalid(
                field: "\(field(dimension, isDenied))[\(index)]",
                "must be 1 to \(Pattern.lengthLimit) bytes of text"
            )
        case .tooMany(let dimension, let isDenied):
            return .invalid(
                field: field(dimension, isDenied),
                "must have at most \(NameRule.patternLimit) entries"
            )
        case .badAddress(let index):
            return .invalid(
                field: "ip_allowlist.addresses[\(index)]",
                "must be an IPv4 or IPv6 address, or a network in CIDR form"
            )
        case .tooManyAddresses:
            return .invalid(
                field: "ip_allowlist.addresses",
                "must have at most \(IPAllowlist.addressLimit) entries"
            )
        case .limit(let problem):
            return .invalid(field: problem.field, problem.message)
        case .policy(let problem):
            return .invalid(field: problem.path, problem.message)
        }
    }
}
