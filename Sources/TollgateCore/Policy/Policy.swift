/// Everything that a key's policy document, IAM rules and pricing restriction say, ready to decide.
///
/// Compiled once and never changed afterwards. Judging a request reads no clock, no counter and no
/// file, and allocates nothing: what it needs comes with the request and with `PolicyFacts`.
///
/// - A statement is about a request when one of its actions and one of its resources matches, and
///   every condition holds.
/// - A denial counts whatever else allows. Where anything allows, what nothing allows is denied.
/// - What a request leaves open, or says in a way that cannot be read, is held against it: a denial
///   that might be about it counts, an allowance that might be does not.
/// - A request with two names for its model must pass with either.
/// - Listing the models names none: what is said of models and prices does not hinder it, unless a
///   denying statement names the action `models:list` by anything but `*`.
package final class Policy: Sendable {
    /// Whether a condition is about what was spent.
    let asksForSpending: Bool

    let statements: [CompiledStatement]
    let rules: [CompiledRule]
    /// Nil when it restricts nothing.
    let pricing: PricingRule?

    /// Compiles what an administrator wrote.
    ///
    /// - Parameters:
    ///   - document: the policy, nil when there is none.
    ///   - rules: the IAM rules.
    ///   - pricing: what models may cost, nil for anything.
    ///   - zones: where the time zones are found that the conditions name.
    /// - Throws: the first thing that cannot be, with its path from the key: `policy…`,
    ///   `iam_rules…`, `pricing…`.
    package init(
        _ document: PolicyDocument?,
        rules: [IAMRule] = [],
        pricing: PricingRule? = nil,
        zones: ZoneCatalogue
    ) throws(PolicyProblem) {
        statements = try PolicyProblem.at("policy") { () throws(PolicyProblem) in
            try Policy.statements(document, zones)
        }
        self.rules = try PolicyProblem.at("iam_rules") { () throws(PolicyProblem) in
            try Policy.rules(rules)
        }
        try PolicyProblem.at("pricing") { () throws(PolicyProblem) in try pricing?.check() }
        self.pricing = pricing.flatMap { $0.restricts ? $0 : nil }
        asksForSpending = statements.contains { statement in
            statement.conditions.contains { $0.isAboutSpending }
        }
    }

    private static func statements(
        _ document: PolicyDocument?,
        _ zones: ZoneCatalogue
    ) throws(PolicyProblem) -> [CompiledStatement] {
        guard let document else { return [] }
        guard document.version == PolicyDocument.currentVersion else {
            throw PolicyProblem("version", "must be \(PolicyDocument.currentVersion)")
        }
        let limit = PolicyBounds.statements
        guard document.statements.count <= limit else {
            throw PolicyProblem("statements", "must have at most \(limit) entries")
        }
        var statements: [CompiledStatement] = []
        statements.reserveCapacity(document.statements.count)
        for (index, statement) in document.statements.enumerated() {
            statements.append(
                try PolicyProblem.at("statements[\(index)]") { () throws(PolicyProblem) in
                    try CompiledStatement(statement, zones)
                }
            )
        }
        try PolicyProblem.at("statements") { () throws(PolicyProblem) in
            try PolicyBounds.checkAll(statements.reduce(0) { $0 + $1.entryCount })
        }
        return statements
    }

    private static func rules(_ rules: [IAMRule]) throws(PolicyProblem) -> [CompiledRule] {
        guard rules.count <= PolicyBounds.statements else {
            throw PolicyProblem("", "must have at most \(PolicyBounds.statements) entries")
        }
        var compiled: [CompiledRule] = []
        compiled.reserveCapacity(rules.count)
        for (index, rule) in rules.enumerated() {
            compiled.append(
                try PolicyProblem.at("[\(index)]") { () throws(PolicyProblem) in
                    try CompiledRule(rule)
                }
            )
        }
        try PolicyBounds.checkAll(compiled.reduce(0) { $0 + $1.entryCount })
        return compiled
    }

    /// Why the request is denied, nil when it is not.
    ///
    /// In the order of the reasons that callers see: models, providers, prices, then the document,
    /// its denials first.
    package func denial(
        of request: borrowing CheckRequest,
        given facts: PolicyFacts
    ) -> PolicyDenial? {
        if let denial = denial(of: request, PolicyInquiry(of: request, facts)) { return denial }
        if request.otherModel.isEmpty { return nil }
        return denial(of: request, PolicyInquiry(of: request, facts, usesOtherModel: true))
    }

    func denial(of request: borrowing CheckRequest, _ inquiry: PolicyInquiry) -> PolicyDenial? {
        if !rules.isEmpty {
            if let denial = rules.denial(of: request, for: .models, inquiry) { return denial }
            if let denial = rules.denial(of: request, for: .providers, inquiry) { return denial }
            if let denial = rules.denial(of: request, for: .pricing, inquiry) { return denial }
        }
        if let pricing, !inquiry.isListing {
            let isAdmitted = inquiry.facts.price.map(pricing.admits) ?? false
            if !isAdmitted { return PolicyDenial(reason: .pricingNotAllowed, cause: .pricing) }
        }
        var ballot = Ballot()
        for index in statements.indices {
            let truth = statements[index].finding(request, inquiry).truth
            ballot.count(statements[index].effect, truth)
            if ballot.isDenied {
                return PolicyDenial(reason: .policyDenied, cause: .statement(index))
            }
        }
        return ballot.isLeftOut ? PolicyDenial(reason: .policyDenied, cause: .noStatement) : nil
    }
}
