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
    package func rollWindows(to time: WallTime) {
        for level in 0..<MeterChain.levelCount { withMeter(level) { $0.rollWindows(to: time) } }
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
