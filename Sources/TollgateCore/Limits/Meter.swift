/// What is counted for one subject: a key, a user, a team or an organisation.
///
/// Not safe from several threads at once: the lock of the subject's account guards it.
package final class Meter {
    package let id: SubjectID
    package let level: LimitLevel

    /// What is limited; takes the place of the last when an administrator changes it.
    package var rules: LimitRules {
        didSet { if rules.zone != oldValue.zone { nextWindowAt = WallTime(milliseconds: .min) } }
    }

    package var counters: Counters

    /// Whether the subject may be used at all; always so for keys, whose rules tell.
    package var isEnabled = true

    /// The windows that count at the time of the last `turn`.
    package private(set) var windows: WindowIDs

    /// When the first of them ends: until then they need not be looked for again.
    private var nextWindowAt = WallTime(milliseconds: .min)

    /// - Parameters:
    ///   - id: whose counters these are.
    ///   - level: what kind of subject it is.
    ///   - rules: what is limited.
    ///   - counters: what was counted so far.
    package init(id: SubjectID, level: LimitLevel, rules: LimitRules, counters: Counters) {
        self.id = id
        self.level = level
        self.rules = rules
        self.counters = counters
        windows = WindowIDs(lastOf: counters)
    }

    /// Opens the windows of a time; earlier ones are never opened again.
    package func turn(to time: WallTime) {
        guard time >= nextWindowAt else { return }
        windows = WindowIDs(at: time, in: rules.zone, notBefore: windows)
        nextWindowAt = WallTime(milliseconds: .max)
        for place in 0..<4 {
            let end = rules.zone.window(WindowIDs.periods[place], windows[place]).end
            nextWindowAt = min(nextWindowAt, end)
        }
    }

    /// What was used in the open window of a period.
    package func used(_ period: CalendarPeriod) -> Amounts {
        counters.used(period, in: windows[period])
    }
}

extension WindowIDs {
    /// The last windows that were counted in.
    fileprivate init(lastOf counters: Counters) {
        func last(_ period: CalendarPeriod) -> Int32 {
            Int32(clamping: counters.tallies[Int(period.rawValue)].id.rawValue)
        }
        self.init(hour: last(.hour), day: last(.day), week: last(.week), month: last(.month))
    }
}

/// The name of what is counted for: a key's id, or the number that a user, team or organisation has.
package struct SubjectID: Comparable, Hashable, Sendable {
    package let rawValue: UInt128

    package init(rawValue: UInt128) {
        self.rawValue = rawValue
    }

    package init(_ key: KeyID) {
        rawValue = key.rawValue
    }

    package static func < (left: SubjectID, right: SubjectID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The meters that a key's requests are counted on: its own and those above it.
///
/// All belong to one account, whose lock guards them.
package struct MeterChain {
    package let key: Meter
    package let user: Meter?
    package let team: Meter?
    package let organization: Meter?

    package init(
        key: Meter,
        user: Meter? = nil,
        team: Meter? = nil,
        organization: Meter? = nil
    ) {
        self.key = key
        self.user = user
        self.team = team
        self.organization = organization
    }

    /// The meter of a level, by `LimitLevel.rawValue`; nil when there is none.
    package subscript(level: Int) -> Meter? {
        switch level {
        case 0: key
        case 1: user
        case 2: team
        default: organization
        }
    }

    /// How many levels there are at most.
    package static let levelCount = 4

    /// Opens the windows of a time at all levels.
    package func turn(to time: WallTime) {
        for level in 0..<MeterChain.levelCount { self[level]?.turn(to: time) }
    }

    /// Whether no group above the key is disabled.
    package var isEnabled: Bool {
        for level in 1..<MeterChain.levelCount where self[level]?.isEnabled == false {
            return false
        }
        return true
    }

    /// Whether money is limited at any level.
    package var countsCost: Bool {
        for level in 0..<MeterChain.levelCount
        where self[level]?.rules.countsCost == true { return true }
        return false
    }
}
