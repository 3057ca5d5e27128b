internal import TollgateCore

/// The meters that a hold was counted on, kept in memory until its end counts on them.
///
/// The key's own meter goes where the key goes; those of the groups stay with their organisation. So
/// those of a hold whose key has moved since are in two accounts, whose locks are taken one after the
/// other, never both at once.
struct HoldMeters {
    private let key: ActiveKey
    /// Whose lock guards the meters of the groups.
    private let account: Account
    /// Those of the groups, by `LimitLevel.rawValue`; nil where there is none.
    private let groups: [4 of Meter?]

    /// Finds the meters, and keeps key and groups in memory until `recorded` or `notEnded`.
    ///
    /// Nil when the key has left or moved, or the account has left meanwhile: the key must be looked up
    /// again.
    ///
    /// - Parameters:
    ///   - hold: the hold.
    ///   - key: its key.
    ///   - loader: finds what is not in memory.
    /// - Throws: when the counters of a group cannot be read; then nothing is kept.
    init?(of hold: LedgerHold, _ key: ActiveKey, _ loader: KeyLoader) throws(StorageError) {
        let account = loader.account(ofGroupsOf: hold, key)
        let isAtHome = account === key.account
        let groups = try account.withLock { () throws(StorageError) -> [4 of Meter?]? in
            if account.isRetired || isAtHome && key.isRetired { return nil }
            let chain = isAtHome ? key.chain : nil
            let groups = try HoldMeters.groups(of: hold, chain, in: account, loader)
            account.footprint.willEnd()
            if isAtHome { key.meter.footprint.willEnd() }
            return groups
        }
        guard let groups else { return nil }
        guard isAtHome || key.withMeter({ _ in key.meter.footprint.willEnd() }) != nil else {
            account.footprint.endCancelled()
            return nil
        }
        self.key = key
        self.account = account
        self.groups = groups
    }

    private static func groups(
        of hold: LedgerHold,
        _ chain: MeterChain?,
        in account: Account,
        _ loader: KeyLoader
    ) throws(StorageError) -> [4 of Meter?] {
        var meters = [4 of Meter?](repeating: nil)
        for level in 1..<MeterChain.levelCount where hold.subjects[level].rawValue != 0 {
            let subject = hold.subjects[level]
            if let meter = chain?[level], meter.id == subject {
                meters[level] = meter
            } else {
                let level = LimitLevel(rawValue: UInt8(level)) ?? .organization
                meters[Int(level.rawValue)] = try account.meter(of: subject, level) {
                    () throws(StorageError) in try loader.counters(of: subject)
                }
            }
        }
        return meters
    }

    /// Calls back with each meter and its level, while nobody else touches it.
    ///
    /// - Parameters:
    ///   - keys: where the key is found, when it has moved.
    ///   - body: changes the meter.
    func forEachMeter(in keys: KeyTable, _ body: (Meter, Int) -> Void) {
        let isWhole = account.withLock {
            for level in 1..<MeterChain.levelCount {
                if let meter = groups[level] { body(meter, level) }
            }
            guard account === key.account, !key.isRetired else { return false }
            body(key.meter, 0)
            return true
        }
        if isWhole { return }
        var place: ActiveKey? = key
        while let key = place, key.withMeter({ body($0, 0) }) == nil {
            // Its footprint keeps the key in memory, and nobody finds the place that it has left.
            place = keys.keyInMemory(key.id)
        }
    }

    /// Notes that the end of the hold is in the journal.
    func endRecorded(at position: JournalPosition) {
        key.meter.footprint.endRecorded(at: position)
        account.footprint.endRecorded(at: position)
    }

    /// Notes that the hold has not ended after all: somebody else was faster.
    func endCancelled() {
        key.meter.footprint.endCancelled()
        account.footprint.endCancelled()
    }
}
