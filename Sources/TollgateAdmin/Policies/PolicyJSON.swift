internal import TollgateCore

/// Writes policy documents, IAM rules and pricing restrictions as JSON that `PolicyReader` reads.
enum PolicyJSON {
    static func json(_ document: PolicyDocument) -> JSONValue {
        [
            "version": .string(document.version),
            "statements": .array(document.statements.map(json)),
        ]
    }

    static func json(_ rule: IAMRule) -> JSONValue {
        var members = [JSONValue.Member("type", .string(rule.name))]
        switch rule {
        case .allowModels(let names), .denyModels(let names):
            members.append(JSONValue.Member("models", JSONValue(names)))
        case .allowProviders(let names), .denyProviders(let names):
            members.append(JSONValue.Member("providers", JSONValue(names)))
        case .allowPricing(let pricing), .denyPricing(let pricing):
            if pricing.tier != .any {
                members.append(JSONValue.Member("pricing_type", .string(pricing.tier.name)))
            }
            members += maxima(pricing)
        }
        return .object(members)
    }

    static func json(_ pricing: PricingRule) -> JSONValue {
        .object([JSONValue.Member("tier", .string(pricing.tier.name))] + maxima(pricing))
    }

    private static func maxima(_ pricing: PricingRule) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        if let price = pricing.maxInputPrice {
            members.append(JSONValue.Member("max_input_price", JSONValue(price: price)))
        }
        if let price = pricing.maxOutputPrice {
            members.append(JSONValue.Member("max_output_price", JSONValue(price: price)))
        }
        return members
    }

    private static func json(_ statement: PolicyStatement) -> JSONValue {
        var members = [
            JSONValue.Member("effect", .string(statement.effect.name)),
            JSONValue.Member("actions", JSONValue(statement.actions)),
            JSONValue.Member("resources", JSONValue(statement.resources)),
        ]
        if statement.condition != PolicyCondition() {
            members.append(JSONValue.Member("condition", json(statement.condition)))
        }
        return .object(members)
    }

    private static func json(_ condition: PolicyCondition) -> JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(JSONValue.Member(name, value)) }
        }
        func add(_ period: String, _ bounds: BudgetBounds) {
            add("\(period)_budget_under", bounds.under.map { JSONValue($0) })
            add("\(period)_budget_over", bounds.over.map { JSONValue($0) })
        }
        add("in", condition.isIn.map { JSONValue($0) })
        add("not_in", condition.notIn.map { JSONValue($0) })
        add("time_between", condition.timeBetween.map(json))
        add("date_between", condition.dateBetween.map(json))
        add("daily", condition.dailyBudget)
        add("monthly", condition.monthlyBudget)
        add("total", condition.totalBudget)
        add("ip_in", condition.ipIn.map { JSONValue($0) })
        add("tokens_under", condition.tokensUnder.map { JSONValue($0) })
        add("region_in", condition.regionIn.map { JSONValue($0) })
        return .object(members)
    }

    private static func json(_ hours: TimeBetween) -> JSONValue {
        var members = [
            JSONValue.Member("start", .string(hours.start)),
            JSONValue.Member("end", .string(hours.end)),
            JSONValue.Member("timezone", .string(hours.timezone)),
        ]
        if let days = hours.days { members.append(JSONValue.Member("days", JSONValue(days))) }
        return .object(members)
    }

    private static func json(_ dates: DateBetween) -> JSONValue {
        var members = [
            JSONValue.Member("start", .string(dates.start)),
            JSONValue.Member("end", .string(dates.end)),
        ]
        if let zone = dates.timezone {
            members.append(JSONValue.Member("timezone", .string(zone)))
        }
        return .object(members)
    }
}
