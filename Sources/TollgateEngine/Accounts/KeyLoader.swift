internal import Synchronization
internal import TollgateCore

/// Brings keys and the groups above them from the catalogue and the ledger into memory.
final class KeyLoader: Sendable {
    private let catalogue: any KeyCatalogue
    private let groups: any GroupCatalogue
    private let ledger: any Ledger
    private let zones: ZoneCatalogue
    /// Those of organisations, by their names in the ledger, which are for good.
    private let accounts: Mutex<[SubjectID: Account]>
    private let shared = Mutex(SharedRules())

    /// How many organisations are kept in memory before those that nobody uses are given up.
    private static let accountLimit = 100_000

    init(_ parts: EngineParts) {
        catalogue = parts.catalogue
        groups = parts.groups
        ledger = parts.ledger
        zones = parts.zones
        accounts = Mutex([:])
    }

    /// The last position that the ledger includes.
    var ledgerPosition: JournalPosition { ledger.ledgerPosition }

    /// The id of the key that one of whose live secrets has this digest.
    func id(forDigest digest: KeyDigest) throws(EngineError) -> KeyID? {
        try storage { () throws(StorageError) in try catalogue.record(forDigest: digest)?.id }
    }

    func record(_ id: KeyID) throws(EngineError) -> KeyRecord? {
        try storage { () throws(StorageError) in try catalogue.record(id: id) }
    }

    /// What was counted for a subject that is not in memory.
    func counters(of subject: SubjectID) throws(StorageError) -> Counters {
        try ledger.counters(of: subject) ?? Counters()
    }

    /// Makes a key of a record; its groups come along.
    func activate(_ record: KeyRecord) throws(EngineError) -> ActiveKey {
        try storage { () throws(StorageError) in
            let rules = try compile(record)
            let subject = SubjectID(record.id)
            let meter = Meter(
                id: subject,
                level: .key,
                rules: rules.limits,
                counters: try counters(of: subject)
            )
            return try enter(record, rules, meter)
        }
    }

    /// Reads a key's record again, whatever version is in memory.
    ///
    /// - Returns: the key; another object when it has moved into another account, which must take the
    ///   first one's place before anybody else looks the key up.
    /// - Throws: when the record cannot be read or compiled; the key does not work until it can.
    func reload(_ key: ActiveKey) throws(EngineError) -> ActiveKey {
        key.account.withLock { key.doubt() }
        guard let record = try record(key.id) else {
            throw .storage(StorageError(.corrupt, "the record of \(key.id) is gone"))
        }
        return try storage { () throws(StorageError) in
            let rules = try compile(record)
            guard try organization(of: record) == key.account.organization else {
                return try move(key, record, rules)
            }
            try key.account.withLock { () throws(StorageError) in
                let chain = try chain(of: record, key.meter, in: key.account)
                key.update(rules, version: record.version, chain)
            }
            return key
        }
    }

    /// Takes a key out of its account and into that of its record.
    ///
    /// One lock after the other, never both: the key's meter is touched by nobody from the moment when
    /// the old account lets go of it until the new key is found. Groups stay where they are, with all
    /// that was counted on them.
    private func move(
        _ key: ActiveKey,
        _ record: KeyRecord,
        _ rules: KeyRules
    ) throws(StorageError) -> ActiveKey {
        let moved = try enter(record, rules, key.meter)
        key.account.withLock { key.moveOut() }
        moved.account.withLock { moved.meter.rules = rules.limits }
        return moved
    }

    /// Puts a key into the account of its record; its meter is not touched.
    private func enter(
        _ record: KeyRecord,
        _ rules: KeyRules,
        _ meter: Meter
    ) throws(StorageError) -> ActiveKey {
        while true {
            let account = try organization(of: record).map(account(of:)) ?? Account()
            let key = try account.withLock { () throws(StorageError) -> ActiveKey? in
                if account.isRetired { return nil }
                let chain = try chain(of: record, meter, in: account)
                account.join()
                return ActiveKey(rules, version: record.version, chain, in: account)
            }
            if let key { return key }
        }
    }

    /// The account that a hold's groups are in: the key's, unless it has moved since.
    func account(ofGroupsOf hold: LedgerHold, _ key: ActiveKey) -> Account {
        let organization = hold.subjects[Int(LimitLevel.organization.rawValue)]
        guard organization.rawValue != 0, organization != key.account.organization else {
            return key.account
        }
        return account(of: organization)
    }

