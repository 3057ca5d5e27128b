/// How much more than usual a key may use in one hour before its requests are unusual.
///
/// Usual is the average hour before this one: of this week, of this month and since the key was made,
/// whichever is the highest, so that neither a quiet Monday nor a quiet first year makes an ordinary
/// day unusual. Requests and tokens are looked at each for itself. Told by the key's own counters
/// alone: it needs no memory of its own, and is the same after a crash.
package final class AnomalyRule: Sendable {
    /// How many usual hours together a key may use in one.
    let factor: Int64
    /// Whether what is unusual is denied, or only told of.
    let isBlocking: Bool
    /// When the key was made, before which there is nothing that it is used to.
    let start: WallTime

    /// What a key's record says; nil when nobody wants to know what is unusual.
    init?(_ record: KeyRecord) {
        let notices = record.notices
        let wanted = notices.anomaly.flatMap { $0.isEnabled ? $0 : nil }
        guard wanted != nil || notices.alerts?.unusualPatterns == true else { return nil }
        factor = wanted?.factor ?? KeyNotices.Anomaly.usualFactor
        isBlocking = wanted?.isBlocking ?? false
        start = record.createdAt
    }

    /// How many hours there must be before one can be unlike them.
    static let leastHours: Int64 = 24

    /// How much of something is nothing unusual in any hour.
    static func harmless(_ metered: Metered) -> Int64 {
        metered == .tokens ? 100_000 : 100
    }
}

extension Meter {
    /// Whether a request brings what was used in the hour of the last `rollWindows` beyond what is usual.
    ///
    /// - Parameters:
    ///   - charge: what the request would take.
    ///   - rule: what is usual.
    /// - Returns: false, too, as long as there is nothing to compare the hour with.
    func isUnusual(_ charge: Charge, by rule: AnomalyRule) -> Bool {
        let hour = used(.hour) + charge.amounts
        return isUnusual(hour.requests, .requests, rule) || isUnusual(hour.tokens, .tokens, rule)
    }

    private func isUnusual(_ amount: Int64, _ metered: Metered, _ rule: AnomalyRule) -> Bool {
        // Most often so, and looking for windows takes time.
        guard amount > AnomalyRule.harmless(metered) else { return false }
        let hour = rules.zone.window(.hour, windows[.hour])
        var isJudged = false
        for period in [CalendarPeriod.week, .month, .total] {
            let start = max(rules.zone.window(period, windows[period]).start, rule.start)
            let hours = hour.start.hours(since: start)
            guard hours >= AnomalyRule.leastHours else { continue }
            let before = (used(period) - used(.hour))[metered]
            // amount > factor * before / hours, without losing anything.
            let use = amount.multipliedFullWidth(by: hours)
            let most = max(before, 0).multipliedFullWidth(by: rule.factor)
            guard (use.high, use.low) > (most.high, most.low) else { return false }
            isJudged = true
        }
        return isJudged
    }
}

extension WallTime {
    /// The whole hours from an earlier time; below zero from a later one.
    fileprivate func hours(since start: WallTime) -> Int64 {
        milliseconds.addingSaturated(start.milliseconds.negatedSaturated) / 3_600_000
    }
}
