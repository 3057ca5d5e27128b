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
        /// What holds still count on that is none of the groups above any more.
        var strays: [SubjectID: Meter] = [:]
        var activeKeys = 0
        var isRetired = false
    }

    /// What of the account's holds may not be in the ledger yet.
    let footprint = Footprint()

    init() {
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
            members.groups.values.allSatisfy({ $0.meter.counters.openHolds <= 0 }),
            members.strays.values.allSatisfy({ $0.counters.openHolds <= 0 })
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
        if let (meter, version) = members.groups[record.id] {
            guard meter.id == record.subject else {
                // Another group has got the name; what counts on the first one goes on to.
                members.groups[record.id] = nil
                members.strays[meter.id] = meter
                return try put(record, rules, counters: counters)
            }
            if record.version >= version { take(record, rules, meter) }
            return meter
        }
        let meter: Meter
        if let stray = members.strays.removeValue(forKey: record.subject) {
            meter = stray
        } else {
            let counters = try counters()
            let level = LimitLevel(record.id.kind)
            meter = Meter(
                id: record.subject,
                level: level,
                name: record.id.name,
                rules: rules.limits,
                counters: counters
            )
        }
        take(record, rules, meter)
        return meter
    }

    private func take(_ record: GroupRecord, _ rules: GroupRules, _ meter: Meter) {
        meter.rules = rules.limits
        meter.access = rules.access
        meter.isEnabled = record.isEnabled
        members.groups[record.id] = (meter, record.version)
    }

    /// The meter that a hold was counted on: the key's own, or one that the key has left since.
    ///
    /// - Parameters:
    ///   - subject: whose it is.
    ///   - level: at which level it was counted.
    ///   - chain: the meters of the key now.
    ///   - counters: what was counted for it; asked for only when it is not in memory.
    /// - Returns: the meter.
    /// - Throws: what `counters` throws.
    func meter(
        of subject: SubjectID,
        _ level: Int,
        _ chain: MeterChain,
        counters: () throws(StorageError) -> Counters
    ) throws(StorageError) -> Meter {
        if let meter = chain[level], meter.id == subject { return meter }
        if let group = members.groups.values.first(where: { $0.meter.id == subject }) {
            return group.meter
        }
        if let meter = members.strays[subject] { return meter }
        let level = LimitLevel(rawValue: UInt8(level)) ?? .organization
        let meter = Meter(id: subject, level: level, rules: .none, counters: try counters())
        members.strays[subject] = meter
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
