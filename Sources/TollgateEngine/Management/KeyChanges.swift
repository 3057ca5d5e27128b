package import TollgateCore

/// What is to be different about a key; what is nil stays as it is.
package struct KeyChanges: Sendable {
    package var name: String?
    package var description: String?
    package var environment: String?
    package var group: String?
    package var metadata: [String: String]?
    package var status: KeyStatus?
    /// When the key ends; `.some(nil)` for never.
    package var expiresAt: WallTime??
    package var allowedModels: [String]?
    package var deniedModels: [String]?
    package var allowedProviders: [String]?
    package var deniedProviders: [String]?
    package var allowedSuppliers: [String]?
    package var deniedSuppliers: [String]?
    package var allowedRegions: [String]?
    package var deniedRegions: [String]?
    package var allowedActions: [String]?
    package var deniedActions: [String]?
    package var ipAllowlist: IPAllowlist?
    package var permissions: Permissions?

    package init() {}

    /// The first key of a store, and the one that the operator names at the start.
    static var administrator: KeyChanges {
        var changes = KeyChanges()
        changes.name = "administrator"
        changes.description = "The first administrator"
        changes.permissions = .all
        return changes
    }

    private static let nameLimit = 200
    private static let descriptionLimit = 2000
    private static let groupLimit = 100
    private static let metadataCountLimit = 64
    private static let metadataKeyLimit = 64
    private static let metadataValueLimit = 512

    /// Makes the changes, all but those of status and environment, which have rules of their own.
    ///
    /// - Throws: `.invalid` with the first field that cannot be; the record is then not to be used.
    func apply(to record: inout KeyRecord, now: WallTime) throws(RegistryError) {
        try applyDescription(to: &record)
        if let expiresAt {
            if let expiresAt, expiresAt <= now {
                throw .invalid(field: "expires_at", "must be in the future")
            }
            record.expiresAt = expiresAt
        }
        KeyChanges.set(&record.models, allowedModels, deniedModels)
        KeyChanges.set(&record.providers, allowedProviders, deniedProviders)
        KeyChanges.set(&record.suppliers, allowedSuppliers, deniedSuppliers)
        KeyChanges.set(&record.regions, allowedRegions, deniedRegions)
        KeyChanges.set(&record.actions, allowedActions, deniedActions)
        if let ipAllowlist { record.ipAllowlist = ipAllowlist }
        if let permissions { record.permissions = permissions }
        do {
            _ = try KeyRules(record)
        } catch {
            throw error.asRegistryError
        }
    }

    private func applyDescription(to record: inout KeyRecord) throws(RegistryError) {
        if let name {
            guard !name.isEmpty else { throw .invalid(field: "name", "must not be empty") }
            try KeyChanges.checkText(name, KeyChanges.nameLimit, "name")
            record.name = name
        }
        if let description {
            try KeyChanges.checkLength(description, KeyChanges.descriptionLimit, "description")
            record.description = description
        }
        if let group {
            try KeyChanges.checkText(group, KeyChanges.groupLimit, "group")
            record.group = group
        }
        guard let metadata else { return }
        guard metadata.count <= KeyChanges.metadataCountLimit else {
            throw .invalid(
                field: "metadata",
                "must have at most \(KeyChanges.metadataCountLimit) entries"
            )
        }
        for (key, value) in metadata {
            try KeyChanges.checkText(key, KeyChanges.metadataKeyLimit, "metadata")
            try KeyChanges.checkLength(value, KeyChanges.metadataValueLimit, "metadata.\(key)")
        }
        record.metadata = metadata
    }

    private static func set(
        _ lists: inout NameLists,
        _ allowed: [String]?,
        _ denied: [String]?
    ) {
        if let allowed { lists.allowed = allowed }
        if let denied { lists.denied = denied }
    }

    private static func checkText(
        _ text: String,
        _ limit: Int,
        _ field: String
    ) throws(RegistryError) {
        try checkLength(text, limit, field)
        let bytes = Array(text.utf8)
        guard Text.isValid(bytes.span) else {
            throw .invalid(field: field, "must not contain control characters")
        }
    }

    private static func checkLength(
        _ text: String,
        _ limit: Int,
        _ field: String
    ) throws(RegistryError) {
        guard text.utf8.count <= limit else {
            throw .invalid(field: field, "must have at most \(limit) bytes")
        }
        guard !text.utf8.contains(0) else {
            throw .invalid(field: field, "must not contain NUL")
        }
    }
}

extension RuleProblem {
    /// The problem as callers of the API see it.
    var asRegistryError: RegistryError {
        func field(_ dimension: Dimension, _ isDenied: Bool) -> String {
            (isDenied ? "denied_" : "allowed_") + dimension.rawValue
        }
        switch self {
        case .badPattern(let dimension, let isDenied, let index):
            return .invalid(
                field: "\(field(dimension, isDenied))[\(index)]",
                "must be 1 to \(Pattern.lengthLimit) bytes of text"
            )
        case .tooMany(let dimension, let isDenied):
            return .invalid(
                field: field(dimension, isDenied),
                "must have at most \(NameRule.patternLimit) entries"
            )
        case .badAddress(let index):
            return .invalid(
                field: "ip_allowlist.addresses[\(index)]",
                "must be an IPv4 or IPv6 address, or a network in CIDR form"
            )
        case .tooManyAddresses:
            return .invalid(
                field: "ip_allowlist.addresses",
                "must have at most \(IPAllowlist.addressLimit) entries"
            )
        }
    }
}
