package import TollgateCore

/// Something that is to be told of a key.
package struct NoticeDraft: Equatable, Sendable {
    /// What there is to tell.
    package enum Fact: Equatable, Sendable {
        case managed(ManagementAction)
        /// A limit has denied requests: how many of those that were looked at together.
        case limitExceeded(LimitName, LimitLevel, Reason, count: UInt64, state: LimitState?)
        /// So many percent of a limit are used or held.
        case threshold(UInt8, LimitState)
        /// So many requests of a minute were refused for the state of the key, or its addresses.
        case authFailures(UInt64, reasons: [Reason])
        /// A content rule, by its number from 1, was found in so many requests of those that were
        /// looked at together; nil when the key has no such rule any more.
        case content(number: Int, KeyNotices.ContentRule?, count: UInt64)
        /// More than usual was asked for in an hour.
        case unusualUse
    }

    package let event: WebhookEvent
    package let key: KeyRecord
    package let time: WallTime
    package let fact: Fact

    package init(_ event: WebhookEvent, _ key: KeyRecord, _ time: WallTime, _ fact: Fact) {
        self.event = event
        self.key = key
        self.time = time
        self.fact = fact
    }
}

/// Decides what is told of what the journal says, each thing once.
///
/// Pure: the time is that of the journal, and records and usage are asked of whoever calls, with the
/// time that they are of.
package struct NoticeJudge: Sendable {
    /// Where to look up what findings only name.
    package struct Sources {
        /// The record of a key; nil when there is none.
        package var key: (KeyID) throws(StorageError) -> KeyRecord?
        /// What was used of a key's limits; nil when that cannot be told.
        package var keyLimits: (KeyID) -> [LimitState]?
        /// The same for a group.
        package var groupLimits: (GroupID) -> [LimitState]?
        /// The time now, from which on limits say when they are reset; asked for right behind them.
        package var now: () -> WallTime

        package init(
            key: @escaping (KeyID) throws(StorageError) -> KeyRecord?,
            keyLimits: @escaping (KeyID) -> [LimitState]?,
            groupLimits: @escaping (GroupID) -> [LimitState]?,
            now: @escaping () -> WallTime
        ) {
            self.key = key
            self.keyLimits = keyLimits
            self.groupLimits = groupLimits
            self.now = now
        }
    }

    /// How many refusals in a minute are told of when a key does not say.
    package static let usualFailures: UInt64 = 20
    /// How many marks are kept; those of the longest ago go first.
    private static let markLimit = 100_000

    /// What was told, and is not told again before it is new.
    package private(set) var marks: [NoticeSubject: NoticeMark]
    /// How many requests of a key were refused in the minute that was last.
    private var failures: [KeyID: Failures] = [:]
    /// What was told of the findings that are being judged.
    private var fresh: [NoticeSubject: NoticeMark] = [:]

    private struct Failures {
        var minute: Int64
        var count: UInt64 = 0
        var reasons: Set<Reason> = []
    }

    /// Goes on with what was told before.
    package init(marks: [NoticeSubject: NoticeMark]) {
        self.marks = marks
    }

    /// Judges what the journal says.
    ///
    /// - Parameters:
    ///   - findings: what it says.
    ///   - sources: where to look up the rest.
    /// - Returns: what is to be told, in order, and the marks to be kept with it.
    /// - Throws: when records cannot be read; the judge is then to be thrown away.
    package mutating func judge(
        _ findings: JournalFindings,
        _ sources: Sources
    ) throws(StorageError) -> (drafts: [NoticeDraft], marks: [NoticeSubject: NoticeMark]) {
        fresh = [:]
        let time = findings.time ?? WallTime(milliseconds: 0)
        var drafts = try managed(findings.acts, sources)
        for (denial, count) in findings.denials.sorted(by: { $0.key.isBefore($1.key) }) {
            let draft =
                try denial.limit == nil
                ? countFailures(denial, count, time, sources)
                : exceeded(denial, count, time, sources)
            if let draft { drafts.append(draft) }
        }
        let refused = Set(findings.denials.keys.filter { $0.limit == nil }.map(\.keyID))
        for id in refused.sorted() {
            if let draft = try refusals(of: id, time, sources) { drafts.append(draft) }
        }
        for (content, count) in findings.content.sorted(by: { $0.key.isBefore($1.key) }) {
            if let draft = try found(content, count, time, sources) { drafts.append(draft) }
        }
        for id in findings.watched.sorted() {
            drafts += try thresholds(of: id, time, sources)
        }
        for id in findings.unusual.sorted() {
            if let draft = try unusualUse(of: id, time, sources) { drafts.append(draft) }
        }
        let minute = time.milliseconds / 60_000
        failures = failures.filter { $0.value.minute >= minute }
        forgetOldMarks()
        return (drafts, fresh)
    }

    // MARK: Management

    private mutating func managed(
        _ acts: [JournalFindings.Act],
        _ sources: Sources
    ) throws(StorageError) -> [NoticeDraft] {
        var drafts: [NoticeDraft] = []
        for act in acts {
            guard
                let event = WebhookEvent(action: act.action.name),
                let id = KeyID(act.action.target)
            else { continue }
            guard let key = try sources.key(id) else { continue }
            drafts.append(NoticeDraft(event, key, act.time, .managed(act.action)))
        }
        return drafts
    }

    // MARK: Limits

    private mutating func exceeded(
        _ denial: JournalFindings.Denial,
        _ count: UInt64,
        _ time: WallTime,
        _ sources: Sources
    ) throws(StorageError) -> NoticeDraft? {
        guard let limit = denial.limit, let key = try sources.key(denial.keyID) else { return nil }
        let states =
            denial.level == .key
            ? sources.keyLimits(key.id)
            : key.group(at: denial.level).flatMap(sources.groupLimits)
        let state = states?.first { $0.name == limit }
        let mark = NoticeMark(
            window: limit.isByMinute ? denial.minute : state?.window(at: sources.now()) ?? 0,
            limit: state?.limit ?? 0,
            time: time
        )
        let subject = NoticeSubject(key.id, .keyLimitExceeded, limit: limit, level: denial.level)
        if !limit.isByMinute, let told = marks[subject], told.limit == mark.limit,
            denial.minute < told.window
        {
            // The window that is open now is not that of the denial, of which it was told.
            return nil
        }
        guard isNew(subject, mark) else { return nil }
        return NoticeDraft(
            .keyLimitExceeded,
            key,
            time,
            .limitExceeded(limit, denial.level, denial.reason, count: count, state: state)
        )
    }

    private mutating func thresholds(
        of id: KeyID,
        _ time: WallTime,
        _ sources: Sources
    ) throws(StorageError) -> [NoticeDraft] {
        guard let key = try sources.key(id) else { return [] }
        let budgets = Set(
            (key.notices.budgetAlerts?.thresholds ?? [])
                + (key.notices.alerts?.budgetThreshold ?? [])
        ).sorted()
        let rate = key.notices.alerts?.rateLimitPercentage
        var drafts: [NoticeDraft] = []
        let states = sources.keyLimits(id) ?? []
        let now = sources.now()
        for state in states {
            let percentages =
                state.name.isBudget ? budgets : state.name.isRate ? rate.map { [$0] } ?? [] : []
            for percentage in percentages where state.hasReached(percentage) {
                let subject = NoticeSubject(
                    id,
                    .keyBudgetThreshold,
                    limit: state.name,
                    threshold: percentage
                )
                let mark = NoticeMark(
                    window: state.window(at: state.name.isByMinute ? time : now),
                    limit: state.limit,
                    time: time
                )
                guard isNew(subject, mark) else { continue }
                drafts.append(
                    NoticeDraft(.keyBudgetThreshold, key, time, .threshold(percentage, state))
                )
            }
        }
        return drafts
    }

    // MARK: Content

    private mutating func found(
        _ content: JournalFindings.Content,
        _ count: UInt64,
        _ time: WallTime,
        _ sources: Sources
    ) throws(StorageError) -> NoticeDraft? {
        guard let key = try sources.key(content.keyID) else { return nil }
        let number = Int(content.rule) + 1
        let subject = NoticeSubject(
            key.id,
            .keySuspiciousActivity,
            threshold: UInt8(truncatingIfNeeded: number)
        )
        let mark = NoticeMark(window: content.minute, limit: 0, time: time)
        guard isNew(subject, mark) else { return nil }
        let rules = key.notices.contentRules
        let rule = number <= rules.count ? rules[number - 1] : nil
        return NoticeDraft(
            .keySuspiciousActivity,
            key,
            time,
            .content(number: number, rule, count: count)
        )
    }

    // MARK: Refusals

    /// Counts refusals of a minute.
    ///
    /// - Returns: what is to be told of the minute before, which has all that it will ever have.
    private mutating func countFailures(
        _ denial: JournalFindings.Denial,
        _ count: UInt64,
        _ time: WallTime,
        _ sources: Sources
    ) throws(StorageError) -> NoticeDraft? {
        var draft: NoticeDraft?
        if let last = failures[denial.keyID], last.minute != denial.minute {
            draft = try refusals(of: denial.keyID, time, sources)
            failures[denial.keyID] = nil
        }
        var entry = failures[denial.keyID] ?? Failures(minute: denial.minute)
        entry.count &+= count
        entry.reasons.insert(denial.reason)
        failures[denial.keyID] = entry
        return draft
    }

    /// What is to be told of the refusals of a key in the minute that is counted.
    private mutating func refusals(
        of id: KeyID,
        _ time: WallTime,
        _ sources: Sources
    ) throws(StorageError) -> NoticeDraft? {
        guard let entry = failures[id], let key = try sources.key(id) else { return nil }
        let threshold = key.notices.alerts?.failedAuthThreshold.map(UInt64.init)
        guard entry.count >= threshold ?? NoticeJudge.usualFailures else { return nil }
        let mark = NoticeMark(window: entry.minute, limit: 0, time: time)
        guard isNew(NoticeSubject(id, .keyAuthFailures), mark) else { return nil }
        let reasons = entry.reasons.sorted { $0.rawValue < $1.rawValue }
        return NoticeDraft(
            .keyAuthFailures,
            key,
            time,
            .authFailures(entry.count, reasons: reasons)
        )
    }

    // MARK: Unusual use

    private mutating func unusualUse(
        of id: KeyID,
        _ time: WallTime,
        _ sources: Sources
    ) throws(StorageError) -> NoticeDraft? {
        guard let key = try sources.key(id) else { return nil }
        let mark = NoticeMark(window: time.milliseconds / 3_600_000, limit: 0, time: time)
        guard isNew(NoticeSubject(id, .keySuspiciousActivity), mark) else { return nil }
        return NoticeDraft(.keySuspiciousActivity, key, time, .unusualUse)
    }

    // MARK: Marks

    /// Whether something was not told yet; it is then taken for told.
    private mutating func isNew(_ subject: NoticeSubject, _ mark: NoticeMark) -> Bool {
        if let old = marks[subject], old.window == mark.window, old.limit == mark.limit {
            return false
        }
        marks[subject] = mark
        fresh[subject] = mark
        return true
    }

    private mutating func forgetOldMarks() {
        guard marks.count > NoticeJudge.markLimit else { return }
        let oldest = marks.sorted { $0.value.time < $1.value.time }
        for (subject, _) in oldest.prefix(marks.count - NoticeJudge.markLimit / 2) {
            marks[subject] = nil
        }
    }
}

