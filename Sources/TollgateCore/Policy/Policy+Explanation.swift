extension Policy {
    /// How the decision comes about: a line for each rule and statement, and one for the whole.
    ///
    /// The lines hold names, addresses and amounts, but no secret.
    ///
    /// - Parameters:
    ///   - request: the question.
    ///   - facts: what it is judged by.
    /// - Returns: the lines in the order of the decision; the last one says what decides.
    package func explanation(
        of request: borrowing CheckRequest,
        given facts: PolicyFacts
    ) -> [String] {
        var inquiry = PolicyInquiry(of: request, facts)
        var lines: [String] = []
        if !request.otherModel.isEmpty {
            if denial(of: request, inquiry) == nil {
                inquiry = PolicyInquiry(of: request, facts, usesOtherModel: true)
            }
            lines.append(
                "model: the request names two; judged as \(request.quoted(.model, inquiry))"
            )
        }
        for (index, rule) in rules.enumerated() {
            lines.append("iam_rules[\(index)] (\(rule.text)): \(rule.standing(request, inquiry))")
        }
        if let pricing {
            lines.append("pricing (\(pricing.text)): \(pricing.standing(inquiry))")
        }
        for (index, statement) in statements.enumerated() {
            lines.append(
                "policy.statements[\(index)] (\(statement.effect.name)): "
                    + statement.standing(request, inquiry)
            )
        }
        lines.append("policy: \(outcome(of: request, inquiry))")
        return lines
    }

    private func outcome(of request: borrowing CheckRequest, _ inquiry: PolicyInquiry) -> String {
        guard let denial = denial(of: request, inquiry) else {
            for (index, statement) in statements.enumerated() where statement.effect == .allow {
                guard statement.finding(request, inquiry).truth == .yes else { continue }
                return "passes, allowed by policy.statements[\(index)]"
            }
            return "passes"
        }
        let cause =
            switch denial.cause {
            case .statement(let index): "by policy.statements[\(index)]"
            case .noStatement: "no statement allows the request"
            case .rule(let index): "by iam_rules[\(index)]"
            case .noRule: "no IAM rule allows it"
            case .pricing: "by pricing"
            }
        return "denies (\(denial.reason.code)), \(cause)"
    }
}

extension Text {
    /// The text as a string: for people, never to compare.
    fileprivate static func string(_ bytes: Span<UInt8>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}

extension CheckRequest {
    /// A name for people: in quotes, or why there is none.
    func quoted(_ dimension: NameDimension, _ inquiry: PolicyInquiry) -> String {
        if isUnreadable(dimension.field) { return "unreadable" }
        let text = Text.string(name(dimension, inquiry))
        return text.isEmpty ? "missing" : "\"\(text)\""
    }
}

extension CompiledStatement {
    /// Whether the statement counts, and if not, which part of it does not fit.
    func standing(_ request: borrowing CheckRequest, _ inquiry: PolicyInquiry) -> String {
        let finding = finding(request, inquiry)
        guard let part = finding.part else { return "applies" }
        let detail = describe(part, request, inquiry)
        switch (finding.truth, effect) {
        case (.unknown, .deny): return "applies, as it cannot be ruled out: \(detail)"
        case (.unknown, .allow): return "does not apply, as it cannot be shown: \(detail)"
        default: return "does not apply: \(detail)"
        }
    }

    private func describe(
        _ part: Part,
        _ request: borrowing CheckRequest,
        _ inquiry: PolicyInquiry
    ) -> String {
        switch part {
        case .actions:
            let isUnreadable = request.isUnreadable(.action)
            let action = Text.string(request[.action])
            return "action is "
                + (isUnreadable ? "unreadable" : action.isEmpty ? "missing" : "\"\(action)\"")
        case .resources:
            if inquiry.isListing { return "the request lists the models" }
            let names = dimensions.map { "\($0.name) is \(request.quoted($0, inquiry))" }
            let suffix = included == nil && excluded == nil ? "" : ", by in or not_in"
            return names.joined(separator: ", ") + suffix
        case .condition(let index): return conditions[index].text(request, inquiry)
        }
    }

    /// What the resources are about, each once.
    private var dimensions: [NameDimension] {
        NameDimension.allCases.filter { dimension in
            resources.contains { resource in
                if case .named(dimension, _) = resource { return true }
                return false
            }
        }
    }
}

extension CompiledCondition {
    /// The condition, and the live value that it is compared with.
    func text(_ request: borrowing CheckRequest, _ inquiry: PolicyInquiry) -> String {
        switch self {
        case .timeBetween(let hours):
            return "time_between: the local time is \(hours.localTime(inquiry.facts.now))"
        case .dateBetween: return "date_between: the time is not within it"
        case .budget(let period, let side, let amount):
            let spent = FixedPoint.text(period.spent(inquiry.facts).nanos, decimals: 9)
            let bound = FixedPoint.text(amount.nanos, decimals: 9)
            return "\(period.name)_budget_\(side.rawValue) \(bound): \(spent) USD spent"
        case .ipIn:
            return "ip_in: address is \(request.clientIP.map { "\($0)" } ?? "missing")"
        case .tokensUnder(let count):
            let prompt = request.hasUnknownPrompt ? " and a prompt of unknown length" : ""
            return "tokens_under \(count): asks for \(request.mostTokens)\(prompt)"
        case .regionIn: return "region_in: region is \(request.quoted(.region, inquiry))"
        }
    }
}

extension CompiledRule {
    /// The rule's type.
    var text: String {
        (effect == .allow ? "allow_" : "deny_") + "\(kind)"
    }

    func standing(_ request: borrowing CheckRequest, _ inquiry: PolicyInquiry) -> String {
        if kind != .providers, inquiry.isListing { return "not asked, models are listed" }
        let subject =
            switch kind {
            case .models: "model is \(request.quoted(.model, inquiry))"
            case .providers: "provider is \(request.quoted(.provider, inquiry))"
            case .pricing: inquiry.priceText
            }
        switch (applies(request, inquiry), effect) {
        case (.yes, _): return "applies: \(subject)"
        case (.unknown, .deny): return "applies, as it cannot be ruled out: \(subject)"
        case (.unknown, .allow): return "does not apply, as it cannot be shown: \(subject)"
        case (.no, _): return "does not apply: \(subject)"
        }
    }
}

extension PricingRule {
    /// The restriction, for people.
    var text: String {
        var parts = [tier.name]
        if let maxInputPrice { parts.append("input at most \(PolicyInquiry.usd(maxInputPrice))") }
        if let maxOutputPrice {
            parts.append("output at most \(PolicyInquiry.usd(maxOutputPrice))")
        }
        return parts.joined(separator: ", ")
    }

    func standing(_ inquiry: PolicyInquiry) -> String {
        if inquiry.isListing { return "not asked, models are listed" }
        let isAdmitted = inquiry.facts.price.map(admits) ?? false
        return "\(isAdmitted ? "passes" : "denies"): \(inquiry.priceText)"
    }
}

extension PolicyInquiry {
    /// What the model costs, for people.
    fileprivate var priceText: String {
        guard let price = facts.price else { return "the model has no price" }
        return "input costs \(PolicyInquiry.usd(price.input)), "
            + "output \(PolicyInquiry.usd(price.output)) USD per million tokens"
    }

    /// A price in USD for a million tokens.
    fileprivate static func usd(_ price: UInt64) -> String {
        FixedPoint.text(Int64(clamping: price), decimals: 6)
    }
}
