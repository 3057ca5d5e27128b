/// What the requests of a key, or of the keys of a group, may be about, as a decision reads it:
/// compiled once, never changed afterwards.
package final class AccessRules: Sendable {
    package let expiresAt: WallTime?
    package let models: NameRule
    package let providers: NameRule
    package let suppliers: NameRule
    package let regions: NameRule
    package let actions: NameRule
    /// The networks that requests may come from; nil when any will do.
    package let networks: [IPNetwork]?
    /// The policy, rules and pricing; nil when there is none of them.
    package let policy: Policy?

    /// Compiles restrictions, all but their limits.
    ///
    /// - Parameters:
    ///   - restrictions: what was written.
    ///   - zones: where time zones are found.
    /// - Throws: the first thing that is not a pattern, a network or part of a policy.
    package init(_ restrictions: Restrictions, zones: ZoneCatalogue) throws(RuleProblem) {
        expiresAt = restrictions.expiresAt
        models = try AccessRules.rule(restrictions.models, .models)
        providers = try AccessRules.rule(restrictions.providers, .providers)
        suppliers = try AccessRules.rule(restrictions.suppliers, .suppliers)
        regions = try AccessRules.rule(restrictions.regions, .regions)
        actions = try AccessRules.rule(restrictions.actions, .actions)
        let list = try AccessRules.networks(restrictions.ipAllowlist)
        networks = restrictions.ipAllowlist.isEnabled ? list : nil
        policy = try AccessRules.policy(restrictions, zones)
    }

    /// Compiles the restrictions of a group; nil when they leave every request alone.
    package static func ofGroup(
        _ restrictions: Restrictions,
        zones: ZoneCatalogue
    ) throws(RuleProblem) -> AccessRules? {
        let rules = try AccessRules(restrictions, zones: zones)
        return rules.restricts ? rules : nil
    }

    private var restricts: Bool {
        expiresAt != nil || networks != nil || policy != nil || models.restricts
            || providers.restricts || suppliers.restricts || regions.restricts || actions.restricts
    }

    /// Whether all of it is over at a time.
    func isExpired(at time: WallTime) -> Bool {
        expiresAt.map { $0 <= time } ?? false
    }

    private static func policy(
        _ restrictions: Restrictions,
        _ zones: ZoneCatalogue
    ) throws(RuleProblem) -> Policy? {
        let (document, rules) = (restrictions.policy, restrictions.iamRules)
        guard document != nil || !rules.isEmpty || restrictions.pricing != nil else { return nil }
        do {
            return try Policy(document, rules: rules, pricing: restrictions.pricing, zones: zones)
        } catch {
            throw .policy(error)
        }
    }

    private static func rule(
        _ lists: NameLists,
        _ dimension: RuleProblem.Dimension
    ) throws(RuleProblem) -> NameRule {
        NameRule(
            allowed: try patterns(lists.allowed, dimension, isDenied: false),
            denied: try patterns(lists.denied, dimension, isDenied: true)
        )
    }

    private static func patterns(
        _ texts: [String],
        _ dimension: RuleProblem.Dimension,
        isDenied: Bool
    ) throws(RuleProblem) -> [Pattern] {
        guard texts.count <= NameRule.patternLimit else {
            throw .tooMany(dimension, isDenied: isDenied)
        }
        var patterns: [Pattern] = []
        patterns.reserveCapacity(texts.count)
        for (index, text) in texts.enumerated() {
            guard let pattern = Pattern(text) else {
                throw .badPattern(dimension, isDenied: isDenied, index: index)
            }
            patterns.append(pattern)
        }
        return patterns
    }

    private static func networks(_ list: IPAllowlist) throws(RuleProblem) -> [IPNetwork] {
        guard list.addresses.count <= IPAllowlist.addressLimit else { throw .tooManyAddresses }
        var networks: [IPNetwork] = []
        networks.reserveCapacity(list.addresses.count)
        for (index, text) in list.addresses.enumerated() {
            guard let network = IPNetwork(text) else { throw .badAddress(index: index) }
            networks.append(network)
        }
        return networks
    }
}

/// What is wrong with restrictions.
package enum RuleProblem: Error, Equatable, Sendable {
    /// The lists of names that there are.
    package enum Dimension: String, Sendable {
        case models
        case providers
        case suppliers
        case regions
        case actions
    }

    case badPattern(Dimension, isDenied: Bool, index: Int)
    case tooMany(Dimension, isDenied: Bool)
    case badAddress(index: Int)
    case tooManyAddresses
    case limit(LimitProblem)
    case policy(PolicyProblem)
    case content(ContentRuleProblem)
}
