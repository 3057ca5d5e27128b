/// The models that a key may call, as far as patterns can say it: for whoever shows a list of models.
///
/// What depends on time, money or prices is not in it: a model may be shown whose calls are denied,
/// for what decides on a call is the call's own check.
package struct ModelFilter: Sendable {
    /// All of which a model must pass; empty when every model does.
    package let rules: [NameRule]

    /// Puts together what the key, the groups above it and the supplier say.
    ///
    /// - Parameters:
    ///   - subject: the key; nothing is filtered for one that is only monitored.
    ///   - supplier: where the list comes from.
    package init(of subject: DecisionSubject, at supplier: RequestSupplier = .any) {
        var rules: [NameRule] = []
        if subject.rules.enforcement == .enforce {
            rules += subject.rules.access.modelRules
            for level in 1..<MeterChain.levelCount {
                rules += subject.chain.access(ofGroupAt: level)?.modelRules ?? []
            }
        }
        if case .known(let offer) = supplier, !offer.models.isEmpty {
            rules.append(NameRule(allowed: offer.models, denied: []))
        }
        self.rules = rules
    }
}

extension AccessRules {
    /// What a model's name must pass, of the lists and of the policy.
    fileprivate var modelRules: [NameRule] {
        (models.restricts ? [models] : []) + (policy?.modelRules ?? [])
    }
}
