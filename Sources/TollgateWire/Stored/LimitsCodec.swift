internal import CTollgateProto
internal import TollgateCore

/// Limits within stored records: `tollgate.storage.v1.Limits`, as they were set.
enum LimitsCodec {
    private typealias Message = Tollgate__Storage__V1__Limits
    private typealias Count = Tollgate__Storage__V1__Limits__Count
    private typealias Amount = Tollgate__Storage__V1__Limits__Amount

    // MARK: Writing

    /// Writes limits, unless nothing is limited.
    static func append(
        _ field: UInt32,
        _ limits: LimitSettings,
        to output: inout OutputBuffer
    ) {
        if limits == LimitSettings() { return }
        output.appendElement(field) {
            append(limits.rates, to: &$0)
            append(10, limits.budgets.daily, to: &$0)
            append(11, limits.budgets.weekly, to: &$0)
            append(12, limits.budgets.monthly, to: &$0)
            append(13, limits.budgets.total, to: &$0)
            $0.appendText(14, limits.budgets.timezone)
            append(20, limits.tokens.daily, to: &$0)
            append(21, limits.tokens.monthly, to: &$0)
            append(22, limits.tokens.total, to: &$0)
            append(23, limits.tokens.perRequestMax, to: &$0)
            append(30, limits.requests.total, to: &$0)
        }
    }

    private static func append(_ rates: LimitSettings.Rates, to output: inout OutputBuffer) {
        append(1, rates.perSecond, to: &output)
        append(2, rates.perMinute, to: &output)
        append(3, rates.perHour, to: &output)
        append(4, rates.perDay, to: &output)
        append(5, rates.burst, to: &output)
        append(6, rates.tokensPerMinute, to: &output)
        append(7, rates.concurrent, to: &output)
        output.appendField(8, bool: rates.isStrict)
    }

    private static func append(
        _ field: UInt32,
        _ count: UInt64?,
        to output: inout OutputBuffer
    ) {
        guard let count else { return }
        output.appendElement(field) { $0.appendField(1, unsigned: count) }
    }

    /// Writes an amount of money, unless there is none.
    static func append(_ field: UInt32, _ amount: Money?, to output: inout OutputBuffer) {
        guard let amount else { return }
        output.appendElement(field) {
            if amount != .zero { $0.appendElement(1, fixed64: amount.nanos) }
        }
    }

    // MARK: Reading

    /// The limits of a message; none when it is not there.
    static func limits(
        _ pointer: UnsafeMutablePointer<Tollgate__Storage__V1__Limits>?
    ) throws(WireError) -> LimitSettings {
        var limits = LimitSettings()
        guard let pointer else { return limits }
        let message = pointer.pointee
        try message.base.requireNoUnknownFields()
        limits.rates = try rates(message)
        limits.budgets.daily = try amount(message.budget_daily)
        limits.budgets.weekly = try amount(message.budget_weekly)
        limits.budgets.monthly = try amount(message.budget_monthly)
        limits.budgets.total = try amount(message.budget_total)
        limits.budgets.timezone = try message.timezone.text()
        limits.tokens.daily = try count(message.tokens_daily)
        limits.tokens.monthly = try count(message.tokens_monthly)
        limits.tokens.total = try count(message.tokens_total)
        limits.tokens.perRequestMax = try count(message.tokens_per_request)
        limits.requests.total = try count(message.requests_total)
        return limits
    }

    private static func rates(_ message: Message) throws(WireError) -> LimitSettings.Rates {
        var rates = LimitSettings.Rates()
        rates.perSecond = try count(message.per_second)
        rates.perMinute = try count(message.per_minute)
        rates.perHour = try count(message.per_hour)
        rates.perDay = try count(message.per_day)
        rates.burst = try count(message.burst)
        rates.tokensPerMinute = try count(message.tokens_per_minute)
        rates.concurrent = try count(message.concurrent)
        rates.isStrict = message.strict != 0
        return rates
    }

    private static func count(
        _ pointer: UnsafeMutablePointer<Count>?
    ) throws(WireError) -> UInt64? {
        guard let pointer else { return nil }
        try pointer.pointee.base.requireNoUnknownFields()
        return pointer.pointee.value
    }

    /// An amount of money; nil when it is not there.
    static func amount(
        _ pointer: UnsafeMutablePointer<Tollgate__Storage__V1__Limits__Amount>?
    ) throws(WireError) -> Money? {
        guard let pointer else { return nil }
        try pointer.pointee.base.requireNoUnknownFields()
        return Money(nanos: pointer.pointee.nanos)
    }
}
