internal import Synchronization
internal import TollgateCore

/// The keys and groups of one organisation, or one key that stands alone: all that is decided under
/// one lock.
///
/// What its keys and meters hold is only touched inside `withLock`.
final class Account: Sendable {
    private let mutex: Mutex<Void>
    private let members: Members

    /// What the lock guards; a class, so that meters can be lent without copying anything.
    private final class Members: @unchecked Sendable {
        var groups: [GroupID: (meter: Meter, version: UInt64)] = [:]
        /// Those of the groups above, and what else holds were counted on.
        var meters: [SubjectID: Meter] = [:]
        var activeKeys = 0
        var isRetired = false
    }

    /// The organisation's name in the ledger; nil for a key that stands alone.
    let organization: SubjectID?
    /// What of the account's holds may not be in the ledger yet.
    let footprint = Footprint()

    init(organization: SubjectID? = nil) {
        self.organization = organization
        mutex = Mutex(())
        members = Members()
    }

    /// Waits until nobody else decides in this account, and keeps others waiting until `unlock`.
    ///
    /// For bodies that cannot be closures; all others use `withLock`.
    @inline(__always)
    func lock() { mutex._unsafeLock() }

    /// Lets the next one in.
    @inline(__always)
    func unlock() { mutex._unsafeUnlock() }

    /// Runs a body while nobody else decides in this account.
    @inline(__always)
    func withLock<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body()
    }

    // MARK: Only inside `withLock`

    /// Whether the account was given up: whoever still has it must look for it again.
    var isRetired: Bool { members.isRetired }

    /// Notes that one more key is in memory.
    func join() {
        members.activeKeys += 1
    }

    /// Notes that a key has left memory.
    func leave() {
        members.activeKeys -= 1
    }

    /// Gives the account up, when no key uses it and the ledger has all that it counted.
    func retire(ledger position: JournalPosition) -> Bool {
        guard
            members.activeKeys == 0, footprint.isContained(in: position),
            members.meters.values.allSatisfy({ $0.counters.openHolds <= 0 })
        else { return false }
        members.isRetired = true
        return true
    }

    /// The meter of a group, if it is in memory.
    func group(_ id: GroupID) -> Meter? { members.groups[id]?.meter }

    /// Takes a group into memory, or its new rules when it is there already.
    ///
    /// An older record than the one that is there changes nothing.
    ///
    /// - Parameters:
    ///   - record: the group.
    ///   - rules: its limits and what else it restricts, compiled.
    ///   - counters: what was counted for it; not asked for when it is in memory.
    /// - Returns: the group's meter, the same one as long as the account is in memory.
    /// - Throws: what `counters` throws.
    @discardableResult
    func put(
        _ record: GroupRecord,
        _ rules: GroupRules,
        counters: () throws(StorageError) -> Counters
    ) throws(StorageError) -> Meter {
        // Another group may have got the name; what counts on the first one goes on to.
        if let (meter, version) = members.groups[record.id], meter.id == record.subject {
            if record.version >= version { take(record, rules, meter) }
            return meter
        }
        let meter = try meter(of: record.subject, LimitLevel(record.id.kind), counters: counters)
        meter.take(name: record.id.name)
        take(record, rules, meter)
        return meter
    }

    private func take(_ record: GroupRecord, _ rules: GroupRules, _ meter: Meter) {
        meter.rules = rules.limits
        meter.access = rules.access
        meter.isEnabled = record.isEnabled
        members.groups[record.id] = (meter, record.version)
    }

    /// The meter of a group that keys belong to, or did when their holds were counted.
    ///
    /// - Parameters:
    ///   - subject: whose it is.
    ///   - level: at which level it counts.
    ///   - counters: what was counted for it; asked for only when it is not in memory.
    /// - Returns: the meter, which has neither name nor limits while the group's record is not here.
    /// - Throws: what `counters` throws.
    func meter(
        of subject: SubjectID,
        _ level: LimitLevel,
        counters: () throws(StorageError) -> Counters
    ) throws(StorageError) -> Meter {
        if let meter = members.meters[subject] { return meter }
        let meter = Meter(id: subject, level: level, rules: .none, counters: try counters())
        members.meters[subject] = meter
        return meter
    }
}

/// What a group restricts, compiled.
struct GroupRules {
    let limits: LimitRules
    /// Nil when requests may be about anything.
    let access: AccessRules?

    /// Compiles a record.
    ///
    /// - Parameters:
    ///   - record: the group.
    ///   - zones: where time zones are found.
    ///   - shared: parts that other groups may have in common with it.
    /// - Throws: the first thing in it that cannot be.
    init(
        _ record: GroupRecord,
        zones: ZoneCatalogue,
        sharing shared: inout SharedRules
    ) throws(RuleProblem) {
        do {
            limits =
                if let credits = record.credits {
                    try LimitRules(record.limits, credits: credits, zones: zones)
                } else {
                    try shared.limits(record.limits, zones: zones)
                }
        } catch {
            throw .limit(error)
        }
        access = try AccessRules.ofGroup(record.restrictions, zones: zones)
    }

    /// Compiles a record that shares nothing with others.
    init(_ record: GroupRecord, zones: ZoneCatalogue) throws(RuleProblem) {
        var shared = SharedRules()
        try self.init(record, zones: zones, sharing: &shared)
    }
}

extension LimitLevel {
    init(_ kind: GroupKind) {
        switch kind {
        case .user: self = .user
        case .team: self = .team
        case .organization: self = .organization
        }
    }
}
