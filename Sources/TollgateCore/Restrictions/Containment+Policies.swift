extension PricingRule {
    /// Makes sure that no price passes a restriction that another would stop.
    static func requireNoWider(
        _ own: PricingRule?,
        than bound: PricingRule?
    ) throws(Widening) {
        guard let bound, bound.restricts else { return }
        guard let own else {
            throw Widening("pricing", "is needed: your own key may not use models of any price")
        }
        guard own.isNoWider(than: bound) else {
            throw Widening("pricing", "admits prices that your own does not")
        }
    }

    /// Whether every price that this admits is one that the other does.
    fileprivate func isNoWider(than other: PricingRule) -> Bool {
        func holds(_ own: UInt64?, _ bound: UInt64?) -> Bool {
            guard let bound else { return true }
            // What is free costs nothing, whatever the maximum.
            return tier == .free || own ?? .max <= bound
        }
        return (other.tier == .any || other.tier == tier)
            && holds(maxInputPrice, other.maxInputPrice)
            && holds(maxOutputPrice, other.maxOutputPrice)
    }
}

extension PolicyDocument {
    /// Makes sure that no request passes a policy that another would stop.
    ///
    /// Every denial of the other must be there, as it is or broader; every allowance must be within one
    /// of the other's.
    static func requireNoWider(
        _ own: PolicyDocument?,
        than bound: PolicyDocument?
    ) throws(Widening) {
        let others = bound?.statements ?? []
        guard !others.isEmpty, own != bound else { return }
        let statements = own?.statements ?? []
        let allowances = others.filter { $0.effect == .allow }
        for denial in others where denial.effect == .deny {
            guard statements.contains(where: { $0.isDenial(of: denial) }) else {
                throw Widening("policy", "lacks a statement of your own policy that denies")
            }
        }
        guard !allowances.isEmpty else { return }
        guard statements.contains(where: { $0.effect == .allow }) else {
            let problem = "is needed: take over the statements of your own policy that allow"
            throw Widening("policy", problem)
        }
        for (index, statement) in statements.enumerated() where statement.effect == .allow {
            guard allowances.contains(where: { statement.isAllowance(within: $0) }) else {
                let problem = "is not shown to be within a statement of your own policy that allows"
                throw Widening("policy.statements[\(index)]", problem)
            }
        }
    }
}

extension PolicyStatement {
    /// Whether this allows nothing that another does not.
    fileprivate func isAllowance(within other: PolicyStatement) -> Bool {
        covers(other.actions, actions, PolicyStatement.containsAction)
            && covers(other.resources, resources, PolicyStatement.containsResource)
            && (other.condition == condition || other.condition == PolicyCondition())
    }

    /// Whether this denies all that another does.
    fileprivate func isDenial(of other: PolicyStatement) -> Bool {
        guard effect == .deny else { return false }
        if self == other { return true }
        // Only a denial that names its action is about listing the models.
        return actions.contains("*") == other.actions.contains("*")
            && covers(actions, other.actions, PolicyStatement.containsAction)
            && covers(resources, other.resources, PolicyStatement.containsResource)
            && (condition == other.condition || condition == PolicyCondition())
    }

    /// Whether each narrow entry is within one of the wide ones.
    private func covers(
        _ wide: [String],
        _ narrow: [String],
        _ contains: (String, String) -> Bool
    ) -> Bool {
        let known = Set(wide)
        return narrow.allSatisfy { entry in
            known.contains(entry) || wide.contains { contains($0, entry) }
        }
    }

    /// A `*` alone stands also for a request that names no action, which no pattern does.
    private static func containsAction(_ wide: String, _ narrow: String) -> Bool {
        if wide == "*" { return true }
        if narrow == "*" { return false }
        return containsPattern(wide, narrow)
    }

    private static func containsResource(_ wide: String, _ narrow: String) -> Bool {
        if wide == "*" { return true }
        let (first, second) = (parts(of: wide), parts(of: narrow))
        return first.kind == second.kind && containsPattern(first.name, second.name)
    }

    private static func parts(of resource: String) -> (kind: Substring, name: String) {
        let kind = resource.prefix { $0 != ":" }
        return (kind, String(resource.dropFirst(kind.count + 1)))
    }

    private static func containsPattern(_ wide: String, _ narrow: String) -> Bool {
        guard let wide = Pattern(wide), let narrow = Pattern(narrow) else { return false }
        return wide.contains(narrow)
    }
}

extension [IAMRule] {
    /// Makes sure that no request passes these rules that others would stop.
    func requireNoWider(than bound: [IAMRule]) throws(Widening) {
        if bound.isEmpty || self == bound { return }
        try requireNoWider(than: bound, "models", \.allowedModels, \.deniedModels)
        try requireNoWider(than: bound, "providers", \.allowedProviders, \.deniedProviders)
        let allowed = bound.compactMap(\.allowedPricing)
        if !allowed.isEmpty {
            let own = compactMap(\.allowedPricing)
            guard
                !own.isEmpty,
                own.allSatisfy({ rule in allowed.contains { rule.isNoWider(than: $0) } })
            else { throw Widening("iam_rules", "allow prices that your own rules do not") }
        }
        for case .denyPricing(let denied) in bound where !contains(.denyPricing(denied)) {
            throw Widening("iam_rules", "lack a rule of your own that denies prices")
        }
    }

    private func requireNoWider(
        than bound: [IAMRule],
        _ noun: String,
        _ allowed: KeyPath<IAMRule, [String]?>,
        _ denied: KeyPath<IAMRule, [String]?>
    ) throws(Widening) {
        let allowances = bound.patterns(allowed)
        if !allowances.isEmpty {
            let own = patterns(allowed)
            guard !own.isEmpty, allowances.firstNotContained(own) == nil else {
                throw Widening("iam_rules", "allow \(noun) that your own rules do not")
            }
        }
        guard patterns(denied).firstNotContained(bound.patterns(denied)) == nil else {
            throw Widening("iam_rules", "lack a rule of your own that denies \(noun)")
        }
    }

    private func patterns(_ names: KeyPath<IAMRule, [String]?>) -> [Pattern] {
        flatMap { $0[keyPath: names] ?? [] }.compactMap { Pattern($0) }
    }
}

extension IAMRule {
    fileprivate var allowedModels: [String]? {
        if case .allowModels(let names) = self { names } else { nil }
    }

    fileprivate var deniedModels: [String]? {
        if case .denyModels(let names) = self { names } else { nil }
    }

    fileprivate var allowedProviders: [String]? {
        if case .allowProviders(let names) = self { names } else { nil }
    }

    fileprivate var deniedProviders: [String]? {
        if case .denyProviders(let names) = self { names } else { nil }
    }

    fileprivate var allowedPricing: PricingRule? {
        if case .allowPricing(let rule) = self { rule } else { nil }
    }
}
