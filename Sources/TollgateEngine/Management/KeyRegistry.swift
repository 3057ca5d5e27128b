internal import Synchronization
package import TollgateCore
internal import TollgateCrypto

/// Everything an administrator does with keys.
///
/// Safe from any thread, but waits for the disk: never called on an event loop. Changes are made
/// one at a time; each is in the catalogue, durably, and counts for the next decision when the
/// method returns.
package final class KeyRegistry: Sendable {
    private let engine: Engine
    private let membership: GroupMembership
    private let changing = Mutex(())
    /// The newest id that was given out.
    private let newestID = Mutex(KeyID(rawValue: 0))

    /// Manages the keys that an engine decides by.
    ///
    /// - Parameters:
    ///   - engine: the engine.
    ///   - groups: where the groups are found that keys belong to.
    package init(engine: Engine, groups: any GroupCatalogue) {
        self.engine = engine
        membership = GroupMembership(catalogue: groups)
    }

    /// Who presents this secret, if it may be used now.
    ///
    /// - Returns: nil for every secret that does not work, whatever the reason.
    package func principal(presenting secret: String) throws(RegistryError) -> Principal? {
        let bytes = Array(secret.utf8)
        guard !bytes.isEmpty, bytes.count <= CheckRequest.secretLimit else { return nil }
        let now = engine.time.now().wall
        do {
            guard
                let rules = try engine.rules(forSecret: bytes.span, at: now),
                Decide.standing(of: rules, at: now) == nil
            else { return nil }
            return Principal(keyID: rules.id, permissions: rules.permissions)
        } catch {
            throw .unavailable
        }
    }

    /// Creates a key.
    ///
    /// - Parameters:
    ///   - changes: what it is to be; a name is required.
    ///   - creator: who creates it, nil for the server itself.
    /// - Returns: the record, and the secret, which is nowhere else from then on.
    /// - Throws: `.invalid` or `.forbidden` with the field, or `.unavailable`.
    package func create(
        _ changes: KeyChanges,
        by creator: Principal?
    ) throws(RegistryError) -> (record: KeyRecord, secret: String) {
        let environment = changes.environment ?? "live"
        guard KeySecret.isEnvironment(environment) else {
            throw .invalid(field: "environment", "must be 1 to 16 of a-z and 0-9")
        }
        let secret = KeySecret.issue(
            environment: environment,
            entropy: (try random(), try random())
        )
        let record = try insert(changes, secret: secret, by: creator)
        return (record, String(decoding: secret, as: UTF8.self))
    }

    /// Makes sure that this secret is an administrator's: the one that the operator chose.
    ///
    /// - Returns: the record that was created, nil when the secret is already known.
    package func registerAdministrator(secret: String) throws(RegistryError) -> KeyRecord? {
        let bytes = Array(secret.utf8)
        guard
            (8...CheckRequest.secretLimit).contains(bytes.count), Text.isValid(bytes.span),
            !bytes.contains(UInt8(ascii: " "))
        else {
            throw .invalid(field: "admin_key", "must be 8 to 1024 characters without spaces")
        }
        if case .mistyped = KeySecret.kind(of: bytes.span) {
            throw .invalid(field: "admin_key", "looks like a Tollgate key, but is mistyped")
        }
        let known = try storage { () throws(StorageError) in
            try engine.catalogue.record(forDigest: engine.digester.digest(of: bytes.span))
        }
        if known != nil { return nil }
        return try insert(.administrator, secret: bytes, by: nil)
    }

    /// Creates the administrator of a new store.
    ///
    /// - Returns: the secret, nil when the store already has keys.
    package func createFirstAdministrator() throws(RegistryError) -> String? {
        guard try storage({ () throws(StorageError) in try engine.catalogue.isEmpty() }) else {
            return nil
        }
        return try create(.administrator, by: nil).secret
    }

    /// The key with this id.
    package func key(_ id: KeyID) throws(RegistryError) -> KeyRecord {
        let record = try storage { () throws(StorageError) in
            try engine.catalogue.record(id: id)
        }
        guard let record else { throw .notFound }
        return record
    }

    /// A page of keys, the newest first.
    package func keys(
        after cursor: KeyID?,
        limit: Int,
        where isWanted: (KeyRecord) -> Bool
    ) throws(RegistryError) -> KeyPage {
        try storage { () throws(StorageError) in
            try engine.catalogue.page(
                after: cursor,
                limit: limit,
                scanLimit: KeyRegistry.scanLimit,
                where: isWanted
            )
        }
    }

    /// How many records one page looks at, so that a filter without matches cannot hold a thread.
    private static let scanLimit = 100_000

    /// Changes a key.
    ///
    /// - Parameters:
    ///   - id: which.
    ///   - version: the version that the caller has seen; nil to change whatever is there.
    ///   - changes: what is to be different.
    ///   - editor: who changes it.
    /// - Returns: the record as it is now.
    /// - Throws: any `RegistryError`; then nothing has changed.
    package func update(
        _ id: KeyID,
        version: UInt64?,
        _ changes: KeyChanges,
        by editor: Principal
    ) throws(RegistryError) -> KeyRecord {
        try change(id) { (record) throws(RegistryError) in
            if let version, version != record.version { throw .changedMeanwhile }
            try allow(changes, by: editor)
            guard changes.environment == nil || changes.environment == record.environment else {
                throw .invalid(field: "environment", "is part of the secret and cannot change")
            }
            if let status = changes.status { try move(&record, to: status) }
            try membership.place(&record, changes, isNew: false)
            try changes.checkType(of: record)
            try changes.apply(to: &record, now: engine.time.now().wall, zones: engine.zones)
        }
    }

    /// Switches a key on or off, or revokes it for good.
    package func setStatus(_ status: KeyStatus, of id: KeyID) throws(RegistryError) -> KeyRecord {
        try change(id) { (record) throws(RegistryError) in try move(&record, to: status) }
    }

    private func move(_ record: inout KeyRecord, to status: KeyStatus) throws(RegistryError) {
        guard status != .expired else {
            throw .invalid(field: "status", "cannot be set to expired; set expires_at")
        }
        guard record.status != .revoked || status == .revoked else { throw .revoked }
        record.status = status
    }

    private func change(
        _ id: KeyID,
        _ edit: (inout KeyRecord) throws(RegistryError) -> Void
    ) throws(RegistryError) -> KeyRecord {
        try changing.withLock { (_) throws(RegistryError) -> KeyRecord in
            let old = try key(id)
            var record = old
            try edit(&record)
            guard record != old else { return old }
            record.version = old.version &+ 1
            record.updatedAt = engine.time.now().wall
            do {
                try engine.catalogue.save(record, replacing: old)
                try engine.keyChanged(id)
            } catch {
                // The change may be in the catalogue all the same. Decisions must then follow it,
                // for whoever tries again finds nothing left to change.
                try? engine.keyChanged(id)
                throw .unavailable
            }
            return record
        }
    }

    private func insert(
        _ changes: KeyChanges,
        secret: [UInt8],
        by creator: Principal?
    ) throws(RegistryError) -> KeyRecord {
        if let creator { try allow(changes, by: creator) }
        guard let name = changes.name else { throw .invalid(field: "name", "is required") }
        let now = engine.time.now().wall
        var record = KeyRecord(
            id: try nextID(at: now),
            name: name,
            createdAt: now
        )
        record.environment = changes.environment ?? record.environment
        record.createdBy = creator?.keyID
        if let status = changes.status { try move(&record, to: status) }
        try membership.place(&record, changes, isNew: true)
        try changes.checkType(of: record)
        try changes.apply(to: &record, now: now, zones: engine.zones)
        record.secrets = [
            StoredSecret(
                digest: engine.digester.digest(of: secret.span),
                masked: KeySecret.masked(secret.span),
                createdAt: now
            )
        ]
        try changing.withLock { (_) throws(RegistryError) in
            try storage { () throws(StorageError) in
                try engine.catalogue.save(record, replacing: nil)
            }
        }
        return record
    }

    /// A new id that sorts behind all earlier ones, also within a millisecond or when the clock has
    /// stepped back: lists are in the order of creation.
    private func nextID(at time: WallTime) throws(RegistryError) -> KeyID {
        let fresh = KeyID(time: time, entropy: try random())
        return newestID.withLock { newest in
            newest = fresh > newest ? fresh : KeyID(rawValue: newest.rawValue &+ 1)
            return newest
        }
    }

    /// Nobody gives away a permission that they do not have.
    private func allow(_ changes: KeyChanges, by editor: Principal) throws(RegistryError) {
        if let permissions = changes.permissions, !permissions.isSubset(of: editor.permissions) {
            throw .forbidden(field: "permissions", "exceed your own")
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

/// Who asks for something that needs permissions.
package struct Principal: Equatable, Sendable {
    package let keyID: KeyID
    package let permissions: Permissions

    package init(keyID: KeyID, permissions: Permissions) {
        self.keyID = keyID
        self.permissions = permissions
    }
}

/// Why an administrator's request was refused.
package enum RegistryError: Error, Equatable, Sendable {
    /// No such key, group or model.
    case notFound
    /// There is a group of this name already.
    case alreadyExists
    /// The group was deleted, which is for good.
    case deleted
    /// A value that cannot be; the field as the API names it, and why.
    case invalid(field: String, String)
    /// A value that the caller may not set.
    case forbidden(field: String, String)
    /// The key or group is not at the version that the caller has seen.
    case changedMeanwhile
    /// The key was revoked, which is for good.
    case revoked
    /// The store cannot be read or written now.
    case unavailable
}