extension JournalFindings.Denial {
    /// An order that is always the same, with the minutes one behind the other.
    fileprivate func isBefore(_ other: JournalFindings.Denial) -> Bool {
        (minute, keyID.rawValue, reason.rawValue, limit?.rawValue ?? 0, level.rawValue)
            < (
                other.minute, other.keyID.rawValue, other.reason.rawValue,
                other.limit?.rawValue ?? 0, other.level.rawValue
            )
    }
}

extension JournalFindings.Content {
    /// An order that is always the same, with the minutes one behind the other.
    fileprivate func isBefore(_ other: JournalFindings.Content) -> Bool {
        (minute, keyID.rawValue, rule) < (other.minute, other.keyID.rawValue, other.rule)
    }
}

extension WebhookEvent {
    /// What is told of an action of this name; nil when nothing is.
    fileprivate init?(action name: String) {
        switch name {
        case "key.created": self = .keyCreated
        case "key.updated", "key.enabled", "key.disabled": self = .keyUpdated
        case "key.rotated": self = .keyRotated
        case "key.revoked", "key.deleted": self = .keyRevoked
        case "key.expired": self = .keyExpired
        default: return nil
        }
    }
}

extension LimitName {
    /// Whether it bounds money over days, weeks, months or for good.
    fileprivate var isBudget: Bool {
        switch self {
        case .budgetDaily, .budgetWeekly, .budgetMonthly, .budgetTotal: true
        default: false
        }
    }

