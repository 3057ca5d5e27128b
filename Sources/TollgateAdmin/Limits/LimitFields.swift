internal import TollgateCore

/// Reads what a caller limits about a key or a group.
///
/// PATCH merges: a block that is not there stays as it is, and so does a member of a block; null
/// takes a limit away, or all of a block. Here values only have to be there once, known, of the
/// right type and not beyond all measure; whether they go together is for `LimitRules` to judge.
enum LimitFields {
    /// What can be counted.
    static let counts: ClosedRange<Int64> = 0...Limit.highest
    /// What can be limited by the hour and the day, and at once: never to nothing.
    static let atLeastOne: ClosedRange<Int64> = 1...Limit.highest
    /// What can be a rate for each second or minute.
    static let rates: ClosedRange<Int64> = 1...Int64(Rate.highest)

    /// Takes the blocks of limits out of a document.
    ///
    /// - Parameters:
    ///   - reader: the document.
    ///   - old: the limits as they are.
    /// - Returns: the limits as they are to be; nil when the document says nothing of them.
    /// - Throws: a 400 with the path of the first field that cannot be.
    static func limits(
        in reader: inout ObjectReader,
        mergedInto old: LimitSettings
    ) throws(APIError) -> LimitSettings? {
        var limits = old
        var isThere = false
        func merge<Block>(
            _ name: String,
            _ block: WritableKeyPath<LimitSettings, Block>,
            _ empty: Block,
            _ read: (inout ObjectReader, inout Block) throws(APIError) -> Void
        ) throws(APIError) {
            switch try reader.object(name) {
            case .absent: return
            case .null: limits[keyPath: block] = empty
            case .value(var members):
                try read(&members, &limits[keyPath: block])
                try members.finish()
            }
            isThere = true
        }
        try merge("rate_limits", \.rates, LimitSettings.Rates(), readRates)
        try merge("budget_limits", \.budgets, LimitSettings.Budgets(), readBudgets)
        try merge("token_limits", \.tokens, LimitSettings.Tokens(), readTokens)
        try merge("request_limits", \.requests, LimitSettings.Requests(), readRequests)
        return isThere ? limits : nil
    }

    private static func readRates(
        _ reader: inout ObjectReader,
        _ rates: inout LimitSettings.Rates
    ) throws(APIError) {
        try read("per_second", &reader, &rates.perSecond, in: Self.rates)
        try read("per_minute", &reader, &rates.perMinute, in: Self.rates)
        try read("per_hour", &reader, &rates.perHour, in: atLeastOne)
        try read("per_day", &reader, &rates.perDay, in: atLeastOne)
        try read("burst", &reader, &rates.burst, in: Self.rates)
        try read("tokens_per_minute", &reader, &rates.tokensPerMinute, in: Self.rates)
        try read("concurrent", &reader, &rates.concurrent, in: atLeastOne)
        rates.isStrict = try reader.flag("strict").or(false) ?? rates.isStrict
    }

    private static func readBudgets(
        _ reader: inout ObjectReader,
        _ budgets: inout LimitSettings.Budgets
    ) throws(APIError) {
        try read("daily", &reader, &budgets.daily)
        try read("weekly", &reader, &budgets.weekly)
        try read("monthly", &reader, &budgets.monthly)
        try read("total", &reader, &budgets.total)
        let currency = try reader.text("currency").or("USD")
        guard currency == nil || currency == "USD" else {
            throw .invalidField(reader.path(of: "currency"), "must be USD")
        }
        budgets.timezone = try reader.text("timezone").or("UTC") ?? budgets.timezone
    }

    private static func readTokens(
        _ reader: inout ObjectReader,
        _ tokens: inout LimitSettings.Tokens
    ) throws(APIError) {
        try read("daily", &reader, &tokens.daily)
        try read("monthly", &reader, &tokens.monthly)
        try read("total", &reader, &tokens.total)
        try read("per_request_max", &reader, &tokens.perRequestMax)
    }

    private static func readRequests(
        _ reader: inout ObjectReader,
        _ requests: inout LimitSettings.Requests
    ) throws(APIError) {
        try read("total", &reader, &requests.total)
    }

    private static func read(
        _ name: String,
        _ reader: inout ObjectReader,
        _ count: inout UInt64?,
        in range: ClosedRange<Int64> = counts
    ) throws(APIError) {
        switch try reader.whole(name, in: range) {
        case .absent: break
        case .null: count = nil
        case .value(let value): count = UInt64(value)
        }
    }

    private static func read(
        _ name: String,
        _ reader: inout ObjectReader,
        _ amount: inout Money?
    ) throws(APIError) {
        switch try reader.decimal(name, decimals: 9, upTo: Limit.highest) {
        case .absent: break
        case .null: amount = nil
        case .value(let nanos): amount = Money(nanos: nanos)
        }
    }
}
