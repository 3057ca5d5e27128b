/// What a decision reads of a key: compiled once when the key is loaded, never changed afterwards.
package final class KeyRules: Sendable {
    package let id: KeyID
    package let status: KeyStatus
    package let expiresAt: WallTime?
    package let models: NameRule
    package let providers: NameRule
    package let suppliers: NameRule
    package let regions: NameRule
    package let actions: NameRule
    /// The networks that the key may be used from; nil when any will do.
    package let networks: [IPNetwork]?
    package let permissions: Permissions
    /// The digests of the secrets that work, and until when.
    private let secrets: [(digest: KeyDigest, validUntil: WallTime?)]
    package let limits: LimitRules
    /// The key's policy, rules and pricing; nil when it has none of them.
    package let policy: Policy?
    package let enforcement: Enforcement
    package let unsettled: UnsettledPolicy

    /// Compiles a record.
    ///
    /// - Parameters:
    ///   - record: the key.
    ///   - zones: where time zones are found.
    ///   - shared: parts that other keys may have in common with it.
    /// - Throws: the first thing in the record that is not a pattern or a network. Records are
    ///   checked by this very function before they are stored, so later it means a damaged store.
    package init(
        _ record: KeyRecord,
        zones: ZoneCatalogue,
        sharing shared: inout SharedRules
    ) throws(RuleProblem) {
        id = record.id
        status = record.status
        expiresAt = record.expiresAt
        models = try KeyRules.rule(record.models, .models, &shared)
        providers = try KeyRules.rule(record.providers, .providers, &shared)
        suppliers = try KeyRules.rule(record.suppliers, .suppliers, &shared)
        regions = try KeyRules.rule(record.regions, .regions, &shared)
        actions = try KeyRules.rule(record.actions, .actions, &shared)
        networks = record.ipAllowlist.isEnabled ? try KeyRules.networks(record.ipAllowlist) : nil
        if !record.ipAllowlist.isEnabled { _ = try KeyRules.networks(record.ipAllowlist) }
        permissions = record.permissions
        secrets = record.secrets.map { ($0.digest, $0.validUntil) }
        enforcement = record.enforcement
        unsettled = record.unsettled
        do {
            limits = try shared.limits(record.limits, zones: zones)
        } catch {
            throw .limit(error)
        }
        guard record.policy != nil || !record.iamRules.isEmpty || record.pricing != nil else {
            policy = nil
            return
        }
        do {
            policy = try Policy(
                record.policy,
                rules: record.iamRules,
                pricing: record.pricing,
                zones: zones
            )
        } catch {
            throw .policy(error)
        }
    }

    /// Compiles a record that shares nothing with others.
    package convenience init(_ record: KeyRecord, zones: ZoneCatalogue) throws(RuleProblem) {
        var shared = SharedRules()
        try self.init(record, zones: zones, sharing: &shared)
    }

    /// Whether a secret with this digest is the key's, or was until its grace ended.
    package func knows(_ digest: KeyDigest) -> Bool {
        for index in secrets.indices where secrets[index].digest == digest { return true }
        return false
    }

    /// Whether a secret with this digest is the key's at a time.
    package func accepts(_ digest: KeyDigest, at time: WallTime) -> Bool {
        for index in secrets.indices where secrets[index].digest == digest {
            guard let validUntil = secrets[index].validUntil else { return true }
            return time < validUntil
        }
        return false
    }

    private static func rule(
        _ lists: NameLists,
        _ dimension: RuleProblem.Dimension,
        _ shared: inout SharedRules
    ) throws(RuleProblem) -> NameRule {
        try shared.names(lists) { () throws(RuleProblem) in
            NameRule(
                allowed: try patterns(lists.allowed, dimension, isDenied: false),
                denied: try patterns(lists.denied, dimension, isDenied: true)
            )
        }
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

/// What is wrong with a record's rules.
package enum RuleProblem: Error, Equatable, Sendable {
    /// The lists of names that a record has.
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
}
