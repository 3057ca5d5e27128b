internal import Synchronization
package import TollgateCore
internal import TollgateCrypto

/// Everything an administrator does with keys.
///
/// Safe from any thread, but waits for the disk: never called on an event loop. Changes are made
/// one at a time; each is in the catalogue, durably, and counts for the next decision when the
/// method returns. Whoever makes one is held to what its own key may do, and it is recorded.
package final class KeyRegistry: RecordingRegistry {
    let engine: Engine
    private let membership: GroupMembership
    let actions: any ActionLog
    private let secrets: WebhookSecretBox?
    private let changing = Mutex(())
    /// The newest id that was given out.
    private let newestID = Mutex(KeyID(rawValue: 0))

    /// Manages the keys that an engine decides by.
    ///
    /// - Parameters:
    ///   - engine: the engine.
    ///   - groups: where the groups are found that keys belong to.
    ///   - actions: where it is recorded what was done.
    ///   - secrets: encrypts what the keys' own webhooks sign with; nil where no key may have one.
    package init(
        engine: Engine,
        groups: any GroupCatalogue,
        actions: any ActionLog,
        secrets: WebhookSecretBox? = nil
    ) {
        self.engine = engine
        self.actions = actions
        self.secrets = secrets
        membership = GroupMembership(catalogue: groups)
    }

    // MARK: Reading

    /// Who presents this secret, if it may be used now.
    ///
    /// - Parameters:
    ///   - secret: what was presented.
    ///   - address: where from; nil when that is not known.
    /// - Returns: nil for every secret that is no key's.
    /// - Throws: `.unusable` when the key does not work, `.addressNotAllowed` when it does, but not
    ///   from there; `.unavailable`.
    package func principal(
        presenting secret: String,
        from address: IPAddress? = nil
    ) throws(RegistryError) -> Principal? {
        let bytes = Array(secret.utf8)
        guard !bytes.isEmpty, bytes.count <= CheckRequest.secretLimit else { return nil }
        let holder: (rules: KeyRules, denial: Reason?)?
        do {
            holder = try engine.holder(ofSecret: bytes.span, from: address, at: now)
        } catch {
            throw .unavailable
        }
        guard let holder else { return nil }
        if let denial = holder.denial { throw KeyRegistry.refusal(denial) }
        return Principal(try key(holder.rules.id))
    }

    private static func refusal(_ denial: Reason) -> RegistryError {
        denial == .ipNotAllowed ? .addressNotAllowed : .unusable(denial)
    }

    /// Whom a key stands for, if it may be used now: for callers who are known otherwise than by its
    /// secret, by a certificate.
    ///
    /// - Parameters:
    ///   - id: the key.
    ///   - address: where from the caller comes; nil when that is not known.
    /// - Returns: nil when there is no such key.
    /// - Throws: as `principal(presenting:from:)` does.
    package func principal(
        of id: KeyID,
        from address: IPAddress? = nil
    ) throws(RegistryError) -> Principal? {
        let record = try storage { () throws(StorageError) in try engine.catalogue.record(id: id) }
        guard let record else { return nil }
        let denial: Reason?
        do {
            denial = try engine.denial(ofKey: id, from: address, at: now)
        } catch {
            throw .unavailable
        }
        if denial == .invalidAPIKey { return nil }
        if let denial { throw KeyRegistry.refusal(denial) }
        return Principal(record)
    }

    /// The key with this id, whoever asks.
    package func key(_ id: KeyID) throws(RegistryError) -> KeyRecord {
        let record = try storage { () throws(StorageError) in
            try engine.catalogue.record(id: id)
        }
        guard let record else { throw .notFound }
        return record
    }

    /// The key with this id, if the viewer sees it.
    package func key(_ id: KeyID, seenBy viewer: Principal) throws(RegistryError) -> KeyRecord {
        let record = try key(id)
        guard viewer.scope.contains(record) else { throw .notFound }
        return record
    }

    /// A page of the keys that the viewer sees, the newest first.
    package func keys(
        after cursor: KeyID?,
        limit: Int,
        seenBy viewer: Principal,
        where isWanted: (KeyRecord) -> Bool
    ) throws(RegistryError) -> KeyPage {
        let scope = viewer.scope
        return try storage { () throws(StorageError) in
            try engine.catalogue.page(
                after: cursor,
                limit: limit,
                scanLimit: KeyRegistry.scanLimit,
                where: { scope.contains($0) && isWanted($0) }
            )
        }
    }

    /// How many records one page looks at, so that a filter without matches cannot hold a thread.
    private static let scanLimit = 100_000

    // MARK: Writing

    /// Creates a key.
    ///
    /// A key of an administrator with a scope is within it, unless something else is said.
    ///
    /// - Parameters:
    ///   - changes: what it is to be; a name is required.
    ///   - creator: who creates it, nil for the server itself.
    /// - Returns: the record, and the secret, which is nowhere else from then on.
    /// - Throws: `.invalid` or `.forbidden` with the field, `.unavailable` or `.unrecorded`.
    package func create(
        _ changes: KeyChanges,
        by creator: Principal?
    ) throws(RegistryError) -> (record: KeyRecord, secret: String) {
        let secret = try issueSecret(try changes.checkedEnvironment())
        let record = try insert(changes, stored(secret), by: creator)
        return (record, String(decoding: secret, as: UTF8.self))
    }

    /// Changes a key.
    ///
    /// - Parameters:
    ///   - id: which.
    ///   - version: the version that the caller has seen; nil to change whatever is there.
    ///   - changes: what is to be different.
    ///   - editor: who changes it.
    /// - Returns: the record as it is now.
    /// - Throws: any `RegistryError`; then nothing has changed, but for `.unrecorded`.
    package func update(
        _ id: KeyID,
        version: UInt64?,
        _ changes: KeyChanges,
        by editor: Principal
    ) throws(RegistryError) -> KeyRecord {
        try change(id, "key.updated", by: editor) { (record) throws(RegistryError) in
            if let version, version != record.version { throw .changedMeanwhile }
            guard changes.environment == nil || changes.environment == record.environment else {
                throw .invalid(field: "environment", "is part of the secret and cannot change")
            }
            guard changes.session == nil || changes.session == record.session else {
                throw .invalid(field: "session_id", "cannot change once the key is there")
            }
            let old = record.restrictions
            try shape(&record, by: changes, isNew: false, for: editor)
            guard record.restrictions != old else { return }
            try membership.requireWithin(editor.scope, record.restrictions)
        }
    }

    /// Changes a key that the editor may touch, protects the last administrator, and records it.
    ///
    /// - Parameters:
    ///   - id: which.
    ///   - action: what is recorded.
    ///   - editor: who changes it.
    ///   - edit: makes the change.
    /// - Returns: the record as it is now, the old one when nothing is different.
    /// - Throws: what `edit` throws, `.notFound`, `.forbidden`, `.lastAdministrator`, `.unavailable` or
    ///   `.unrecorded`.
    func change(
        _ id: KeyID,
        _ action: String,
        by editor: Principal,
        _ edit: (inout KeyRecord) throws(RegistryError) -> Void
    ) throws(RegistryError) -> KeyRecord {
        let (old, record) = try changing.withLock { (_) throws(RegistryError) in
            let old = try key(id)
            try editor.requireTouching(old)
            var record = old
            try edit(&record)
            guard record != old else { return (old, old) }
            try protectAdministrators(from: record, was: old)
            record.version = old.version &+ 1
            record.updatedAt = now
            try save(record, replacing: old)
            return (old, record)
        }
        if record != old {
            try note(action, by: editor.keyID, on: "\(id)", fields: record.fields(unlike: old))
        }
        return record
    }

    /// Writes a record that was there, and makes it count.
    private func save(_ record: KeyRecord, replacing old: KeyRecord) throws(RegistryError) {
        try prepare()
        do {
            try engine.catalogue.save(record, replacing: old)
            try engine.keyChanged(record.id)
        } catch {
            // The change may be in the catalogue all the same. Decisions must then follow it,
            // for whoever tries again finds nothing left to change.
            try? engine.keyChanged(record.id)
            throw .unavailable
        }
    }

    /// Writes a new key.
    ///
    /// - Parameters:
    ///   - changes: what it is to be.
    ///   - secret: what is kept of its secret.
    ///   - creator: who creates it, nil for the server itself.
    ///   - check: refuses it while nobody else changes a key.
    /// - Returns: the record.
    /// - Throws: what `create` and `check` throw.
    func insert(
        _ changes: KeyChanges,
        _ secret: StoredSecret,
        by creator: Principal?,
        unless check: () throws(RegistryError) -> Void = {}
    ) throws(RegistryError) -> KeyRecord {
        guard let name = changes.name else { throw .invalid(field: "name", "is required") }
        let scope = creator?.scope ?? .everything
        let changes = changes.placed(in: scope)
        var record = KeyRecord(id: try nextID(at: now), name: name, createdAt: now)
        record.environment = changes.environment ?? record.environment
        record.createdBy = creator?.keyID
        record.isTemporary = changes.type == .temporary
        let blank = record
        try shape(&record, by: changes, isNew: true, for: creator)
        try membership.requireWithin(scope, record.restrictions)
        record.secrets = [secret]
        try changing.withLock { (_) throws(RegistryError) in
            try check()
            try save { try engine.catalogue.save(record, replacing: nil) }
        }
        let fields = ["name"] + record.fields(unlike: blank)
        try note("key.created", by: creator?.keyID, on: "\(record.id)", fields: fields)
        return record
    }

    /// Makes a record what is wanted of it, as far as whoever wants that may.
    private func shape(
        _ record: inout KeyRecord,
        by changes: KeyChanges,
        isNew: Bool,
        for actor: Principal?
    ) throws(RegistryError) {
        if let status = changes.status { try record.setStatus(status) }
        try membership.within(actor?.scope ?? .everything).place(&record, changes, isNew: isNew)
        try changes.checkType(of: record)
        try changes.apply(to: &record, now: now, zones: engine.zones)
        try seal(changes.webhookSecret, in: &record)
        try actor?.requireWithin(record)
    }

    // MARK: Parts

    var now: WallTime { engine.time.now().wall }

    /// Runs a body while nobody else changes a key.
    func withChanges<Value>(
        _ body: () throws(RegistryError) -> sending Value
    ) throws(RegistryError) -> sending Value {
        try changing.withLock { (_) throws(RegistryError) in try body() }
    }

    /// Encrypts what a key's own webhook is to sign with, when that is to be another.
    private func seal(_ text: String?, in record: inout KeyRecord) throws(RegistryError) {
        guard let text else { return }
        guard let secrets else { throw .unavailable }
        do {
            record.notices.webhooks?.secret = try secrets.seal(text, for: "\(record.id)")
        } catch {
            throw .unavailable
        }
    }

    /// A new secret.
    func issueSecret(_ environment: String) throws(RegistryError) -> [UInt8] {
        KeySecret.issue(environment: environment, entropy: (try random(), try random()))
    }

    /// What is kept of a secret.
    func stored(_ secret: [UInt8]) -> StoredSecret {
        StoredSecret(
            digest: engine.digester.digest(of: secret.span),
            masked: KeySecret.masked(secret.span),
            createdAt: now
        )
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
}

extension KeyRecord {
    /// Gives the key a status that can be set.
    mutating func setStatus(_ status: KeyStatus) throws(RegistryError) {
        guard status != .expired else {
            throw .invalid(field: "status", "cannot be set to expired; set expires_at")
        }
        guard self.status != .revoked || status == .revoked else { throw .revoked }
        self.status = status
    }
}

extension KeyChanges {
    /// The environment of a new key's secret.
    func checkedEnvironment() throws(RegistryError) -> String {
        let environment = environment ?? "live"
        guard KeySecret.isEnvironment(environment) else {
            throw .invalid(field: "environment", "must be 1 to 16 of a-z and 0-9")
        }
        return environment
    }

    /// The changes that make a new key, put into a scope where nothing else is said.
    fileprivate func placed(in scope: Scope) -> KeyChanges {
        var changes = self
        if let organization = scope.organization, changes.organization == nil {
            changes.organization = .some(organization)
        }
        if let team = scope.team, changes.team == nil { changes.team = .some(team) }
        if let user = scope.user, changes.user == nil { changes.user = .some(user) }
        return changes
    }
}
