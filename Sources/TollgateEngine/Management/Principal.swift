package import TollgateCore

/// Who asks for something that needs permissions.
package struct Principal: Equatable, Sendable {
    package let keyID: KeyID
    package let permissions: Permissions
    /// The key, as it was when the request began; nil for who has none and is bound by nothing: an
    /// operator who has proven to be one in another way.
    package let key: KeyRecord?

    /// Somebody whom no key restricts.
    package init(keyID: KeyID, permissions: Permissions) {
        self.keyID = keyID
        self.permissions = permissions
        key = nil
    }

    /// Whoever has a key.
    package init(_ key: KeyRecord) {
        keyID = key.id
        permissions = key.permissions
        self.key = key
    }

    /// What is seen and managed.
    package var scope: Scope { key.map { Scope(of: $0) } ?? .everything }

    /// Whether nothing is out of sight: what concerns everyone is for those.
    package var seesEverything: Bool { scope.isEverything }
}

// Nobody makes anything that can do more than they can, by whichever way: whatever a principal
// creates or changes must be within its own key's restrictions when it is done. Taking away needs
// less: a key that can do more in other ways may still be stopped by who has its permissions.
extension Principal {
    /// Makes sure that a key may be changed at all.
    ///
    /// - Throws: `.notFound` for keys out of scope, `.forbidden` for those with more permissions.
    func requireTouching(_ record: KeyRecord) throws(RegistryError) {
        guard scope.contains(record) else { throw .notFound }
        guard record.permissions.isSubset(of: permissions) else {
            throw .forbidden(field: "permissions", "of the key exceed your own")
        }
    }

    /// Makes sure that a key, as it is to be, can do nothing that this principal cannot.
    func requireWithin(_ record: KeyRecord) throws(RegistryError) {
        guard record.permissions.isSubset(of: permissions) else {
            throw .forbidden(field: "permissions", "exceed your own")
        }
        guard let key else { return }
        let (own, other) = (scope, Scope(of: record))
        try requireScope(own.organization, other.organization, .organization)
        try requireScope(own.team, other.team, .team)
        try requireScope(own.user, other.user, .user)
        do {
            try record.requireNoWider(than: key)
        } catch {
            throw RegistryError(error)
        }
    }

    /// Makes sure that a group may be changed at all.
    func requireTouching(_ record: GroupRecord) throws(RegistryError) {
        guard scope.contains(record) else { throw .notFound }
    }

    /// Makes sure that a group, as it is to be, lets its keys do nothing that this principal cannot.
    ///
    /// - Parameters:
    ///   - record: the group as it is to be.
    ///   - old: the group as it is; nil for a new one. Whoever belongs to it is bound by it.
    /// - Throws: `.forbidden` with the first field that is wider.
    func requireWithin(_ record: GroupRecord, was old: GroupRecord?) throws(RegistryError) {
        guard let key else { return }
        guard scope.contains(record) else {
            throw .forbidden(field: record.id.kind.scopeField, "is not within your own scope")
        }
        do {
            try record.restrictions.requireNoWider(than: key.restrictions)
            if let old, scope.isBelow(old.id) {
                try record.restrictions.requireNoWider(than: old.restrictions)
            }
        } catch {
            throw RegistryError(error)
        }
        if let old, scope.isBelow(old.id), record.isEnabled, !old.isEnabled {
            throw .forbidden(field: "status", "is set by those above the group")
        }
    }

    private func requireScope(
        _ own: String?,
        _ other: String?,
        _ kind: GroupKind
    ) throws(RegistryError) {
        guard own == nil || own == other else {
            throw .forbidden(field: kind.field, "is not within your own scope")
        }
    }
}

extension GroupKind {
    /// The field that puts a group of this kind where it is.
    fileprivate var scopeField: String {
        switch self {
        case .organization: "id"
        case .team: "organization_id"
        case .user: "team_id"
        }
    }
}
