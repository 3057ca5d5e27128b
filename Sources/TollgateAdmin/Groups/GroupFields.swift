internal import TollgateCore
internal import TollgateEngine

/// Reads what a caller wants an organisation, a team or a user to be: the body of a creation or of a
/// PATCH, which merges as that of a key does.
enum GroupFields {
    /// Reads the fields of a document.
    ///
    /// - Parameters:
    ///   - document: what the caller sent.
    ///   - kind: what it is about.
    ///   - record: the group as it is; nil for a new one.
    ///   - now: what `expires_in` counts from.
    /// - Returns: what is to be different, and the id that a new group is to have.
    /// - Throws: a 400 with the path of the first field that cannot be.
    static func changes(
        in document: JSONValue,
        _ kind: GroupKind,
        to record: GroupRecord?,
        at now: WallTime
    ) throws(APIError) -> (id: String?, changes: GroupChanges) {
        var reader = try ObjectReader(document)
        var changes = GroupChanges()
        let id = record == nil ? try reader.filled("id", try reader.text("id")) : nil
        changes.name = try reader.filled("name", try reader.text("name"))
        changes.description = try reader.text("description").or("")
        switch try reader.filled("status", try reader.text("status")) {
        case nil: break
        case "enabled": changes.isEnabled = true
        case "disabled": changes.isEnabled = false
        default: throw .invalidField("status", "must be enabled or disabled")
        }
        if kind != .organization {
            changes.organization = try reader.filled(
                "organization_id",
                try reader.text("organization_id")
            )
        }
        if kind == .user { changes.team = try reader.text("team_id").orNull }
        changes.restrictions = try RestrictionFields.changes(
            in: &reader,
            to: record?.restrictions,
            at: now
        )
        changes.metadata = try reader.mergedTexts("metadata", into: record?.metadata ?? [:])
        try reader.finish()
        return (id, changes)
    }
}

extension ObjectReader {
    /// The value of a field that cannot be empty.
    func filled<Value>(_ name: String, _ field: Field<Value>) throws(APIError) -> Value? {
        switch field {
        case .absent: return nil
        case .null: throw .invalidField(path(of: name), "must not be null")
        case .value(let value): return value
        }
    }

    /// Texts by name, of which null takes one away, or all; nil when the field is not there.
    mutating func mergedTexts(
        _ name: String,
        into old: [String: String]
    ) throws(APIError) -> [String: String]? {
        switch try object(name) {
        case .absent: return nil
        case .null: return [:]
        case .value(var members):
            var texts = old
            for member in members.takeRest() {
                texts[member.name] =
                    member.value == .null
                    ? nil : try ObjectReader.text(member.value, at: members.path(of: member.name))
            }
            return texts
        }
    }
}

extension Field {
    /// What a change sets that can also be set to nothing: nil when the field is not there.
    var orNull: Value?? {
        switch self {
        case .absent: .none
        case .null: .some(nil)
        case .value(let value): .some(value)
        }
    }
}
