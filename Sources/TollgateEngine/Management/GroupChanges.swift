package import TollgateCore

/// What is to be different about an organisation, a team or a user; what is nil stays as it is.
///
/// The fields of `restrictions` can be named as if they were its own.
@dynamicMemberLookup
package struct GroupChanges: Sendable {
    package var name: String?
    package var description: String?
    package var metadata: [String: String]?
    package var isEnabled: Bool?
    /// The organisation of a team or a user, which is for good.
    package var organization: String?
    /// The team of a user; `.some(nil)` for none.
    package var team: String??
    package var restrictions = RestrictionChanges()

    package init() {}

    package subscript<Value>(
        dynamicMember field: WritableKeyPath<RestrictionChanges, Value>
    ) -> Value {
        get { restrictions[keyPath: field] }
        set { restrictions[keyPath: field] = newValue }
    }

    /// Makes the changes, all but those of what the group belongs to, which have rules of their own.
    ///
    /// - Parameters:
    ///   - record: what is changed.
    ///   - now: the time.
    ///   - zones: where time zones are found.
    /// - Throws: `.invalid` with the first field that cannot be; the record is then not to be used.
    func apply(
        to record: inout GroupRecord,
        now: WallTime,
        zones: ZoneCatalogue
    ) throws(RegistryError) {
        if let name {
            try DescriptionBounds.check(name: name)
            record.name = name
        }
        if let description {
            try DescriptionBounds.check(description: description)
            record.description = description
        }
        if let metadata {
            try DescriptionBounds.check(metadata: metadata)
            record.metadata = metadata
        }
        if let isEnabled { record.isEnabled = isEnabled }
        try restrictions.apply(to: &record.restrictions, now: now)
        do {
            _ = try GroupRules(record, zones: zones)
        } catch {
            throw error.asRegistryError
        }
    }
}

extension GroupKind {
    /// The word for one of them, as it begins the names of fields: `organization_id`.
    package var noun: String {
        switch self {
        case .organization: "organization"
        case .team: "team"
        case .user: "user"
        }
    }

    /// The field by which something else names one.
    package var field: String { noun + "_id" }
}
