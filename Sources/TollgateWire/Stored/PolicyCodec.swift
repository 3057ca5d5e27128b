internal import CProtobufC
internal import CTollgateProto
internal import TollgateCore

/// Policies, IAM rules and pricing restrictions as the database keeps them: parts of other records.
///
/// Each part always has the same bytes. As with all that is stored, a field that this version does
/// not know is an error: it could be a condition.
enum PolicyCodec {
    // MARK: Writing

    /// Writes the fields of a `PolicyDocument`.
    static func write(_ document: PolicyDocument, to output: inout OutputBuffer) {
        appendText(1, document.version, to: &output)
        for statement in document.statements {
            output.appendElement(2) { write(statement, to: &$0) }
        }
    }

    /// Writes the fields of an `IamRule`.
    static func write(_ rule: IAMRule, to output: inout OutputBuffer) {
        let (type, names, pricing) = parts(of: rule)
        output.appendField(1, unsigned: type.rawValue)
        for name in names { output.appendElement(2, text: name) }
        if let pricing { output.appendElement(3) { write(pricing, to: &$0) } }
    }

    /// Writes the fields of a `PricingRule`.
    static func write(_ rule: PricingRule, to output: inout OutputBuffer) {
        output.appendField(1, unsigned: UInt64(rule.tier.rawValue))
        for (field, price) in [(2, rule.maxInputPrice), (3, rule.maxOutputPrice)] {
            if let price {
                output.appendElement(UInt32(field)) { $0.appendField(1, unsigned: price) }
            }
        }
    }

    private static func write(_ statement: PolicyStatement, to output: inout OutputBuffer) {
        output.appendField(1, unsigned: UInt64(statement.effect.rawValue))
        for action in statement.actions { output.appendElement(2, text: action) }
        for resource in statement.resources { output.appendElement(3, text: resource) }
        if statement.condition == PolicyCondition() { return }
        output.appendElement(4) { write(statement.condition, to: &$0) }
    }

    private static func write(_ condition: PolicyCondition, to output: inout OutputBuffer) {
        appendTexts(1, condition.isIn, to: &output)
        appendTexts(2, condition.notIn, to: &output)
        if let hours = condition.timeBetween {
            output.appendElement(3) {
                appendText(1, hours.start, to: &$0)
                appendText(2, hours.end, to: &$0)
                appendText(3, hours.timezone, to: &$0)
                appendTexts(4, hours.days, to: &$0)
            }
        }
        if let dates = condition.dateBetween {
            output.appendElement(4) {
                appendText(1, dates.start, to: &$0)
                appendText(2, dates.end, to: &$0)
                guard let zone = dates.timezone else { return }
                $0.appendElement(3) { appendText(1, zone, to: &$0) }
            }
        }
        appendBounds(5, condition.dailyBudget, to: &output)
        appendBounds(6, condition.monthlyBudget, to: &output)
        appendBounds(7, condition.totalBudget, to: &output)
        appendTexts(8, condition.ipIn, to: &output)
        if let count = condition.tokensUnder {
            output.appendElement(9) { $0.appendField(1, unsigned: count) }
        }
        appendTexts(10, condition.regionIn, to: &output)
    }

    private static func appendText(_ field: UInt32, _ text: String, to output: inout OutputBuffer) {
        if !text.isEmpty { output.appendElement(field, text: text) }
    }

    private static func appendTexts(
        _ field: UInt32,
        _ texts: [String]?,
        to output: inout OutputBuffer
    ) {
        guard let texts else { return }
        output.appendElement(field) {
            for text in texts { $0.appendElement(1, text: text) }
        }
    }

    private static func appendBounds(
        _ field: UInt32,
        _ bounds: BudgetBounds,
        to output: inout OutputBuffer
    ) {
        if bounds == BudgetBounds() { return }
        func append(_ field: UInt32, _ amount: Money?, to output: inout OutputBuffer) {
            guard let amount else { return }
            output.appendElement(field) {
                if amount != .zero { $0.appendElement(1, fixed64: amount.nanos) }
            }
        }
        output.appendElement(field) {
            append(1, bounds.under, to: &$0)
            append(2, bounds.over, to: &$0)
        }
    }

    // MARK: Types of rules

    /// The types of rules, as they are stored.
    private enum RuleType: UInt64 {
        case allowModels = 1
        case denyModels = 2
        case allowProviders = 3
        case denyProviders = 4
        case allowPricing = 5
        case denyPricing = 6
    }

    private static func parts(
        of rule: IAMRule
    ) -> (type: RuleType, names: [String], pricing: PricingRule?) {
        switch rule {
        case .allowModels(let names): (.allowModels, names, nil)
        case .denyModels(let names): (.denyModels, names, nil)
        case .allowProviders(let names): (.allowProviders, names, nil)
        case .denyProviders(let names): (.denyProviders, names, nil)
        case .allowPricing(let rule): (.allowPricing, [], rule)
        case .denyPricing(let rule): (.denyPricing, [], rule)
        }
    }

    /// The rule of an `IamRule`.
    ///
    /// - Throws: `badValue` for a type that is none, and for a rule with parts of another type.
    static func rule(_ message: Tollgate__Storage__V1__IamRule) throws(WireError) -> IAMRule {
        try message.base.requireNoUnknownFields()
        let names = try texts(message.names, message.n_names)
        let pricing = try message.pricing.map { (rule) throws(WireError) in
            try Self.pricing(rule.pointee)
        }
        switch (RuleType(rawValue: UInt64(message.type)), pricing) {
        case (.allowModels, nil): return .allowModels(names)
        case (.denyModels, nil): return .denyModels(names)
        case (.allowProviders, nil): return .allowProviders(names)
        case (.denyProviders, nil): return .denyProviders(names)
        case (.allowPricing, let pricing?) where names.isEmpty: return .allowPricing(pricing)
        case (.denyPricing, let pricing?) where names.isEmpty: return .denyPricing(pricing)
        default: throw .badValue
        }
    }
}
