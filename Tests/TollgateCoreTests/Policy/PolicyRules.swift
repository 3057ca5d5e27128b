internal import TollgateCore

/// What a table says of a key: a policy document, IAM rules and a pricing restriction.
struct PolicyRules: Equatable, Sendable {
    var document: PolicyDocument?
    var rules: [IAMRule] = []
    var pricing: PricingRule?

    func compile(_ zones: ZoneCatalogue = PolicyTable.zones) throws -> Policy {
        try Policy(document, rules: rules, pricing: pricing, zones: zones)
    }

    /// Adds what a line says.
    mutating func add(_ line: Substring, at place: String) throws {
        let words = line.split(separator: " ", maxSplits: 1)
        let rest = words.count == 2 ? words[1] : ""
        switch words[0] {
        case "version": document = PolicyDocument(version: String(rest))
        case "Allow": try add(.allow, rest, place)
        case "Deny": try add(.deny, rest, place)
        case "allow_models": rules.append(.allowModels(PolicyRules.list(rest)))
        case "deny_models": rules.append(.denyModels(PolicyRules.list(rest)))
        case "allow_providers": rules.append(.allowProviders(PolicyRules.list(rest)))
        case "deny_providers": rules.append(.denyProviders(PolicyRules.list(rest)))
        case "allow_pricing": rules.append(.allowPricing(try PolicyRules.pricing(rest, place)))
        case "deny_pricing": rules.append(.denyPricing(try PolicyRules.pricing(rest, place)))
        case "pricing": pricing = try PolicyRules.pricing(rest, place)
        default: throw BadTable(place: place, what: "no rule '\(words[0])'")
        }
    }

    private mutating func add(
        _ effect: PolicyEffect,
        _ text: Substring,
        _ place: String
    ) throws {
        var statement = PolicyStatement(effect: effect, actions: ["*"], resources: ["*"])
        for (name, value) in try PolicyRules.words(text, at: place) {
            switch name {
            case "actions": statement.actions = PolicyRules.list(value[...])
            case "resources": statement.resources = PolicyRules.list(value[...])
            default: try PolicyRules.set(&statement.condition, name, value, place)
            }
        }
        var changed = document ?? PolicyDocument()
        changed.statements.append(statement)
        document = changed
    }

    private static func set(
        _ condition: inout PolicyCondition,
        _ name: String,
        _ value: String,
        _ place: String
    ) throws {
        switch name {
        case "in": condition.isIn = list(value[...])
        case "not_in": condition.notIn = list(value[...])
        case "ip_in": condition.ipIn = list(value[...])
        case "region_in": condition.regionIn = list(value[...])
        case "tokens_under": condition.tokensUnder = UInt64(value)
        case "daily_budget_under": condition.dailyBudget.under = try money(value, at: place)
        case "daily_budget_over": condition.dailyBudget.over = try money(value, at: place)
        case "monthly_budget_under": condition.monthlyBudget.under = try money(value, at: place)
        case "monthly_budget_over": condition.monthlyBudget.over = try money(value, at: place)
        case "total_budget_under": condition.totalBudget.under = try money(value, at: place)
        case "total_budget_over": condition.totalBudget.over = try money(value, at: place)
        case "days": condition.timeBetween?.days = list(value[...])
        case "time_between":
            let (start, end, zone) = try span(value, place)
            condition.timeBetween = TimeBetween(start: start, end: end, timezone: zone ?? "UTC")
        case "date_between":
            let (start, end, zone) = try span(value, place)
            condition.dateBetween = DateBetween(start: start, end: end, timezone: zone)
        default: throw BadTable(place: place, what: "no condition '\(name)'")
        }
    }

    /// Takes `start..end@zone` apart; the zone can be left out.
    private static func span(
        _ text: String,
        _ place: String
    ) throws -> (start: String, end: String, zone: String?) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard let dots = parts[0].firstRange(of: ".."), parts.count <= 2 else {
            throw BadTable(place: place, what: "no span '\(text)'")
        }
        return (
            String(parts[0][..<dots.lowerBound]), String(parts[0][dots.upperBound...]),
            parts.count == 2 ? String(parts[1]) : nil
        )
    }

    private static func pricing(_ text: Substring, _ place: String) throws -> PricingRule {
        var rule = PricingRule()
        for (name, value) in try words(text, at: place) {
            switch name {
            case "tier":
                guard let tier = PricingTier.allCases.first(where: { $0.name == value }) else {
                    throw BadTable(place: place, what: "no tier '\(value)'")
                }
                rule.tier = tier
            case "input": rule.maxInputPrice = try price(value[...], at: place)
            case "output": rule.maxOutputPrice = try price(value[...], at: place)
            default: throw BadTable(place: place, what: "no price '\(name)'")
            }
        }
        return rule
    }

    static func list(_ text: Substring) -> [String] {
        text == ""
            ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    static func words(
        _ text: Substring,
        at place: String
    ) throws -> [(name: String, value: String)] {
        try text.split(separator: " ").filter { $0 != "-" }.map { word in
            guard let sign = word.firstIndex(of: "=") else {
                throw BadTable(place: place, what: "'\(word)'")
            }
            return (String(word[..<sign]), String(word[word.index(after: sign)...]))
        }
    }

    static func money(_ text: String, at place: String) throws -> Money {
        guard let nanos = FixedPoint.value(text, decimals: 9) else {
            throw BadTable(place: place, what: "no amount '\(text)'")
        }
        return Money(nanos: nanos)
    }

    /// A price in USD for a million tokens.
    static func price(_ text: Substring, at place: String) throws -> UInt64 {
        guard
            let picos = FixedPoint.value(String(text), decimals: 6),
            let price = UInt64(exactly: picos)
        else { throw BadTable(place: place, what: "no price '\(text)'") }
        return price
    }
}
