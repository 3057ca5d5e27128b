internal import TollgateCore

/// A key in memory: one object for as long as it is there, whichever secret it was found by.
///
/// A key that moves into another organisation is given up here and goes on as another object, which
/// takes its meter along: whoever has locked the account and finds the key not retired has locked its
/// meter.
///
/// Unchecked: all that can change is guarded by the account's lock, and only touched inside it.
final class ActiveKey: @unchecked Sendable {
    let account: Account
    /// What is counted for the key: the same object for as long as the key is in memory.
    let meter: Meter
    // Exclusive by the lock, so not checked again at run time.
    /// The version of the record that the rules are of.
    @exclusivity(unchecked) private(set) var version: UInt64
    @exclusivity(unchecked) private(set) var rules: KeyRules
    @exclusivity(unchecked) private(set) var chain: MeterChain
    /// Whether the key was given up: whoever still has it must look for it again.
    @exclusivity(unchecked) private(set) var isRetired = false
    /// Whether the record has to be read again before the key can be used.
    @exclusivity(unchecked) private(set) var isDoubtful = false
    /// Whether decisions may be made by what is here.
    var isUsable: Bool { !isRetired && !isDoubtful }

    /// Whether it was asked for since the hand last came by.
    @exclusivity(unchecked) var isRecent = true

    init(_ rules: KeyRules, version: UInt64, _ chain: MeterChain, in account: Account) {
        meter = chain.key
        self.account = account
        self.version = version
        self.rules = rules
        self.chain = chain
    }

    /// The key's name, read of its meter: an object here is as small as it can be.
    var id: KeyID { KeyID(rawValue: meter.id.rawValue) }

    /// Calls back with the key's meter while nobody else touches it.
    ///
    /// - Returns: nil when the key was given up: it must be looked up again.
    func withMeter<Result>(_ body: (Meter) -> Result) -> Result? {
        account.withLock { isRetired ? nil : body(meter) }
    }

    /// Takes newer rules; older ones are left alone.
    func update(_ rules: KeyRules, version: UInt64, _ chain: MeterChain) {
        guard version > self.version || isDoubtful else { return }
        self.version = version
        self.rules = rules
        self.chain = chain
        meter.rules = rules.limits
        isDoubtful = false
    }

    /// Notes that the record may have changed behind our back: nothing is decided until it was read
    /// again.
    func doubt() {
        isDoubtful = true
    }

    /// Gives the key up here, because it is in another account from now on.
    ///
    /// Its meter is that account's to guard once the lock of this one is free.
    func moveOut() {
        isRetired = true
        account.leave()
    }

    /// Gives the key up, when it was not asked for lately and the ledger has all that it counted.
    func retire(ledger position: JournalPosition) -> Bool {
        guard !isRecent else {
            isRecent = false
            return false
        }
        guard meter.counters.openHolds <= 0, meter.footprint.isContained(in: position) else {
            return false
        }
        isRetired = true
        account.leave()
        return true
    }
}
