package import TollgateCore

/// What is to be different about a key; what is nil stays as it is.
///
/// The fields of `restrictions` can be named as if they were its own.
@dynamicMemberLookup
package struct KeyChanges: Sendable {
    package var name: String?
    package var description: String?
    package var environment: String?
    package var group: String?
    package var metadata: [String: String]?
    package var status: KeyStatus?
    package var restrictions = RestrictionChanges()
    package var access: AccessLevel?
    package var permissions: Permissions?
    /// The groups that the key belongs to; `.some(nil)` for none.
    package var organization: String??
    package var team: String??
    package var user: String??
    /// Whose the key is to be: said again, so that it can be found wrong.
    package var type: KeyType?
    /// The session that a new key is bound to.
    package var session: String?
    package var notices: KeyNotices?
    /// What the key's own webhook signs with, in clear text, on its way to being encrypted.
    package var webhookSecret: String?
    package var enforcement: Enforcement?
    package var unsettled: UnsettledPolicy?
    /// Whether a key may end in the past, and so never work: requests of other products that name a
    /// date are taken as they were written, however long ago.
    package var mayBeOver = false

    package init() {}

    package subscript<Value>(
        dynamicMember field: WritableKeyPath<RestrictionChanges, Value>
    ) -> Value {
        get { restrictions[keyPath: field] }
        set { restrictions[keyPath: field] = newValue }
    }

    /// The first key of a store, and the one that the operator names at the start.
    static var administrator: KeyChanges {
        var changes = KeyChanges()
        changes.name = "administrator"
        changes.description = "The first administrator"
        changes.permissions = .all
        return changes
    }

    private static let groupLimit = 100
    private static let sessionLimit = 128

    /// Makes the changes, all but those of status, environment and groups, which have rules of their
    /// own.
    ///
    /// - Parameters:
    ///   - record: what is changed.
    ///   - now: the time.
    ///   - zones: where time zones are found.
    /// - Throws: `.invalid` with the first field that cannot be; the record is then not to be used.
    func apply(
        to record: inout KeyRecord,
        now: WallTime,
        zones: ZoneCatalogue
    ) throws(RegistryError) {
        try applyDescription(to: &record)
        try restrictions.apply(to: &record.restrictions, now: now, mayBeOver: mayBeOver)
        // A new end is a new event, when it comes.
        if restrictions.expiresAt != nil { record.isExpiryRecorded = false }
        if let access { record.access = access }
        if let permissions { record.permissions = permissions }
        if let notices { record.notices = notices }
        if let enforcement { record.enforcement = enforcement }
        if let unsettled { record.unsettled = unsettled }
        do {
            _ = try KeyRules(record, zones: zones)
        } catch {
            throw error.asRegistryError
        }
        try record.checkAccess()
        if record.isTemporary, record.expiresAt == nil {
            throw .invalid(field: "expires_in", "is needed for a temporary key")
        }
    }

    private func applyDescription(to record: inout KeyRecord) throws(RegistryError) {
        if let name {
            try DescriptionBounds.check(name: name)
            record.name = name
        }
        if let description {
            try DescriptionBounds.check(description: description)
            record.description = description
        }
        if let group {
            try DescriptionBounds.checkText(group, KeyChanges.groupLimit, "group")
            record.group = group
        }
        if let metadata {
            try DescriptionBounds.check(metadata: metadata)
            record.metadata = metadata
        }
        if let session {
            guard !session.isEmpty else { throw .invalid(field: "session_id", "must not be empty") }
            try DescriptionBounds.checkText(session, KeyChanges.sessionLimit, "session_id")
            record.session = session
        }
    }
}

extension KeyRecord {
    /// Refuses a level of access that other fields contradict.
    fileprivate func checkAccess() throws(RegistryError) {
        switch access {
        case .custom: return
        case .readOnly:
            guard permissions.isSubset(of: .viewAllUsage) else {
                throw .invalid(
                    field: "access",
                    "cannot be read_only for a key with other permissions than view_all_usage"
                )
            }
        case .full:
            var rest = restrictions
            rest.expiresAt = nil
            rest.ipAllowlist = IPAllowlist()
            rest.limits = LimitSettings()
            guard rest == Restrictions() else {
                throw .invalid(
                    field: "access",
                    "cannot be full for a key that may not use all models and features"
                )
            }
        }
    }
}
