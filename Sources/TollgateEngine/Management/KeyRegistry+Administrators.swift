package import TollgateCore
internal import TollgateCrypto

/// Those who manage everything, of whom there is always one.
extension KeyRegistry {
    /// Makes sure that this secret is an administrator's: the one that the operator chose.
    ///
    /// - Returns: the record that was created, nil when the secret is already known.
    package func registerAdministrator(secret: String) throws(RegistryError) -> KeyRecord? {
        let bytes = try KeyRegistry.foreignSecret(secret, "admin_key")
        let known = try storage { () throws(StorageError) in
            try engine.catalogue.record(forDigest: engine.digester.digest(of: bytes.span))
        }
        if known != nil { return nil }
        return try insert(.administrator, stored(bytes), by: nil)
    }

    /// Makes a secret for the administrator of a new store, who is not there before it is registered:
    /// so it can be shown first.
    ///
    /// - Returns: the secret, nil when the store already has keys.
    package func firstAdministratorSecret() throws(RegistryError) -> String? {
        guard try storage({ () throws(StorageError) in try engine.catalogue.isEmpty() }) else {
            return nil
        }
        return String(decoding: try issueSecret("live"), as: UTF8.self)
    }

    /// A secret that somebody else made.
    ///
    /// - Throws: `.invalid` with the field, and without the secret.
    package static func foreignSecret(
        _ secret: String,
        _ field: String
    ) throws(RegistryError) -> [UInt8] {
        let bytes = Array(secret.utf8)
        guard
            (8...CheckRequest.secretLimit).contains(bytes.count), Text.isValid(bytes.span),
            !bytes.contains(UInt8(ascii: " "))
        else {
            throw .invalid(field: field, "must be 8 to 1024 characters without spaces")
        }
        if case .mistyped = KeySecret.kind(of: bytes.span) {
            throw .invalid(field: field, "looks like a Tollgate key, but is mistyped")
        }
        return bytes
    }

    /// Refuses a change after which nobody could administer any more.
    ///
    /// Called while nobody else changes a key. An administrator whose time will come is no successor
    /// of one who stays, nor is one who is bound to addresses a successor of one who is not.
    func protectAdministrators(
        from record: KeyRecord,
        was old: KeyRecord
    ) throws(RegistryError) {
        let rank = AdministratorRank(of: old, at: now)
        guard AdministratorRank(of: record, at: now) < rank else { return }
        let time = now
        var cursor: KeyID?
        repeat {
            let page = try storage { () throws(StorageError) in
                try engine.catalogue.page(after: cursor, limit: 1, scanLimit: 10_000) { other in
                    other.id != old.id && AdministratorRank(of: other, at: time) >= rank
                }
            }
            if !page.records.isEmpty { return }
            cursor = page.next
        } while cursor != nil
        throw .lastAdministrator
    }
}

/// How much of an administrator a key is.
private enum AdministratorRank: Int, Comparable {
    case none
    /// Manages everything, but from some addresses only, where perhaps nobody is.
    case confined
    /// Manages everything, until its time is over.
    case passing
    /// Manages everything, for good.
    case lasting

    init(of record: KeyRecord, at time: WallTime) {
        guard
            record.effectiveStatus(at: time) == .enabled,
            record.permissions.contains(.manageKeys), Scope(of: record).isEverything
        else {
            self = .none
            return
        }
        if record.ipAllowlist.isEnabled {
            self = record.ipAllowlist.addresses.isEmpty ? .none : .confined
        } else {
            self = record.expiresAt == nil ? .lasting : .passing
        }
    }

    static func < (left: AdministratorRank, right: AdministratorRank) -> Bool {
        left.rawValue < right.rawValue
    }
}
