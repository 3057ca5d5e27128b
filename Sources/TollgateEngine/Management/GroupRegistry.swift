internal import Synchronization
package import TollgateCore

/// Everything an administrator does with organisations, teams and users.
///
/// Safe from any thread, but waits for the disk: never called on an event loop. Changes are made
/// one at a time; each is in the catalogue, durably, and counts for the next decision when the
/// method returns. Whoever makes one is held to what its own key may do, and it is recorded.
package final class GroupRegistry: RecordingRegistry {
    private let catalogue: any GroupCatalogue
    private let follower: any GroupFollower
    private let usage: any UsageSource
    private let zones: ZoneCatalogue
    private let time: any TimeSource
    let actions: any ActionLog
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
    ///   - actions: where it is recorded what was done.
    package init(
        catalogue: any GroupCatalogue,
        follower: any GroupFollower,
        usage: any UsageSource,
        zones: ZoneCatalogue,
        time: any TimeSource,
        actions: any ActionLog
    ) {
        self.catalogue = catalogue
        self.follower = follower
        self.usage = usage
        self.zones = zones
        self.time = time
        self.actions = actions
    }

    /// The group of this name, if the viewer sees it.
    package func group(
        _ id: GroupID,
        seenBy viewer: Principal
    ) throws(RegistryError) -> GroupRecord {
        let record = try group(id)
        guard viewer.scope.contains(record) else { throw .notFound }
        return record
    }

    /// The group of this name, whoever asks.
    package func group(_ id: GroupID) throws(RegistryError) -> GroupRecord {
        let record = try storage { () throws(StorageError) in try catalogue.group(id) }
        guard let record else { throw .notFound }
        return record
    }

    /// A page of the groups of one kind that the viewer sees, by name.
    package func groups(
        _ kind: GroupKind,
        after cursor: String?,
        limit: Int,
        seenBy viewer: Principal,
        where isWanted: (GroupRecord) -> Bool
    ) throws(RegistryError) -> GroupPage {
        let scope = viewer.scope
        return try storage { () throws(StorageError) in
            try catalogue.groups(
                kind,
                after: cursor,
                limit: limit,
                scanLimit: GroupRegistry.scanLimit,
                where: { scope.contains($0) && isWanted($0) }
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
    ///   - creator: who creates it; nil for the server itself. What an administrator with a scope
    ///     creates is within it, unless something else is said.
    /// - Returns: the record.
    /// - Throws: `.invalid` or `.forbidden` with the field, `.alreadyExists`, `.unavailable` or
    ///   `.unrecorded`.
    package func create(
        _ kind: GroupKind,
        id: String?,
        _ changes: GroupChanges,
        by creator: Principal?
    ) throws(RegistryError) -> GroupRecord {
        let groupID = try groupID(kind, id)
        guard let name = changes.name ?? id else { throw .invalid(field: "name", "is required") }
        let scope = creator?.scope ?? .everything
        let changes = changes.placed(in: scope, kind)
        let record = try changing.withLock { (_) throws(RegistryError) in
            let old = try storage { () throws(StorageError) in try catalogue.group(groupID) }
            guard old == nil else { throw .alreadyExists }
            var record = GroupRecord(
                id: groupID,
                subject: SubjectID(rawValue: try random()),
                name: name,
                createdAt: time.now().wall
            )
            try place(&record, changes, scope)
            try changes.apply(to: &record, now: time.now().wall, zones: zones)
            try creator?.requireWithin(record, was: nil)
            try save(record)
            return record
        }
        let blank = GroupRecord(
            id: record.id,
            subject: record.subject,
            name: "",
            createdAt: record.createdAt
        )
        try note("\(record.id.kind.noun).created", record, by: creator?.keyID, unlike: blank)
        return record
    }

    /// Changes a group.
    ///
    /// - Parameters:
    ///   - id: which.
    ///   - version: the version that the caller has seen; nil to change whatever is there.
    ///   - changes: what is to be different.
    ///   - editor: who changes it.
    /// - Returns: the record as it is now.
    /// - Throws: any `RegistryError`; then nothing has changed, but for `.unrecorded`.
    package func update(
        _ id: GroupID,
        version: UInt64?,
        _ changes: GroupChanges,
        by editor: Principal
    ) throws(RegistryError) -> GroupRecord {
        try change(id, version, "\(id.kind.noun).updated", by: editor) {
            (record) throws(RegistryError) in
            if record.isDeleted { throw .deleted }
            let old = record
            try place(&record, changes, editor.scope)
            try changes.apply(to: &record, now: time.now().wall, zones: zones)
            try editor.requireWithin(record, was: old)
        }
    }

    /// Gives a group up for good.
    ///
    /// Its keys do not work any more, nor those of the teams and users of an organisation. What was
    /// counted for it stays.
    ///
    /// - Parameters:
    ///   - id: which.
    ///   - version: the version that the caller has seen; nil to give up whatever is there.
    ///   - editor: who gives it up.
    /// - Returns: the record as it is now.
    /// - Throws: any `RegistryError`; then nothing has changed, but for `.unrecorded`.
    package func delete(
        _ id: GroupID,
        version: UInt64? = nil,
        by editor: Principal
    ) throws(RegistryError) -> GroupRecord {
        try change(id, version, "\(id.kind.noun).deleted", by: editor) {
            (record) throws(RegistryError) in
            record.isDeleted = true
            record.isEnabled = false
        }
    }

    /// Adds to what an organisation has paid in advance.
    ///
    /// The first payment is added to what was spent so far, so that it does not pay for that; what
    /// requests under way use in the end, it does.
    ///
    /// - Parameters:
    ///   - amount: how much.
    ///   - id: the organisation.
    ///   - version: the version that the caller has seen; nil to add to whatever is there.
    ///   - editor: who pays.
    /// - Returns: the record as it is now.
    /// - Throws: any `RegistryError`; then nothing was added, but for `.unrecorded`.
    package func pay(
        _ amount: Money,
        to id: GroupID,
        version: UInt64?,
        by editor: Principal
    ) throws(RegistryError) -> GroupRecord {
        precondition(id.kind == .organization)
        guard amount > .zero else { throw .invalid(field: "amount", "must be more than 0") }
        return try change(id, version, "credits.added", by: editor) {
            (record) throws(RegistryError) in
            if record.isDeleted { throw .deleted }
            guard !editor.scope.isBelow(id) else {
                throw .forbidden(field: "amount", "is paid by those above the organization")
            }
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
            guard let usage = try self.usage.usage(ofGroup: id) else { return .zero }
            let settled = usage.used(.total) - usage.counters.held
            return Money(nanos: max(settled.cost, 0))
        } catch {
            throw .unavailable
        }
    }

    // MARK: Changing

    private func groupID(_ kind: GroupKind, _ id: String?) throws(RegistryError) -> GroupID {
        guard let id else { return GroupID(kind, entropy: try random()) }
        guard let groupID = GroupID(kind, id) else {
            throw .invalid(field: "id", GroupID.nameRule)
        }
        return groupID
    }

    /// Puts a group where its changes say.
    private func place(
        _ record: inout GroupRecord,
        _ changes: GroupChanges,
        _ scope: Scope
    ) throws(RegistryError) {
        let membership = GroupMembership(catalogue: catalogue, scope: scope)
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

    /// Changes a group that the editor may touch, and records it.
    ///
    /// - Parameters:
    ///   - id: which.
    ///   - version: the version that the caller has seen; nil to change whatever is there.
    ///   - action: what is recorded.
    ///   - editor: who changes it.
    ///   - edit: makes the change.
    /// - Returns: the record as it is now, the old one when nothing is different.
    /// - Throws: what `edit` throws, `.notFound`, `.changedMeanwhile`, `.unavailable` or `.unrecorded`.
    private func change(
        _ id: GroupID,
        _ version: UInt64?,
        _ action: String,
        by editor: Principal,
        _ edit: (inout GroupRecord) throws(RegistryError) -> Void
    ) throws(RegistryError) -> GroupRecord {
        let (old, record) = try changing.withLock { (_) throws(RegistryError) in
            let old = try group(id)
            try editor.requireTouching(old)
            if let version, version != old.version { throw .changedMeanwhile }
            var record = old
            try edit(&record)
            guard record != old else {
                // It may have been written by a call that failed before it counted.
                try follow(old)
                return (old, old)
            }
            record.version = old.version &+ 1
            record.updatedAt = time.now().wall
            try save(record)
            return (old, record)
        }
        if record != old { try note(action, record, by: editor.keyID, unlike: old) }
        return record
    }

    /// Records what was done.
    private func note(
        _ action: String,
        _ record: GroupRecord,
        by actor: KeyID?,
        unlike old: GroupRecord
    ) throws(RegistryError) {
        try note(action, by: actor, on: record.id.name, fields: record.fields(unlike: old))
    }

    private func save(_ record: GroupRecord) throws(RegistryError) {
        try save { try catalogue.save(record) }
        try follow(record)
    }

    /// Makes what is in the catalogue count.
    private func follow(_ record: GroupRecord) throws(RegistryError) {
        do { try follower.groupChanged(record) } catch { throw .unavailable }
    }
}

extension GroupChanges {
    /// The changes that make a new group, put into a scope where nothing else is said.
    fileprivate func placed(in scope: Scope, _ kind: GroupKind) -> GroupChanges {
        var changes = self
        if kind == .organization { return changes }
        if changes.organization == nil { changes.organization = scope.organization }
        if kind == .user, changes.team == nil, let team = scope.team { changes.team = .some(team) }
        return changes
    }
}
