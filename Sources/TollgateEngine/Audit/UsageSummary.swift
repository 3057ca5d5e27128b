package import TollgateCore

/// Which recorded requests to sum up: those that were decided in a span of time.
package struct UsageSpan: Equatable, Sendable {
    /// Not before this time; nil for the beginning.
    package var since: WallTime?
    /// Before this time; nil for now.
    package var until: WallTime?
    /// Only those of these keys; nil for all.
    package var keys: Set<KeyID>?
    /// Only those that asked for this model; nil for all.
    package var model: String?

    package init(
        since: WallTime? = nil,
        until: WallTime? = nil,
        keys: Set<KeyID>? = nil,
        model: String? = nil
    ) {
        self.since = since
        self.until = until
        self.keys = keys
        self.model = model
    }

    /// The same of another span of time.
    package func part(since: WallTime, until: WallTime) -> UsageSpan {
        UsageSpan(since: since, until: until, keys: keys, model: model)
    }

    /// Whether a request of this key, decided at this time, is asked for, whatever its model.
    package func wants(_ key: KeyID, at time: WallTime) -> Bool {
        if let since, time < since { return false }
        if let until, time >= until { return false }
        return keys?.contains(key) ?? true
    }
}

/// What requests of one kind have used.
package struct UsageTotals: Equatable, Sendable {
    /// How many were allowed.
    package var requests: Int64 = 0
    /// How many were denied.
    package var denied: Int64 = 0
    /// Tokens as they count on limits: reported ones, or what an expired hold has left.
    package var tokens: Int64 = 0
    /// What was reported; the prompt with its cached part.
    package var inputTokens: Int64 = 0
    package var outputTokens: Int64 = 0
    package var cachedInputTokens: Int64 = 0
    /// In nano-USD.
    package var cost: Int64 = 0

    package init() {}

    package static func += (left: inout UsageTotals, right: UsageTotals) {
        left.requests = left.requests.addingSaturated(right.requests)
        left.denied = left.denied.addingSaturated(right.denied)
        left.tokens = left.tokens.addingSaturated(right.tokens)
        left.inputTokens = left.inputTokens.addingSaturated(right.inputTokens)
        left.outputTokens = left.outputTokens.addingSaturated(right.outputTokens)
        left.cachedInputTokens = left.cachedInputTokens.addingSaturated(right.cachedInputTokens)
        left.cost = left.cost.addingSaturated(right.cost)
    }

    /// Counts one decision, whose end is counted apart.
    package mutating func count(_ reason: Reason) {
        if reason == .allowed {
            requests = requests.addingSaturated(1)
        } else {
            denied = denied.addingSaturated(1)
        }
    }

    /// Counts how a request ended.
    ///
    /// - Parameters:
    ///   - ending: what was reported.
    ///   - added: what it adds to what was counted of the request before.
    package mutating func count(_ ending: RequestEnding, adding added: Amounts) {
        tokens = tokens.addingSaturated(added.tokens)
        cost = cost.addingSaturated(added.cost)
        inputTokens = inputTokens.addingSaturated(Int64(clamping: ending.tokens.input))
        outputTokens = outputTokens.addingSaturated(Int64(clamping: ending.tokens.output))
        cachedInputTokens = cachedInputTokens.addingSaturated(
            Int64(clamping: ending.tokens.cachedInput)
        )
    }
}

/// What was used, by key, model and day.
package struct UsageSummary: Equatable, Sendable {
    /// Requests that are counted together.
    package struct Group: Hashable, Sendable {
        package let key: KeyID
        /// The model that was asked for; nil for all beyond those that are told apart, of which there
        /// are none where one model alone is summed up.
        package let model: String?
        /// The day of the decision in UTC, counted from 1970-01-01.
        package let day: Int32

        package init(key: KeyID, model: String?, day: Int32) {
            self.key = key
            self.model = model
            self.day = day
        }
    }

    package private(set) var groups: [Group: UsageTotals] = [:]

    package init() {}

    /// Adds what requests of one group have used.
    package mutating func add(_ totals: UsageTotals, to group: Group) {
        groups[group, default: UsageTotals()] += totals
    }

    /// Adds one row of the audit trail, if it is that of a key that is known.
    package mutating func add(_ entry: AuditEntry) {
        guard let key = entry.keyID, entry.action == nil else { return }
        var totals = UsageTotals()
        totals.count(entry.reason)
        // The row has the last ending, which stands for all of them.
        if let ending = entry.ending { totals.count(ending, adding: ending.used) }
        let day = UsageSummary.day(of: entry.time)
        add(totals, to: Group(key: key, model: entry[.model], day: day))
    }

    /// The day of a time in UTC, counted from 1970-01-01.
    package static func day(of time: WallTime) -> Int32 {
        let days = time.milliseconds.floored(by: 86_400_000)
        return Int32(clamping: days)
    }
}

extension Int64 {
    /// How often a positive number goes into this one, rounded down.
    package func floored(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : (self + 1) / divisor - 1
    }
}
