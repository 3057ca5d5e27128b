internal import Synchronization
package import TollgateCore
internal import TollgateCrypto

/// Who has to know that a group has changed: the engine.
package protocol GroupFollower: AnyObject, Sendable {
    /// Makes a change of a group count from the next decision on.
    func groupChanged(_ record: GroupRecord) throws(EngineError)
}

/// Everything an administrator does with organisations, teams and users.
///
/// Safe from any thread, but waits for the disk: never called on an event loop. Changes are made
/// one at a time; each is in the catalogue, durably, and counts for the next decision when the
/// method returns.
package final class GroupRegistry: Sendable {
    private let catalogue: any GroupCatalogue
    private let follower: any GroupFollower
    private let usage: any UsageSource
    private let zones: ZoneCatalogue
    private let time: any TimeSource
    private let changing = Mutex(())

    /// How many records one page looks at, so that a filter without matches cannot hold a thread.
    private static let scanLimit = 100_000

    /// Manages the groups of a catalogue.
    ///
    /// - Parameters:
    ///   - catalogue: where they are kept.
    ///   - follower: is told of every change, after it was written.
    ///   - usage: what an organisation has spent before it begins to pay in advance.
    ///   - zones: where time zones are found.
    ///   - time: the clocks.
    package init(
        catalogue: any GroupCatalogue,
        follower: any GroupFollower,
        usage: any UsageSource,
        zones: ZoneCatalogue,
        time: any TimeSource
    ) {
        self.catalogue = catalogue
        self.follower = follower
        self.usage = usage
        self.zones = zones
        self.time = time
    }

    /// The group of this name.
    package func group(_ id: GroupID) throws(RegistryError) -> GroupRecord {
        let record = try storage { () throws(StorageError) in try catalogue.group(id) }
        guard let record else { throw .notFound }
        return record
    }

    /// A page of groups of one kind, by name.
    package func groups(
        _ kind: GroupKind,
        after cursor: String?,
        limit: Int,
        where isWanted: (GroupRecord) -> Bool
    ) throws(RegistryError) -> GroupPage {
        try storage { () throws(StorageError) in
            try catalogue.groups(
                kind,
                after: cursor,
                limit: limit,
                scanLimit: GroupRegistry.scanLimit,
                where: isWanted
            )
        }
    }

    /// Creates a group.
    ///
    /// - Parameters:
    ///   - kind: what it is.
    ///   - id: under which name; nil to have one made.
    ///   - changes: what it is to be. A team or a user needs an organisation; a name is needed
    ///     unless there is an id that can stand for it.
    /// - Returns: the record.
    /// - Throws: `.invalid` with the field, `.alreadyExists` or `.unavailable`.
    package func create(
        _ kind: GroupKind,
        id: String?,
        _ changes: GroupChanges
    ) throws(RegistryError) -> GroupRecord {
        let groupID = try groupID(kind, id)
        guard let name = changes.name ?? id else { throw .invalid(field: "name", "is required") }
        return try changing.withLock { (_) throws(RegistryError) in
            let old = try storage { () throws(StorageError) in try catalogue.group(groupID) }
            guard old == nil else { throw .alreadyExists }
            var record = GroupRecord(
                id: groupID,
                subject: SubjectID(rawValue: try random()),
                name: name,
                createdAt: time.now().wall
            )
            try place(&record, changes)
            try changes.apply(to: &record, zones: zones)
            try save(record)
            return record
        }
    }

    /// Changes a group.
    ///
    /// - Parameters:
    ///   - id: which.
    ///   - version: the version that the caller has seen; nil to change whatever is there.
    ///   - changes: what is to be different.
    /// - Returns: the record as it is now.
    /// - Throws: any `RegistryError`; then nothing has changed.
    package func update(
        _ id: GroupID,
        version: UInt64?,
        _ changes: GroupChanges
    ) throws(RegistryError) -> GroupRecord {
        try change(id, version) { (record) throws(RegistryError) in
            if record.isDeleted { throw .deleted }
            try place(&record, changes)
            try changes.apply(to: &record, zones: zones)
        }
    }

    /// Gives a group up for good.
    ///
    /// Its keys do not work any more, nor those of the teams and users of an organisation. What was
    /// counted for it stays.
    package func delete(_ id: GroupID) throws(RegistryError) -> GroupRecord {
        try change(id, nil) { (record) throws(RegistryError) in
            record.isDeleted = true
            record.isEnabled = false
        }
    }

    /// Adds to what an organisation has paid in advance.
    ///
    /// The first payment is added to what was spent so far, so that it does not pay for that.
    ///
    /// - Parameters:
    ///   - amount: how much.
    ///   - id: the organisation.
    ///   - version: the version that the caller has seen; nil to add to whatever is there.
    /// - Returns: the record as it is now.
    /// - Throws: any `RegistryError`; then nothing was added.
    package func pay(
        _ amount: Money,
        to id: GroupID,
        version: UInt64?
    ) throws(RegistryError) -> GroupRecord {
        precondition(id.kind == .organization)
        guard amount > .zero else { throw .invalid(field: "amount", "must be more than 0") }
        return try change(id, version) { (record) throws(RegistryError) in
            if record.isDeleted { throw .deleted }
            var paid = record.credits
            if paid == nil { paid = try spent(by: id) }
            guard let credits = paid?.adding(amount), credits.nanos <= Limit.highest else {
                throw .invalid(field: "amount", "is more than a balance can hold")
            }
            record.credits = credits
        }
    }

    private func spent(by id: GroupID) throws(RegistryError) -> Money {
        do {
            let used = try usage.usage(ofGroup: id)?.used(.total) ?? .zero
            return Money(nanos: max(used.cost, 0))
        } catch {
            throw .unavailable
        }
    }

    // MARK: Changing

    private func groupID(_ kind: GroupKind, _ id: String?) throws(RegistryError) -> GroupID {
        guard let id else { return GroupID(kind, entropy: try random()) }
        guard let groupID = GroupID(kind, id) else {
            throw .invalid(
                field: "id",
                "must be 1 to \(GroupID.nameLimit) of letters, digits and _ - . :"
            )
        }
        return groupID
    }

    /// Puts a group where its changes say.
    private func place(
        _ record: inout GroupRecord,
        _ changes: GroupChanges
    ) throws(RegistryError) {
        let membership = GroupMembership(catalogue: catalogue)
        if let organization = changes.organization {
            guard record.organization == nil || record.organization == organization else {
                throw .invalid(field: "organization_id", "cannot change")
            }
            if record.organization == nil {
                _ = try membership.group(.organization, organization)
                record.organization = organization
            }
        }
        guard record.id.kind == .organization || record.organization != nil else {
            throw .invalid(field: "organization_id", "is required")
        }
        guard let team = changes.team else { return }
        if let team, team != record.team {
            let group = try membership.group(.team, team)
            guard group.organization == record.organization else {
                throw .invalid(field: "team_id", "belongs to another organization")
            }
        }
        record.team = team
    }

    private func change(
        _ id: GroupID,
        _ version: UInt64?,
        _ edit: (inout GroupRecord) throws(RegistryError) -> Void
    ) throws(RegistryError) -> GroupRecord {
        try changing.withLock { (_) throws(RegistryError) in
            let old = try group(id)
            if let version, version != old.version { throw .changedMeanwhile }
            var record = old
            try edit(&record)
            guard record != old else { return old }
            record.version = old.version &+ 1
            record.updatedAt = time.now().wall
            try save(record)
            return record
        }
    }

    private func save(_ record: GroupRecord) throws(RegistryError) {
        do {
            try catalogue.save(record)
            try follower.groupChanged(record)
        } catch {
            throw .unavailable
        }
    }

    private func random() throws(RegistryError) -> UInt128 {
        do { return try SecureRandom.uint128() } catch { throw .unavailable }
    }

    private func storage<Value>(
        _ body: () throws(StorageError) -> Value
    ) throws(RegistryError) -> Value {
        do { return try body() } catch { throw .unavailable }
    }
}
