internal import TollgateCore
internal import TollgateEngine

/// Reads what a caller wants a key to be: the body of a creation or of a PATCH.
///
/// PATCH merges (RFC 7396): a field that is not there stays as it is, null empties it, and the
/// members of `metadata`, `ip_allowlist`, `permissions`, `pricing` and the blocks of limits are merged
/// in turn; lists and the policy are replaced.
/// A creation merges into a key that restricts nothing. What the values mean is for the registry
/// to judge; here they only have to be there once, known, and of the right type.
struct KeyFields {
    /// A hundred years, as `expires_in` counts them.
    private static let longestLife: Int64 = 3_155_760_000

    private var reader: ObjectReader
    private let now: WallTime
    private var changes = KeyChanges()

    /// Reads the fields of a document.
    ///
    /// - Parameters:
    ///   - document: what the caller sent.
    ///   - record: the key as it is; nil for a new one.
    ///   - now: what `expires_in` counts from.
    /// - Returns: what is to be different.
    /// - Throws: a 400 or 422 with the path of the first field that cannot be.
    static func changes(
        in document: JSONValue,
        to record: KeyRecord?,
        at now: WallTime
    ) throws(APIError) -> KeyChanges {
        var fields = KeyFields(reader: try ObjectReader(document), now: now)
        try fields.readDescription()
        try fields.readStatus()
        try fields.readExpiry()
        try fields.readLists()
        try fields.readAllowlist(record?.ipAllowlist ?? IPAllowlist())
        try fields.readPermissions(record?.permissions ?? [])
        try fields.readGroups()
        fields.changes.limits = try LimitFields.limits(
            in: &fields.reader,
            mergedInto: record?.limits ?? LimitSettings()
        )
        try fields.readRules(record)
        fields.changes.metadata = try fields.reader.mergedTexts(
            "metadata",
            into: record?.metadata ?? [:]
        )
        try fields.reader.finish()
        return fields.changes
    }

    private init(reader: ObjectReader, now: WallTime) {
        self.reader = reader
        self.now = now
    }

    private mutating func readDescription() throws(APIError) {
        changes.name = try reader.filled("name", try reader.text("name"))
        changes.description = try reader.text("description").or("")
        changes.environment = try reader.filled("environment", try reader.text("environment"))
        changes.group = try reader.text("group").or("")
    }

    private mutating func readStatus() throws(APIError) {
        switch try reader.filled("status", try reader.text("status")) {
        case nil: break
        case "enabled": changes.status = .enabled
        case "disabled": changes.status = .disabled
        default: throw .invalidField("status", "must be enabled or disabled")
        }
    }

    private mutating func readExpiry() throws(APIError) {
        let time = try reader.time("expires_at")
        let seconds = try reader.whole("expires_in", in: 1...KeyFields.longestLife)
        switch (time, seconds) {
        case (.absent, .absent): break
        case (.null, .absent), (.absent, .null): changes.expiresAt = .some(nil)
        case (.value(let time), .absent): changes.expiresAt = .some(time)
        case (.absent, .value(let seconds)):
            changes.expiresAt = .some(WallTime(milliseconds: now.milliseconds &+ seconds * 1000))
        default: throw .contradiction("expires_in", "cannot be there together with expires_at")
        }
    }

    private mutating func readLists() throws(APIError) {
        changes.allowedModels = try reader.texts("allowed_models").or([])
        changes.deniedModels = try reader.texts("denied_models").or([])
        changes.allowedProviders = try reader.texts("allowed_providers").or([])
        changes.deniedProviders = try reader.texts("denied_providers").or([])
        changes.allowedSuppliers = try reader.texts("allowed_suppliers").or([])
        changes.deniedSuppliers = try reader.texts("denied_suppliers").or([])
        changes.allowedRegions = try reader.texts("allowed_regions").or([])
        changes.deniedRegions = try reader.texts("denied_regions").or([])
        changes.allowedActions = try reader.texts("allowed_actions").or([])
        changes.deniedActions = try reader.texts("denied_actions").or([])
    }

    private mutating func readAllowlist(_ old: IPAllowlist) throws(APIError) {
        switch try reader.object("ip_allowlist") {
        case .absent: break
        case .null: changes.ipAllowlist = IPAllowlist()
        case .value(var members):
            var list = old
            list.isEnabled = try members.flag("enabled").or(false) ?? list.isEnabled
            list.addresses = try members.texts("addresses").or([]) ?? list.addresses
            try members.finish()
            changes.ipAllowlist = list
        }
    }

    private mutating func readPermissions(_ old: Permissions) throws(APIError) {
        switch try reader.object("permissions") {
        case .absent: break
        case .null: changes.permissions = []
        case .value(var members):
            var permissions = old
            for (name, permission) in Permissions.named {
                switch try members.flag(name).or(false) {
                case nil: break
                case true?: permissions.insert(permission)
                case false?: permissions.remove(permission)
                }
            }
            try members.finish()
            changes.permissions = permissions
        }
    }

    private mutating func readGroups() throws(APIError) {
        changes.organization = try reader.text("organization_id").orNull
        changes.team = try reader.text("team_id").orNull
        changes.user = try reader.text("user_id").orNull
        guard let name = try reader.filled("key_type", try reader.text("key_type")) else { return }
        guard let type = KeyType(rawValue: name) else {
            throw .invalidField("key_type", "must be user, team or organization")
        }
        changes.type = type
    }

    private mutating func readRules(_ record: KeyRecord?) throws(APIError) {
        switch reader.take("policy") {
        case .absent: break
        case .null: changes.policy = .some(nil)
        case .value(let value):
            changes.policy = try PolicyReader.document(value, at: reader.path(of: "policy"))
        }
        switch reader.take("iam_rules") {
        case .absent: break
        case .null: changes.iamRules = []
        case .value(let value):
            changes.iamRules = try PolicyReader.rules(value, at: reader.path(of: "iam_rules"))
        }
        switch reader.take("pricing") {
        case .absent: break
        case .null: changes.pricing = .some(nil)
        case .value(let value):
            changes.pricing = try PolicyReader.pricing(
                value,
                at: reader.path(of: "pricing"),
                mergedInto: record?.pricing ?? PricingRule()
            )
        }
        changes.enforcement = try reader.word("enforcement", or: .enforce, \.name)
        changes.unsettled = try reader.word("unsettled", or: .charge, \.name)
    }
}

extension ObjectReader {
    /// One of several words; null stands for one of them.
    fileprivate mutating func word<Word: CaseIterable>(
        _ name: String,
        or fallback: Word,
        _ text: (Word) -> String
    ) throws(APIError) -> Word? {
        guard let written = try self.text(name).or(text(fallback)) else { return nil }
        guard let word = Word.allCases.first(where: { text($0) == written }) else {
            let words = Word.allCases.map(text).joined(separator: ", ")
            throw .invalidField(path(of: name), "must be one of \(words)")
        }
        return word
    }
}
