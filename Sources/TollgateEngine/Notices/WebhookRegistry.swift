internal import Synchronization
package import TollgateCore
package import TollgateCrypto

/// Everything an administrator does with webhooks.
///
/// Safe from any thread. Reading never waits for the disk; changing does, and is never done on an
/// event loop. Changes are made one at a time, durably. Secrets go in, are shown once when they are
/// made, and come out again only to sign with. One whose key belongs to an organisation or a team
/// has webhooks of that organisation or team alone.
package final class WebhookRegistry: RecordingRegistry {
    /// The most webhooks that are taken.
    package static let countLimit = 1000

    private let store: any WebhookStore
    private let box: WebhookSecretBox
    private let membership: GroupMembership
    private let time: any TimeSource
    let actions: any ActionLog
    private let changing = Mutex(())
    private let state: Mutex<[WebhookID: WebhookRecord]>

    /// Reads what is stored.
    ///
    /// - Throws: `.unavailable` when the store cannot be read.
    package init(
        store: any WebhookStore,
        groups: any GroupCatalogue,
        box: WebhookSecretBox,
        time: any TimeSource,
        actions: any ActionLog
    ) throws(RegistryError) {
        self.store = store
        self.box = box
        self.time = time
        self.actions = actions
        membership = GroupMembership(catalogue: groups)
        var records: [WebhookID: WebhookRecord] = [:]
        do {
            for record in try store.storedWebhooks() { records[record.id] = record }
        } catch {
            throw .unavailable
        }
        state = Mutex(records)
    }

    /// All webhooks, the oldest first.
    package var records: [WebhookRecord] {
        state.withLock { $0.values.sorted { $0.id < $1.id } }
    }

    /// The webhook with this id, whoever asks; nil when there is none.
    package func webhook(_ id: WebhookID) -> WebhookRecord? {
        state.withLock { $0[id] }
    }

    /// The webhooks that the viewer sees, the oldest first.
    package func webhooks(seenBy viewer: Principal) -> [WebhookRecord] {
        records.filter(viewer.scope.sees)
    }

    /// The webhook with this id, if the viewer sees it.
    package func webhook(
        _ id: WebhookID,
        seenBy viewer: Principal
    ) throws(RegistryError) -> WebhookRecord {
        guard let record = webhook(id), viewer.scope.sees(record) else { throw .notFound }
        return record
    }

    /// What deliveries to a webhook are signed with; nil when it cannot be read.
    package func secret(of record: WebhookRecord) throws(CryptoError) -> WebhookSecret? {
        try box.secret(in: record.secret, for: "\(record.id)")
    }

    /// Makes a webhook.
    ///
    /// - Returns: the record, and the text of its secret when it was made here.
    /// - Throws: `.invalid` or `.forbidden` with the field, `.unavailable` or `.unrecorded`.
    package func create(
        _ changes: WebhookChanges,
        by creator: Principal
    ) throws(RegistryError) -> (record: WebhookRecord, secret: String) {
        guard let url = changes.url else { throw .invalid(field: "url", "is missing") }
        return try changing.withLock { (_) throws(RegistryError) in
            guard state.withLock({ $0.count }) < WebhookRegistry.countLimit else {
                throw .invalid(field: "url", "would be of more than 1000 webhooks")
            }
            let now = time.now().wall
            let id = WebhookID(time: now, entropy: try random())
            var record = WebhookRecord(id: id, url: url, createdAt: now)
            record.version = 0
            var changes = changes
            if changes.organization == nil, let own = creator.scope.organization {
                changes.organization = own
            }
            if changes.team == nil, let own = creator.scope.team { changes.team = own }
            if changes.secret == nil { changes.secret = .some(nil) }
            let secret = try finish(&record, changes, by: creator)
            try save(record, "webhook.created", creator, changes.fields)
            return (record, secret ?? "")
        }
    }

    /// Changes a webhook.
    ///
    /// - Returns: the record as it is now, and the text of its secret when that is another.
    /// - Throws: any `RegistryError`; then nothing has changed.
    package func update(
        _ id: WebhookID,
        version: UInt64?,
        _ changes: WebhookChanges,
        by editor: Principal
    ) throws(RegistryError) -> (record: WebhookRecord, secret: String?) {
        try changing.withLock { (_) throws(RegistryError) in
            var record = try webhook(id, seenBy: editor)
            if let version, version != record.version { throw .changedMeanwhile }
            let secret = try finish(&record, changes, by: editor)
            try save(record, "webhook.updated", editor, changes.fields)
            return (record, secret)
        }
    }

    /// Forgets a webhook and its secret for good.
    ///
    /// - Throws: any `RegistryError`; then it is still there, unless the store is `.unavailable`.
    package func remove(
        _ id: WebhookID,
        version: UInt64?,
        by editor: Principal
    ) throws(RegistryError) {
        try changing.withLock { (_) throws(RegistryError) in
            let record = try webhook(id, seenBy: editor)
            if let version, version != record.version { throw .changedMeanwhile }
            try save { try store.removeWebhook(id) }
            state.withLock { $0[id] = nil }
            try note("webhook.deleted", by: editor.keyID, on: "\(id)")
        }
    }

    /// Disables a webhook whose receiver has said that it is gone.
    ///
    /// - Parameters:
    ///   - id: which.
    ///   - url: where that was said; one that is elsewhere by now stays as it is.
    /// - Returns: whether nothing is sent there any more.
    /// - Throws: `.unavailable` or `.unrecorded`.
    package func disableGone(_ id: WebhookID, at url: String) throws(RegistryError) -> Bool {
        try changing.withLock { (_) throws(RegistryError) in
            guard var record = webhook(id), record.isEnabled else { return true }
            guard record.url == url else { return false }
            record.isEnabled = false
            record.isGone = true
            record.version &+= 1
            record.updatedAt = time.now().wall
            try save(record, "webhook.disabled", nil, ["enabled"])
            return true
        }
    }

    // MARK: Changing

    /// Makes the changes, and the secret for what the record is then.
    private func finish(
        _ record: inout WebhookRecord,
        _ changes: WebhookChanges,
        by editor: Principal
    ) throws(RegistryError) -> String? {
        try changes.apply(to: &record, membership.within(editor.scope))
        guard editor.scope.sees(record) else {
            throw .forbidden(field: "organization_id", "is not within your own scope")
        }
        record.version &+= 1
        record.updatedAt = time.now().wall
        guard let given = changes.secret else { return nil }
        let text: String
        if let given {
            text = given
        } else {
            text = try encrypt { () throws(CryptoError) in try WebhookSecret.issue() }
        }
        guard WebhookSecret.isSound(text) else {
            throw .invalid(
                field: "secret",
                "must be whsec_ and base64 of 24 to 64 bytes, or 16 to 1024 visible characters"
            )
        }
        let destination = "\(record.id)"
        record.secret = try encrypt { () throws(CryptoError) in
            try box.seal(text, for: destination)
        }
        return text
    }

    /// Runs what fails only when the library for it does.
    private func encrypt<Value>(
        _ body: () throws(CryptoError) -> Value
    ) throws(RegistryError) -> Value {
        do { return try body() } catch { throw .unavailable }
    }

    private func save(
        _ record: WebhookRecord,
        _ action: String,
        _ actor: Principal?,
        _ fields: [String]
    ) throws(RegistryError) {
        try save { try store.save(record) }
        state.withLock { $0[record.id] = record }
        try note(action, by: actor?.keyID, on: "\(record.id)", fields: fields)
    }
}

extension Scope {
    /// Whether an administrator of this scope sees a webhook: all that it tells must be in sight.
    fileprivate func sees(_ record: WebhookRecord) -> Bool {
        user == nil && (organization == nil || organization == record.organization)
            && (team == nil || team == record.team)
    }
}
