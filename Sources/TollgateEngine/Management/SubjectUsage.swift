package import TollgateCore

/// What was counted for a key or a group, and what is left of its limits.
package struct SubjectUsage: Equatable, Sendable {
    package let counters: Counters
    /// The windows that are open now.
    package let windows: WindowIDs
    /// In the order in which the limits are looked at.
    package let limits: [LimitState]

    package init(counters: Counters, windows: WindowIDs, limits: [LimitState]) {
        self.counters = counters
        self.windows = windows
        self.limits = limits
    }

    /// Reads a meter; the lock of its account must be held.
    init(_ meter: Meter, at now: Now) {
        meter.rollWindows(to: now.wall)
        counters = meter.counters
        windows = meter.windows
        limits = meter.rules.limits.filter { $0.window != .request }.map {
            meter.state(of: $0, now)
        }
    }

    /// What was used in the open window of a period.
    package func used(_ period: CalendarPeriod) -> Amounts {
        counters.used(period, in: windows[period])
    }
}

extension Engine {
    /// What was counted for a key; nil when there is no such key.
    package func usage(ofKey id: KeyID) throws(EngineError) -> SubjectUsage? {
        let now = time.now()
        let books = books
        while let key = try books.keys.key(id) {
            if let usage = key.withMeter({ SubjectUsage($0, at: now) }) { return usage }
        }
        return nil
    }

    /// When a request was last allowed with a key; nil when none ever was.
    ///
    /// Brings no key into memory: a list asks for many.
    package func lastUse(ofKey id: KeyID) throws(EngineError) -> WallTime? {
        let books = books
        while let key = books.keys.keyInMemory(id) {
            if let time = key.withMeter({ $0.counters.lastUsedAt }) { return time }
        }
        do {
            return try books.counters(of: SubjectID(id)).lastUsedAt
        } catch {
            throw .storage(error)
        }
    }

    /// What was counted for a group; nil when there is no such group.
    package func usage(ofGroup id: GroupID) throws(EngineError) -> SubjectUsage? {
        let now = time.now()
        return try books.loader.withGroup(id) { SubjectUsage($0, at: now) }
    }
}
