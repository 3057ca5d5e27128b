internal import TollgateCore
internal import TollgateEngine

/// A key as the API shows it.
enum KeyDocument {
    /// Writes a key.
    ///
    /// - Parameters:
    ///   - record: the key.
    ///   - time: now, by which it may have expired.
    ///   - secret: the secret, in the one answer that may hold it.
    ///   - use: what was made of it, where that is shown.
    /// - Returns: the key as an object.
    static func json(
        _ record: KeyRecord,
        at time: WallTime,
        secret: String? = nil,
        use: KeyUse? = nil
    ) -> JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ value: JSONValue) {
            members.append(JSONValue.Member(name, value))
        }
        add("id", .string("\(record.id)"))
        if let secret { add("api_key", .string(secret)) }
        add("name", .string(record.name))
        add("description", .string(record.description))
        add("masked_key", JSONValue(record.secrets.first?.masked))
        add("status", .string(record.effectiveStatus(at: time).name))
        add("key_type", JSONValue(KeyType(of: record)?.rawValue))
        add("organization_id", JSONValue(record.organization))
        add("team_id", JSONValue(record.team))
        add("user_id", JSONValue(record.user))
        add("environment", .string(record.environment))
        add("group", .string(record.group))
        add("created_at", .string(Timestamp.text(record.createdAt)))
        add("updated_at", .string(Timestamp.text(record.updatedAt)))
        add("created_by", JSONValue(record.createdBy.map { "\($0)" }))
        add("session_id", JSONValue(record.session))
        add("previous_key_valid_until", previousEnd(of: record, at: time))
        add("access", .string(record.access.name))
        add("permissions", json(record.permissions))
        members += RestrictionDocument.members(record.restrictions)
        add("enforcement", .string(record.enforcement.name))
        add("unsettled", .string(record.unsettled.name))
        members += NoticeDocument.members(record.notices)
        add("metadata", JSONValue(sorted: record.metadata))
        add("version", JSONValue(record.version))
        if let use { add("last_used_at", JSONValue(use.lastUsedAt.map { Timestamp.text($0) })) }
        if let usage = use?.usage {
            add("usage", .object(UsageDocument.members(usage)))
            add("remaining", UsageDocument.remaining(usage.limits))
        }
        return .object(members)
    }

    /// Until when the secret before the last rotation works; null when it does not any more.
    private static func previousEnd(of record: KeyRecord, at time: WallTime) -> JSONValue {
        let previous = record.secrets.dropFirst().first { $0.isLive(at: time) }
        return JSONValue(previous?.validUntil.map { Timestamp.text($0) })
    }

    private static func json(_ permissions: Permissions) -> JSONValue {
        .object(
            Permissions.named.map { name, permission in
                JSONValue.Member(name, .bool(permissions.contains(permission)))
            }
        )
    }
}

/// What was made of a key, as far as it is shown where the key is read.
struct KeyUse {
    /// When a request was last allowed with it; nil when none ever was.
    let lastUsedAt: WallTime?
    /// What was counted for it; nil in lists.
    let usage: SubjectUsage?
}

extension AdminServices {
    /// What was made of a key, with all that was counted.
    func fullUse(of key: KeyID) throws(APIError) -> KeyUse {
        let usage = try usage(of: key)
        return KeyUse(lastUsedAt: usage.counters.lastUsedAt, usage: usage)
    }

    /// What a list says was made of a key.
    func briefUse(of key: KeyID) throws(APIError) -> KeyUse {
        KeyUse(lastUsedAt: try lastUse(of: key), usage: nil)
    }

    /// When a request was last allowed with a key; nil when none ever was.
    func lastUse(of key: KeyID) throws(APIError) -> WallTime? {
        do { return try engine.lastUse(ofKey: key) } catch { throw .unavailable }
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