    /// The meter of a group, in its account.
    ///
    /// - Returns: nil when there is no such group.
    func withGroup<Result>(
        _ id: GroupID,
        _ body: (Meter) -> Result
    ) throws(EngineError) -> Result? {
        try storage { () throws(StorageError) -> Result? in
            guard let record = try groups.group(id) else { return nil }
            let organization = try organization(of: record)
            while true {
                let account = account(of: organization)
                let result = try account.withLock { () throws(StorageError) -> Result? in
                    if account.isRetired { return nil }
                    if let meter = account.group(id) { return body(meter) }
                    return body(try put(record, in: account))
                }
                if let result { return result }
            }
        }
    }

    /// Makes a change of a group count from the next decision on, if it is in memory.
    func update(_ record: GroupRecord) throws(EngineError) {
        try storage { () throws(StorageError) in
            let organization = try organization(of: record)
            guard let account = accounts.withLock({ $0[organization] }) else { return }
            try account.withLock { () throws(StorageError) in
                if account.group(record.id) != nil { _ = try put(record, in: account) }
            }
        }
    }

    // MARK: Groups

    private func chain(
        of record: KeyRecord,
        _ key: Meter,
        in account: Account
    ) throws(StorageError) -> MeterChain {
        MeterChain(
            key: key,
            user: try group(.user, record.user, in: account),
            team: try group(.team, record.team, in: account),
            organization: try group(.organization, record.organization, in: account)
        )
    }

    private func group(
        _ kind: GroupKind,
        _ name: String?,
        in account: Account
    ) throws(StorageError) -> Meter? {
        guard let name else { return nil }
        guard let id = GroupID(kind, name) else {
            throw StorageError(.corrupt, "a key belongs to a group with an impossible name")
        }
        if let meter = account.group(id) { return meter }
        guard let record = try groups.group(id) else {
            throw StorageError(.corrupt, "a key belongs to \(name), of which there is no record")
        }
        return try put(record, in: account)
    }

    private func put(
        _ record: GroupRecord,
        in account: Account
    ) throws(StorageError) -> Meter {
        let rules: GroupRules
        do {
            rules = try shared.withLock { (shared) throws(RuleProblem) in
                try GroupRules(record, zones: zones, sharing: &shared)
            }
        } catch {
            throw StorageError(.corrupt, "the rules of \(record.id.name): \(error)")
        }
        return try account.put(record, rules) { () throws(StorageError) in
            try counters(of: record.subject)
        }
    }

    /// The organisation of a key, by its name in the ledger.
    private func organization(of record: KeyRecord) throws(StorageError) -> SubjectID? {
        guard let name = record.organization else { return nil }
        return try organization(named: name)
    }

    /// The organisation of a group, or the group itself.
    private func organization(of record: GroupRecord) throws(StorageError) -> SubjectID {
        guard let name = record.organization else { return record.subject }
        return try organization(named: name)
    }

    private func organization(named name: String) throws(StorageError) -> SubjectID {
        let record = try GroupID(.organization, name).flatMap { id throws(StorageError) in
            try groups.group(id)
        }
        guard let record else {
            throw StorageError(.corrupt, "there is no record of the organization \(name)")
        }
        return record.subject
    }

    private func account(of organization: SubjectID) -> Account {
        let position = ledger.ledgerPosition
        return accounts.withLock { accounts in
            if let account = accounts[organization], !account.withLock({ account.isRetired }) {
                return account
            }
            if accounts.count >= KeyLoader.accountLimit {
                accounts = accounts.filter { _, account in
                    !account.withLock { account.retire(ledger: position) }
                }
            }
            let account = Account(organization: organization)
            accounts[organization] = account
            return account
        }
    }

    private func compile(_ record: KeyRecord) throws(StorageError) -> KeyRules {
        do {
            return try shared.withLock { (shared) throws(RuleProblem) in
                try KeyRules(record, zones: zones, sharing: &shared)
            }
        } catch {
            throw StorageError(.corrupt, "the rules of \(record.id): \(error)")
        }
    }

    private func storage<Value>(
        _ body: () throws(StorageError) -> Value
    ) throws(EngineError) -> Value {
        do { return try body() } catch { throw .storage(error) }
    }
}
