internal import TollgateCore

/// Reads the condition of a statement.
enum PolicyConditionReader {
    /// The conditions that an object's members are.
    ///
    /// - Throws: a 400 with the path of the first one that is unknown or cannot be.
    static func condition(_ object: ObjectReader) throws(APIError) -> PolicyCondition {
        var reader = object
        var condition = PolicyCondition()
        condition.isIn = try reader.texts("in").orNil
        condition.notIn = try reader.texts("not_in").orNil
        condition.timeBetween = try timeBetween(&reader)
        condition.dateBetween = try dateBetween(&reader)
        condition.dailyBudget = try bounds("daily", &reader)
        condition.monthlyBudget = try bounds("monthly", &reader)
        condition.totalBudget = try bounds("total", &reader)
        condition.ipIn = try reader.texts("ip_in").orNil
        condition.tokensUnder = try reader.whole("tokens_under", in: 1...Int64.max).orNil
            .map { UInt64($0) }
        condition.regionIn = try reader.texts("region_in").orNil
        try reader.finish()
        return condition
    }

    private static func bounds(
        _ period: String,
        _ reader: inout ObjectReader
    ) throws(APIError) -> BudgetBounds {
        BudgetBounds(
            under: try reader.money("\(period)_budget_under").orNil,
            over: try reader.money("\(period)_budget_over").orNil
        )
    }

    private static func timeBetween(
        _ reader: inout ObjectReader
    ) throws(APIError) -> TimeBetween? {
        guard var members = try reader.object("time_between").orNil else { return nil }
        let hours = TimeBetween(
            start: try members.needed("start", try members.text("start")),
            end: try members.needed("end", try members.text("end")),
            timezone: try members.needed("timezone", try members.text("timezone")),
            days: try members.texts("days").orNil
        )
        try members.finish()
        return hours
    }

    private static func dateBetween(
        _ reader: inout ObjectReader
    ) throws(APIError) -> DateBetween? {
        guard var members = try reader.object("date_between").orNil else { return nil }
        let dates = DateBetween(
            start: try members.needed("start", try members.text("start")),
            end: try members.needed("end", try members.text("end")),
            timezone: try members.text("timezone").orNil
        )
        try members.finish()
        return dates
    }
}
