package import TollgateCore

/// What is to be different about the restrictions of a key or a group; what is nil stays as it is.
package struct RestrictionChanges: Sendable {
    /// When it all ends; `.some(nil)` for never.
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
    package var limits: LimitSettings?
    /// `.some(nil)` for none.
    package var policy: PolicyDocument??
    package var iamRules: [IAMRule]?
    /// `.some(nil)` for none.
    package var pricing: PricingRule??

    package init() {}

    /// Makes the changes.
    ///
    /// - Parameters:
    ///   - restrictions: what is changed; what comes of it is still to be compiled.
    ///   - now: the time.
    ///   - mayBeOver: whether it may end in the past.
    /// - Throws: `.invalid` when it would end in the past.
    func apply(
        to restrictions: inout Restrictions,
        now: WallTime,
        mayBeOver: Bool = false
    ) throws(RegistryError) {
        if let expiresAt {
            if let expiresAt, expiresAt <= now, !mayBeOver {
                throw .invalid(field: "expires_at", "must be in the future")
            }
            restrictions.expiresAt = expiresAt
        }
        RestrictionChanges.set(&restrictions.models, allowedModels, deniedModels)
        RestrictionChanges.set(&restrictions.providers, allowedProviders, deniedProviders)
        RestrictionChanges.set(&restrictions.suppliers, allowedSuppliers, deniedSuppliers)
        RestrictionChanges.set(&restrictions.regions, allowedRegions, deniedRegions)
        RestrictionChanges.set(&restrictions.actions, allowedActions, deniedActions)
        if let ipAllowlist { restrictions.ipAllowlist = ipAllowlist }
        if let limits { restrictions.limits = limits }
        if let policy { restrictions.policy = policy }
        if let iamRules { restrictions.iamRules = iamRules }
        if let pricing { restrictions.pricing = pricing }
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
        case .content(let problem):
            return .invalid(
                field: "content_rules[\(problem.index)].pattern",
                problem.problem.message
            )
        }
    }
}
