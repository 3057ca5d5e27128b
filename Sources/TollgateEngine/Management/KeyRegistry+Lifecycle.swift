package import TollgateCore

/// What happens to a key between its creation and its end.
extension KeyRegistry {
    /// The longest time that both secrets of a key work, in seconds: 30 days.
    package static let longestGrace: Int64 = 30 * 86_400

    /// Switches a key on or off, or revokes it for good.
    ///
    /// Only switching on needs the editor to be as free as the key is.
    package func setStatus(
        _ status: KeyStatus,
        of id: KeyID,
        by editor: Principal
    ) throws(RegistryError) -> KeyRecord {
        let action =
            switch status {
            case .enabled: "key.enabled"
            case .disabled: "key.disabled"
            case .revoked, .expired: "key.revoked"
            }
        return try change(id, action, by: editor) { (record) throws(RegistryError) in
            try record.setStatus(status)
            if status == .enabled { try editor.requireWithin(record) }
        }
    }

    /// Revokes a key whose record its owner does not want to see any more; the record stays.
    ///
    /// - Parameters:
    ///   - id: which.
    ///   - version: the version that the caller has seen; nil to revoke whatever is there.
    ///   - editor: who revokes it.
    /// - Returns: the record as it is now.
    /// - Throws: any `RegistryError`; then nothing has changed, but for `.unrecorded`.
    package func delete(
        _ id: KeyID,
        version: UInt64? = nil,
        by editor: Principal
    ) throws(RegistryError) -> KeyRecord {
        try change(id, "key.deleted", by: editor) { (record) throws(RegistryError) in
            if let version, version != record.version { throw .changedMeanwhile }
            try record.setStatus(.revoked)
        }
    }

    /// Gives a key a new secret; its id, limits, usage and holds stay.
    ///
    /// Of older secrets the newest goes on working for a while; any other ends at once, so that there
    /// are never more than two.
    ///
    /// - Parameters:
    ///   - id: which.
    ///   - grace: for how many seconds, 0 to `longestGrace`.
    ///   - editor: who is told the secret, and therefore must be as free as the key is.
    /// - Returns: the record, and the secret, which is nowhere else from then on.
    /// - Throws: any `RegistryError`; then nothing has changed, but for `.unrecorded`.
    package func rotate(
        _ id: KeyID,
        grace: Int64,
        by editor: Principal
    ) throws(RegistryError) -> (record: KeyRecord, secret: String) {
        guard (0...KeyRegistry.longestGrace).contains(grace) else {
            throw .invalid(field: "grace", "must be from 0 to 30 days")
        }
        var secret: [UInt8] = []
        let record = try change(id, "key.rotated", by: editor) { (record) throws(RegistryError) in
            guard record.status != .revoked else { throw .revoked }
            try editor.requireWithin(record)
            secret = try issueSecret(record.environment)
            record.secrets = [stored(secret)] + record.secrets.outgoing(for: grace, at: now)
        }
        return (record, String(decoding: secret, as: UTF8.self))
    }

    /// Revokes every key that is bound to a session, as far as the editor may.
    ///
    /// - Returns: how many.
    /// - Throws: the first reason why one of them could not be revoked, when all others are.
    package func endSession(
        _ session: String,
        by editor: Principal
    ) throws(RegistryError) -> Int {
        let ids = try storage { () throws(StorageError) in
            try engine.catalogue.keys(ofSession: session, limit: KeyRegistry.sessionLimit)
        }
        var count = 0
        var refusal: RegistryError?
        for id in ids {
            do {
                let record = try setStatus(.revoked, of: id, by: editor)
                if record.status == .revoked { count += 1 }
            } catch {
                switch error {
                case .notFound: continue
                case .forbidden, .lastAdministrator: refusal = refusal ?? error
                default: throw error
                }
            }
        }
        try note("session.deleted", by: editor.keyID, on: session)
        if let refusal { throw refusal }
        return count
    }

    /// How many keys one call ends; whoever has more calls again.
    private static let sessionLimit = 10_000

    /// Disables the webhook of a key whose receiver has said that it is gone.
    ///
    /// - Parameters:
    ///   - id: whose.
    ///   - url: where that was said; one that is elsewhere by now stays as it is.
    /// - Returns: whether nothing is sent there any more.
    /// - Throws: `.notFound`, `.unavailable` or `.unrecorded`.
    package func disableGoneWebhook(of id: KeyID, at url: String) throws(RegistryError) -> Bool {
        try withChanges { () throws(RegistryError) in
            let old = try key(id)
            guard let webhook = old.notices.webhooks, webhook.isEnabled else { return true }
            guard webhook.url == url else { return false }
            var record = old
            record.notices.webhooks?.isEnabled = false
            record.version = old.version &+ 1
            record.updatedAt = now
            try prepare()
            // Decisions read nothing of webhooks: the key in use need not follow.
            try storage { () throws(StorageError) in
                try engine.catalogue.save(record, replacing: old)
            }
            try note("key.updated", by: nil, on: "\(id)", fields: ["webhooks"])
            return true
        }
    }

    /// Records of keys whose time is over that it is.
    ///
    /// Each once, whenever the process ends: but for one that ends between the record and the note
    /// that it was made, which is then made again.
    ///
    /// - Parameter limit: how many at most.
    /// - Returns: how many.
    /// - Throws: `.unavailable` or `.unrecorded`; to be tried again.
    package func recordExpiries(limit: Int) throws(RegistryError) -> Int {
        let time = now
        let ids = try storage { () throws(StorageError) in
            try engine.catalogue.keysExpired(by: time, limit: limit)
        }
        for id in ids {
            try withChanges { () throws(RegistryError) in
                let old = try key(id)
                guard let end = old.indexedExpiry, end <= time else { return }
                try note("key.expired", by: nil, on: "\(id)")
                var record = old
                record.isExpiryRecorded = true
                try storage { () throws(StorageError) in
                    try engine.catalogue.save(record, replacing: old)
                }
            }
        }
        return ids.count
    }
}

extension [StoredSecret] {
    /// The newest secret that still works, for as long as it may go on.
    fileprivate func outgoing(for grace: Int64, at now: WallTime) -> [StoredSecret] {
        guard grace > 0, var secret = first(where: { $0.isLive(at: now) }) else { return [] }
        let end = WallTime(milliseconds: now.milliseconds &+ grace * 1000)
        secret.validUntil = Swift.min(secret.validUntil ?? end, end)
        return [secret]
    }
}
