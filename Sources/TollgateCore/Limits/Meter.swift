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

    /// The windows that count at the time of the last `rollWindows`.
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
    package func rollWindows(to time: WallTime) {
        guard time >= nextWindowAt else { return }
        windows = WindowIDs(at: time, in: rules.zone, notBefore: windows)
        for place in 0..<4 {
            windowEnds[place] = rules.zone.window(WindowIDs.periods[place], windows[place]).end
        }
    }

    /// When the open window of a period ends, as of the last `rollWindows`; the total has no end.
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
    func copy() -> Meter {
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
