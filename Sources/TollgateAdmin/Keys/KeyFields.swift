internal import TollgateCore
internal import TollgateEngine

/// Reads what a caller wants a key to be: the body of a creation or of a PATCH.
///
/// PATCH merges (RFC 7396): a field that is not there stays as it is, null empties it, and the
/// members of `metadata`, `permissions` and of what `RestrictionFields` reads are merged in turn. A
/// creation merges into a key that restricts nothing. What the values mean is for the registry to
/// judge; here they only have to be there once, known, and of the right type.
struct KeyFields {
    private var reader: ObjectReader
    private var changes = KeyChanges()

    /// Reads the fields of a document.
    ///
    /// - Parameters:
    ///   - document: what the caller sent.
    ///   - record: the key as it is; nil for a new one.
    ///   - now: what `expires_in` counts from.
    ///   - path: where the document is within the body.
    /// - Returns: what is to be different.
    /// - Throws: a 400 or 422 with the path of the first field that cannot be.
    static func changes(
        in document: JSONValue,
        to record: KeyRecord?,
        at now: WallTime,
        path: FieldPath = FieldPath()
    ) throws(APIError) -> KeyChanges {
        var fields = KeyFields(reader: try ObjectReader(document, at: path))
        try fields.readDescription(record)
        try fields.readStatus()
        fields.changes.restrictions = try RestrictionFields.changes(
            in: &fields.reader,
            to: record?.restrictions,
            at: now
        )
        try fields.readPermissions(record)
        try fields.readGroups(record)
        fields.changes.access = try fields.reader.word("access", or: .custom, \.name)
        fields.changes.enforcement = try fields.reader.word("enforcement", or: .enforce, \.name)
        fields.changes.unsettled = try fields.reader.word("unsettled", or: .charge, \.name)
        (fields.changes.notices, fields.changes.webhookSecret) = try NoticeFields.notices(
            in: &fields.reader,
            mergedInto: record?.notices ?? KeyNotices()
        )
        fields.changes.metadata = try fields.reader.mergedTexts(
            "metadata",
            into: record?.metadata ?? [:]
        )
        try fields.reader.finish()
        return fields.changes
    }

    private init(reader: ObjectReader) {
        self.reader = reader
    }

    private mutating func readDescription(_ record: KeyRecord?) throws(APIError) {
        changes.name = try reader.filled("name", try reader.text("name"))
        changes.description = try reader.text("description").or("")
        changes.environment = try reader.filled("environment", try reader.text("environment"))
        changes.group = try reader.text("group").or("")
        changes.session = try reader.filled("session_id", isThere: record?.session != nil)
    }

    private mutating func readStatus() throws(APIError) {
        switch try reader.filled("status", try reader.text("status")) {
        case nil: break
        case "enabled": changes.status = .enabled
        case "disabled": changes.status = .disabled
        default: throw .invalidField("status", "must be enabled or disabled")
        }
    }

    private mutating func readPermissions(_ record: KeyRecord?) throws(APIError) {
        switch try reader.object("permissions") {
        case .absent: break
        case .null: changes.permissions = []
        case .value(var members):
            var permissions = record?.permissions ?? []
            for (name, permission) in Permissions.named {
                switch try members.flag(name).or(false) {
                case nil: break
                case true?: permissions.insert(permission)
                case false?: permissions.remove(permission)
                }
            }
            try PermissionBounds.read(
                &members,
                into: &changes.restrictions,
                record?.limits ?? LimitSettings()
            )
            try members.finish()
            changes.permissions = permissions
        }
    }

    private mutating func readGroups(_ record: KeyRecord?) throws(APIError) {
        changes.organization = try reader.text("organization_id").orNull
        changes.team = try reader.text("team_id").orNull
        changes.user = try reader.text("user_id").orNull
        let hasType = record.flatMap { KeyType(of: $0) } != nil
        guard let name = try reader.filled("key_type", isThere: hasType) else { return }
        guard let type = KeyType(rawValue: name) else {
            throw .invalidField("key_type", "must be user, team, organization or temporary")
        }
        changes.type = type
    }
}

extension ObjectReader {
    /// A text that cannot be emptied: null says only what is so already.
    fileprivate mutating func filled(
        _ name: String,
        isThere: Bool
    ) throws(APIError) -> String? {
        let field = try text(name)
        if !isThere, case .null = field { return nil }
        return try filled(name, field)
    }

    /// One of several words; null stands for one of them.
    mutating func word<Word: CaseIterable>(
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
