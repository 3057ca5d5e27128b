package import TollgateCore

/// What is to be different about an organisation, a team or a user; what is nil stays as it is.
package struct GroupChanges: Sendable {
    package var name: String?
    package var description: String?
    package var metadata: [String: String]?
    package var isEnabled: Bool?
    /// The organisation of a team or a user, which is for good.
    package var organization: String?
    /// The team of a user; `.some(nil)` for none.
    package var team: String??
    package var limits: LimitSettings?

    package init() {}

    /// Makes the changes, all but those of what the group belongs to, which have rules of their own.
    ///
    /// - Parameters:
    ///   - record: what is changed.
    ///   - zones: where the time zone of the limits is found.
    /// - Throws: `.invalid` with the first field that cannot be; the record is then not to be used.
    func apply(to record: inout GroupRecord, zones: ZoneCatalogue) throws(RegistryError) {
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
        if let limits { record.limits = limits }
        do {
            _ = try LimitRules(record.limits, credits: record.credits, zones: zones)
        } catch {
            throw .invalid(field: error.field, error.message)
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
