package import TollgateCore

extension KeyChanges {
    /// Refuses a kind of key that its groups do not bear out.
    func checkType(of record: KeyRecord) throws(RegistryError) {
        guard let type, type != KeyType(of: record) else { return }
        throw .invalid(
            field: "key_type",
            "does not fit: a key is temporary for good, or its user's, its team's, its organization's"
        )
    }
}

/// Whose a key is: that of the narrowest group that it belongs to; or that it is for a while only.
package enum KeyType: String, CaseIterable, Sendable {
    case user
    case team
    case organization
    case temporary

    /// The kind of a key; nil when it belongs to no group.
    package init?(of record: KeyRecord) {
        if record.isTemporary {
            self = .temporary
        } else if record.user != nil {
            self = .user
        } else if record.team != nil {
            self = .team
        } else if record.organization != nil {
            self = .organization
        } else {
            return nil
        }
    }
}