    /// Whether it bounds requests or tokens over a time.
    fileprivate var isRate: Bool {
        switch self {
        case .perSecond, .perMinute, .perHour, .perDay, .tokensPerMinute: true
        default: false
        }
    }

    /// Whether it has no window that is worth a notice of its own, so that minutes stand for it.
    fileprivate var isByMinute: Bool {
        switch self {
        case .perRequestMax, .perSecond, .perMinute, .tokensPerMinute, .concurrent: true
        default: false
        }
    }
}

extension LimitState {
    /// The window that is open at a time, from which on the reset counts, by the minute in which it
    /// ends; 0 for one that never does.
    fileprivate func window(at time: WallTime) -> Int64 {
        if name.isByMinute { return time.milliseconds / 60_000 }
        guard reset > 0 else { return 0 }
        // Windows end at full minutes, and the time is read a little later than the reset.
        let end = time.milliseconds.addingSaturated(Int64(clamping: reset))
        return end.addingSaturated(30_000) / 60_000
    }

    /// Whether so many percent are used or held.
    fileprivate func hasReached(_ percentage: UInt8) -> Bool {
        let used = limit.addingSaturated(remaining.negatedSaturated)
        let left = max(used, 0).multipliedFullWidth(by: 100)
        let right = max(limit, 0).multipliedFullWidth(by: Int64(percentage))
        return limit > 0 && (left.high, left.low) >= (right.high, right.low)
    }
}

extension KeyRecord {
    /// The group at a level that the key belongs to.
    fileprivate func group(at level: LimitLevel) -> GroupID? {
        switch level {
        case .key: nil
        case .user: user.flatMap { GroupID(.user, $0) }
        case .team: team.flatMap { GroupID(.team, $0) }
        case .organization: organization.flatMap { GroupID(.organization, $0) }
        }
    }
}
