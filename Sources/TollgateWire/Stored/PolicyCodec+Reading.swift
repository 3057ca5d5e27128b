internal import CProtobufC
internal import CTollgateProto
internal import TollgateCore

extension PolicyCodec {
    /// The document of a `PolicyDocument`.
    ///
    /// - Throws: `notText`, `badValue` for an effect that is none, and `unknownField`.
    static func document(
        _ message: Tollgate__Storage__V1__PolicyDocument
    ) throws(WireError) -> PolicyDocument {
        try message.base.requireNoUnknownFields()
        var document = PolicyDocument(version: try message.version.text())
        for statement in elements(message.statements, message.n_statements) {
            guard let statement else { throw .badValue }
            document.statements.append(try Self.statement(statement.pointee))
        }
        return document
    }

    /// The restriction of a `PricingRule`.
    ///
    /// - Throws: `badValue` for a tier that is none, and `unknownField`.
    static func pricing(
        _ message: Tollgate__Storage__V1__PricingRule
    ) throws(WireError) -> PricingRule {
        try message.base.requireNoUnknownFields()
        guard let tier = UInt8(exactly: message.tier).flatMap(PricingTier.init(rawValue:)) else {
            throw .badValue
        }
        return PricingRule(
            tier: tier,
            maxInputPrice: try price(message.max_input_price),
            maxOutputPrice: try price(message.max_output_price)
        )
    }

    /// A repeated `string`.
    static func texts(
        _ start: UnsafeMutablePointer<ProtobufCBinaryData>?,
        _ count: Int
    ) throws(WireError) -> [String] {
        var texts: [String] = []
        texts.reserveCapacity(count)
        for element in elements(start, count) { texts.append(try element.text()) }
        return texts
    }

    private static func price(
        _ message: UnsafeMutablePointer<Tollgate__Storage__V1__PricingRule__Price>?
    ) throws(WireError) -> UInt64? {
        guard let message else { return nil }
        try message.pointee.base.requireNoUnknownFields()
        return message.pointee.picos
    }

    private static func statement(
        _ message: Tollgate__Storage__V1__PolicyStatement
    ) throws(WireError) -> PolicyStatement {
        try message.base.requireNoUnknownFields()
        guard let effect = UInt8(exactly: message.effect).flatMap(PolicyEffect.init(rawValue:))
        else { throw .badValue }
        var statement = PolicyStatement(
            effect: effect,
            actions: try texts(message.actions, message.n_actions),
            resources: try texts(message.resources, message.n_resources)
        )
        if let condition = message.condition {
            statement.condition = try Self.condition(condition.pointee)
        }
        return statement
    }

    private static func condition(
        _ message: Tollgate__Storage__V1__PolicyCondition
    ) throws(WireError) -> PolicyCondition {
        try message.base.requireNoUnknownFields()
        var condition = PolicyCondition()
        condition.isIn = try texts(message.is_in)
        condition.notIn = try texts(message.not_in)
        condition.timeBetween = try hours(message.time_between)
        condition.dateBetween = try dates(message.date_between)
        condition.dailyBudget = try bounds(message.daily_budget)
        condition.monthlyBudget = try bounds(message.monthly_budget)
        condition.totalBudget = try bounds(message.total_budget)
        condition.ipIn = try texts(message.ip_in)
        if let count = message.tokens_under {
            try count.pointee.base.requireNoUnknownFields()
            condition.tokensUnder = count.pointee.value
        }
        condition.regionIn = try texts(message.region_in)
        return condition
    }

    private static func texts(
        _ message: UnsafeMutablePointer<Tollgate__Storage__V1__PolicyCondition__Texts>?
    ) throws(WireError) -> [String]? {
        guard let message else { return nil }
        try message.pointee.base.requireNoUnknownFields()
        return try texts(message.pointee.texts, message.pointee.n_texts)
    }

    private static func hours(
        _ message: UnsafeMutablePointer<Tollgate__Storage__V1__PolicyCondition__TimeBetween>?
    ) throws(WireError) -> TimeBetween? {
        guard let message else { return nil }
        try message.pointee.base.requireNoUnknownFields()
        return TimeBetween(
            start: try message.pointee.start.text(),
            end: try message.pointee.end.text(),
            timezone: try message.pointee.timezone.text(),
            days: try texts(message.pointee.days)
        )
    }

    private static func dates(
        _ message: UnsafeMutablePointer<Tollgate__Storage__V1__PolicyCondition__DateBetween>?
    ) throws(WireError) -> DateBetween? {
        guard let message else { return nil }
        try message.pointee.base.requireNoUnknownFields()
        var dates = DateBetween(
            start: try message.pointee.start.text(),
            end: try message.pointee.end.text()
        )
        if let zone = message.pointee.timezone {
            try zone.pointee.base.requireNoUnknownFields()
            dates.timezone = try zone.pointee.name.text()
        }
        return dates
    }

    private static func bounds(
        _ message: UnsafeMutablePointer<Tollgate__Storage__V1__PolicyCondition__BudgetBounds>?
    ) throws(WireError) -> BudgetBounds {
        guard let message else { return BudgetBounds() }
        try message.pointee.base.requireNoUnknownFields()
        return BudgetBounds(
            under: try amount(message.pointee.under),
            over: try amount(message.pointee.over)
        )
    }

    private static func amount(
        _ message: UnsafeMutablePointer<Tollgate__Storage__V1__PolicyCondition__Amount>?
    ) throws(WireError) -> Money? {
        guard let message else { return nil }
        try message.pointee.base.requireNoUnknownFields()
        return Money(nanos: message.pointee.nanos)
    }
}
