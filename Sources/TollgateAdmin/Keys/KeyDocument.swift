internal import TollgateCore

/// A key as the API shows it.
enum KeyDocument {
    /// Writes a key.
    ///
    /// - Parameters:
    ///   - record: the key.
    ///   - time: now, by which it may have expired.
    ///   - secret: the secret, in the one answer that may hold it.
    /// - Returns: the key as an object.
    static func json(_ record: KeyRecord, at time: WallTime, secret: String? = nil) -> JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ value: JSONValue) {
            members.append(JSONValue.Member(name, value))
        }
        func add(_ name: String, _ lists: NameLists) {
            add("allowed_\(name)", JSONValue(lists.allowed))
            add("denied_\(name)", JSONValue(lists.denied))
        }
        add("id", .string("\(record.id)"))
        if let secret { add("api_key", .string(secret)) }
        add("name", .string(record.name))
        add("description", .string(record.description))
        add("masked_key", JSONValue(record.secrets.first?.masked))
        add("status", .string(record.effectiveStatus(at: time).name))
        add("environment", .string(record.environment))
        add("group", .string(record.group))
        add("created_at", .string(Timestamp.text(record.createdAt)))
        add("updated_at", .string(Timestamp.text(record.updatedAt)))
        add("created_by", JSONValue(record.createdBy.map { "\($0)" }))
        add("expires_at", JSONValue(record.expiresAt.map { Timestamp.text($0) }))
        add("models", record.models)
        add("providers", record.providers)
        add("suppliers", record.suppliers)
        add("regions", record.regions)
        add("actions", record.actions)
        add("ip_allowlist", json(record.ipAllowlist))
        add("permissions", json(record.permissions))
        add("metadata", json(record.metadata))
        add("version", JSONValue(record.version))
        return .object(members)
    }

    private static func json(_ list: IPAllowlist) -> JSONValue {
        ["enabled": .bool(list.isEnabled), "addresses": JSONValue(list.addresses)]
    }

    private static func json(_ permissions: Permissions) -> JSONValue {
        .object(
            Permissions.named.map { name, permission in
                JSONValue.Member(name, .bool(permissions.contains(permission)))
            }
        )
    }

    /// Metadata, by name: a dictionary has no order of its own, and answers should not vary.
    private static func json(_ metadata: [String: String]) -> JSONValue {
        .object(
            metadata.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) }
        )
    }
}

extension Permissions {
    /// The names by which callers know the permissions.
    static let named: [(name: String, permission: Permissions)] = [
        ("manage_keys", .manageKeys),
        ("view_all_usage", .viewAllUsage),
        ("manage_billing", .manageBilling),
    ]
}
