/// One of a key's IAM rules, compiled.
struct CompiledRule: Sendable {
    /// What rules can be about, in the order in which they are judged.
    enum Kind {
        case models
        case providers
        case pricing

        var reason: Reason {
            switch self {
            case .models: .modelNotAllowed
            case .providers: .providerNotAllowed
            case .pricing: .pricingNotAllowed
            }
        }
    }

    private enum Matter: Sendable {
        case names(NameDimension, [Pattern])
        case pricing(PricingRule)
    }

    let kind: Kind
    let effect: PolicyEffect
    private let matter: Matter

    init(_ rule: IAMRule) throws(PolicyProblem) {
        switch rule {
        case .allowModels(let names): try self.init(.models, .allow, names)
        case .denyModels(let names): try self.init(.models, .deny, names)
        case .allowProviders(let names): try self.init(.providers, .allow, names)
        case .denyProviders(let names): try self.init(.providers, .deny, names)
        case .allowPricing(let rule): try self.init(.allow, rule)
        case .denyPricing(let rule): try self.init(.deny, rule)
        }
    }

    private init(
        _ kind: Kind,
        _ effect: PolicyEffect,
        _ names: [String]
    ) throws(PolicyProblem) {
        self.kind = kind
        self.effect = effect
        let dimension = kind == .models ? NameDimension.model : .provider
        matter = try PolicyProblem.at("\(kind)") { () throws(PolicyProblem) in
            .names(dimension, try PolicyBounds.patterns(names))
        }
    }

    private init(_ effect: PolicyEffect, _ rule: PricingRule) throws(PolicyProblem) {
        kind = .pricing
        self.effect = effect
        matter = .pricing(rule)
        try rule.check()
        guard rule.restricts else {
            let message = "must be free or paid, unless there is a maximum"
            throw PolicyProblem("pricing_type", message)
        }
    }

    /// The models that the rule is about; none when it is about something else.
    var models: [Pattern] {
        if case .names(.model, let patterns) = matter { return patterns }
        return []
    }

    /// How many names the rule has.
    var entryCount: Int {
        if case .names(_, let patterns) = matter { return patterns.count }
        return 0
    }

    /// Whether the rule is about what the request asks for.
    func applies(_ request: borrowing CheckRequest, _ inquiry: PolicyInquiry) -> Truth {
        switch matter {
        case .names(let dimension, let patterns):
            return request.isNamed(dimension, patterns, inquiry)
        case .pricing(let rule):
            guard let price = inquiry.facts.price else { return .unknown }
            return Truth(effect == .allow ? rule.admits(price) : rule.strikes(price))
        }
    }
}

extension PricingRule {
    /// Checks that the maxima are prices.
    func check() throws(PolicyProblem) {
        let maxima = [("max_input_price", maxInputPrice), ("max_output_price", maxOutputPrice)]
        for (field, price) in maxima where price ?? 0 > ModelPrice.limit {
            throw PolicyProblem(field, "must be at most \(ModelPrice.limit / 1_000_000)")
        }
    }
}

extension [CompiledRule] {
    /// Judges a request by the rules of one kind.
    func denial(
        of request: borrowing CheckRequest,
        for kind: CompiledRule.Kind,
        _ inquiry: PolicyInquiry
    ) -> PolicyDenial? {
        // A request that lists the models names none, hence has no price either.
        if kind != .providers, inquiry.isListing { return nil }
        var ballot = Ballot()
        for index in indices where self[index].kind == kind {
            ballot.count(self[index].effect, self[index].applies(request, inquiry))
            if ballot.isDenied { return PolicyDenial(reason: kind.reason, cause: .rule(index)) }
        }
        return ballot.isLeftOut ? PolicyDenial(reason: kind.reason, cause: .noRule) : nil
    }
}
