/// What is counted for one subject: a key, a user, a team or an organisation.
///
/// Not safe from several threads at once: the lock of the subject's account guards it.
package final class Meter {
    package let id: SubjectID
    /// What of a key's holds may not be in the ledger yet; groups have their account's.
    package let footprint = Footprint()
    package let level: LimitLevel

    // Touched under the account's lock by methods that do not call each other while they change it:
    // checking that at run time, dozens of times for each request, would find nothing.
    /// Whether the subject may be used at all; always so for keys, whose rules tell.
    @exclusivity(unchecked) package var isEnabled = true

    /// What administrators call a group; empty for keys, and for groups that no key in memory is in.
    @exclusivity(unchecked) package private(set) var name: String

    /// What is limited; takes the place of the last when an administrator changes it.
    @exclusivity(unchecked)
    package var rules: LimitRules {
        didSet { if rules.zone != oldValue.zone { windowEnds[0] = WallTime(milliseconds: .min) } }
    }

    @exclusivity(unchecked) package var counters: Counters

    /// What a group's keys may ask about; nil when it leaves that alone, and for keys, whose rules
    /// tell.
    @exclusivity(unchecked) package var access: AccessRules?

    /// The windows that count at the time of the last `turn`.
    @exclusivity(unchecked) package private(set) var windows: WindowIDs

    /// When each of them ends, in the same order.
    @exclusivity(unchecked)
    private var windowEnds = [4 of WallTime](repeating: WallTime(milliseconds: .min))

    /// When the first of them ends: until then they need not be looked for again.
    private var nextWindowAt: WallTime {
        min(min(windowEnds[0], windowEnds[1]), min(windowEnds[2], windowEnds[3]))
    }

    /// - Parameters:
    ///   - id: whose counters these are.
    ///   - level: what kind of subject it is.
    ///   - name: what administrators call it, if it is a group.
    ///   - rules: what is limited.
    ///   - counters: what was counted so far.
    package init(
        id: SubjectID,
        level: LimitLevel,
        name: String = "",
        rules: LimitRules,
        counters: Counters
    ) {
        self.id = id
        self.level = level
        self.name = name
        self.rules = rules
        self.counters = counters
        windows = WindowIDs(lastOf: counters)
    }

    /// Gives a group the name that it keeps.
    ///
    /// Chains are read for names without the lock, so a group has its name before it is in one.
    package func take(name: String) {
        if self.name.isEmpty { self.name = name }
    }

    /// Opens the windows of a time; earlier ones are never opened again.
    package func turn(to time: WallTime) {
        guard time >= nextWindowAt else { return }
        windows = WindowIDs(at: time, in: rules.zone, notBefore: windows)
        for place in 0..<4 {
            windowEnds[place] = rules.zone.window(WindowIDs.periods[place], windows[place]).end
        }
    }

    /// When the open window of a period ends, as of the last `turn`; the total has no end.
    package func end(of period: CalendarPeriod) -> WallTime {
        let place = Int(period.rawValue)
        return place < 4 ? windowEnds[place] : WallTime(milliseconds: .max)
    }

    /// The rate of an allowance, as the journal records it; nil when it is not limited.
    package func rate(_ slot: RateSlot) -> Rate? { rules.rate(slot) }

    /// The windows that are open, as the journal records them.
    ///
    /// A function of this room: read from another one, the property would be checked for exclusive
    /// access at run time after all.
    package func openWindows() -> WindowIDs { windows }

    /// What was used in the open window of a period.
    package func used(_ period: CalendarPeriod) -> Amounts {
        counters.used(period, in: windows[period])
    }

    /// The same meter at this moment: what is counted on one does not count on the other.
    fileprivate func copy() -> Meter {
        let copy = Meter(id: id, level: level, name: name, rules: rules, counters: counters)
        copy.isEnabled = isEnabled
        copy.access = access
        return copy
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
package final class MeterChain {
    package let key: Meter
    /// All of them, by `LimitLevel.rawValue`; each is retained until `deinit`.
    ///
    /// See `withMeter`.
    private let places: [4 of Unmanaged<Meter>?]

    package init(
        key: Meter,
        user: Meter? = nil,
        team: Meter? = nil,
        organization: Meter? = nil
    ) {
        self.key = key
        places = [
            Unmanaged.passRetained(key), user.map(Unmanaged.passRetained),
            team.map(Unmanaged.passRetained), organization.map(Unmanaged.passRetained),
        ]
    }

    deinit {
        for level in 0..<MeterChain.levelCount { places[level]?.release() }
    }

    /// The meter of a level, by `LimitLevel.rawValue`; nil when there is none.
    package subscript(level: Int) -> Meter? {
        places.indices.contains(level) ? places[level]?.takeUnretainedValue() : nil
    }

    /// The same chain at this moment, for questions that must leave no trace.
    package func copy() -> MeterChain {
        func copy(_ level: LimitLevel) -> Meter? { self[Int(level.rawValue)]?.copy() }
        return MeterChain(
            key: key.copy(),
            user: copy(.user),
            team: copy(.team),
            organization: copy(.organization)
        )
    }

    /// How many levels there are at most.
    package static let levelCount = 4

    /// Calls back with the meter of a level, if there is one.
    ///
    /// The way for what is done on each request. The chain owns its meters and outlives the call:
    /// counting references to them, several times for each level, would only take time.
    @inline(__always)
    package func withMeter(_ level: Int, _ body: (Meter) -> Void) {
        places[level]?._withUnsafeGuaranteedRef(body)
    }

    /// Whether there is a meter at a level.
    package func has(_ level: LimitLevel) -> Bool { places[Int(level.rawValue)] != nil }

    /// What the group at a level may ask about; nil when it leaves that alone, or there is none.
    @inline(__always)
    func access(ofGroupAt level: Int) -> AccessRules? {
        var access: AccessRules?
        withMeter(level) { access = $0.access }
        return access
    }

    /// Opens the windows of a time at all levels.
    package func turn(to time: WallTime) {
        for level in 0..<MeterChain.levelCount { withMeter(level) { $0.turn(to: time) } }
    }

    /// Whether no group above the key is disabled.
    package var isEnabled: Bool {
        var isEnabled = true
        for level in 1..<MeterChain.levelCount {
            withMeter(level) { if !$0.isEnabled { isEnabled = false } }
        }
        return isEnabled
    }

    /// Whether tokens or money are limited at any level.
    package var countsSize: Bool {
        var countsSize = false
        for level in 0..<MeterChain.levelCount {
            withMeter(level) { if $0.rules.countsSize { countsSize = true } }
        }
        return countsSize
    }

    /// Whether money is limited at any level.
    package var countsCost: Bool {
        var countsCost = false
        for level in 0..<MeterChain.levelCount {
            withMeter(level) { if $0.rules.countsCost { countsCost = true } }
        }
        return countsCost
    }
}
