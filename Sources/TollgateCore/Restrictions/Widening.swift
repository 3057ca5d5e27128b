/// A way in which something is wider than it may be.
package struct Widening: Error, Equatable, Sendable {
    /// The field, as callers write it: `allowed_models[2]`.
    package let field: String
    /// Reads on from the field, and repeats no value: `is more than your own limit`.
    package let problem: String

    init(_ field: String, _ problem: String) {
        self.field = field
        self.problem = problem
    }
}

// Whoever is bound by some restrictions must not make anything that could pass where they could not.
// Each part is compared with the same part; where containment cannot be shown, it is taken not to
// be there. So what is accepted is narrower for every request, and some that is narrower is refused:
// the sentence then says what would be accepted.

extension Restrictions {
    /// Makes sure that no request passes these restrictions that others would stop.
    ///
    /// - Parameter bound: the others.
    /// - Throws: the first field that is wider, or cannot be shown not to be.
    package func requireNoWider(than bound: Restrictions) throws(Widening) {
        if let end = bound.expiresAt {
            guard let expiresAt else { throw Widening("expires_at", "is needed: yours ends, too") }
            guard expiresAt <= end else { throw Widening("expires_at", "is later than your own") }
        }
        try models.requireNoWider(than: bound.models, "models")
        try providers.requireNoWider(than: bound.providers, "providers")
        try suppliers.requireNoWider(than: bound.suppliers, "suppliers")
        try regions.requireNoWider(than: bound.regions, "regions")
        try actions.requireNoWider(than: bound.actions, "actions")
        try ipAllowlist.requireNoWider(than: bound.ipAllowlist)
        try limits.requireNoWider(than: bound.limits)
        try PricingRule.requireNoWider(pricing, than: bound.pricing)
        try PolicyDocument.requireNoWider(policy, than: bound.policy)
        try iamRules.requireNoWider(than: bound.iamRules)
    }

    /// Whether no request passes these restrictions that others would stop, as far as it can be shown.
    package func isNoWider(than bound: Restrictions) -> Bool {
        do {
            try requireNoWider(than: bound)
            return true
        } catch {
            return false
        }
    }
}

extension KeyRecord {
    /// Makes sure that this key can do nothing that another cannot.
    ///
    /// What the groups above the keys say is not looked at: a key is within the scope of whoever
    /// makes it, so the groups above the one are above the other.
    ///
    /// - Parameter bound: the other key.
    /// - Throws: the first field that is wider, or cannot be shown not to be.
    package func requireNoWider(than bound: KeyRecord) throws(Widening) {
        guard permissions.isSubset(of: bound.permissions) else {
            throw Widening("permissions", "exceed your own")
        }
        if bound.access == .readOnly, access != .readOnly {
            throw Widening("access", "must be read_only, as your own")
        }
        try restrictions.requireNoWider(than: bound.restrictions)
        try notices.requireEveryBlock(of: bound.notices)
        // Who restricts others but is not restricted may try it out on them first.
        let isFree =
            bound.organization == nil && bound.restrictions.areNone
            && !bound.notices.contentRules.contains(where: \.isBlocking)
        if enforcement == .monitor, bound.enforcement == .enforce, !isFree {
            throw Widening("enforcement", "must be enforce, as your own")
        }
        let isUnlimited = bound.organization == nil && bound.limits == LimitSettings()
        if unsettled.generosity > bound.unsettled.generosity, !isUnlimited {
            throw Widening("unsettled", "charges less than your own")
        }
    }
}

extension KeyNotices {
    /// Makes sure that whatever blocks content there does so here.
    fileprivate func requireEveryBlock(of bound: KeyNotices) throws(Widening) {
        let blocked = Set(contentRules.filter(\.isBlocking).map(\.pattern))
        for rule in bound.contentRules where rule.isBlocking && !blocked.contains(rule.pattern) {
            throw Widening("content_rules", "lack a pattern that your own key blocks")
        }
    }
}

extension Restrictions {
    /// Whether nothing is restricted but from where and until when.
    fileprivate var areNone: Bool {
        var rest = self
        rest.ipAllowlist = IPAllowlist()
        rest.expiresAt = nil
        return rest == Restrictions()
    }
}

extension UnsettledPolicy {
    /// Orders the policies by how little they charge.
    fileprivate var generosity: Int {
        switch self {
        case .charge: 0
        case .chargeInput: 1
        case .release: 2
        }
    }
}
