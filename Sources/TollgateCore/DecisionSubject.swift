/// Whom a decision is about: the rules of a key, and the meters that its requests count on.
///
/// Valid while the lock of the key's account is held.
package struct DecisionSubject {
    package let rules: KeyRules
    package let chain: MeterChain

    package init(rules: KeyRules, chain: MeterChain) {
        self.rules = rules
        self.chain = chain
    }

    /// The one supplier that its requests can go to, as the key or else the group nearest to it says;
    /// nil when none of them says so.
    package var onlySupplier: Pattern? {
        if let only = rules.access.suppliers.onlyName { return only }
        for level in 1..<MeterChain.levelCount {
            if let only = chain.access(ofGroupAt: level)?.suppliers.onlyName { return only }
        }
        return nil
    }

    /// Whether a request is unlike what the key is used for; never when nobody asked to look.
    func isUnusual(_ charge: Charge) -> Bool {
        rules.anomaly.map { chain.key.isUnusual(charge, by: $0) } ?? false
    }

    /// Whether money is limited, or a policy asks what was spent.
    var countsCost: Bool { chain.countsCost || asksForSpending }

    /// Whether tokens or money are limited, or a policy asks what was spent.
    var countsSize: Bool { chain.countsSize || asksForSpending }

    private var asksForSpending: Bool {
        for level in 0..<MeterChain.levelCount {
            if let policy = policy(at: level), policy.asksForSpending { return true }
        }
        return false
    }

    /// The policy of a level, by `LimitLevel.rawValue`; nil when it has none.
    func policy(at level: Int) -> Policy? {
        level == 0 ? rules.access.policy : chain.access(ofGroupAt: level)?.policy
    }
}
