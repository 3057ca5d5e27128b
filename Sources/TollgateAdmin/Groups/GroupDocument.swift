internal import TollgateCore
internal import TollgateEngine

/// An organisation, a team or a user as the API shows it.
enum GroupDocument {
    /// Writes a group.
    ///
    /// - Parameters:
    ///   - record: the group.
    ///   - usage: what was counted for it, where that is shown.
    /// - Returns: the group as an object.
    static func json(_ record: GroupRecord, usage: SubjectUsage? = nil) -> JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ value: JSONValue) {
            members.append(JSONValue.Member(name, value))
        }
        add("id", .string(record.id.name))
        add("name", .string(record.name))
        add("description", .string(record.description))
        add("status", .string(record.status.rawValue))
        if record.id.kind != .organization {
            add("organization_id", JSONValue(record.organization))
        }
        if record.id.kind == .user { add("team_id", JSONValue(record.team)) }
        members += RestrictionDocument.members(record.restrictions)
        if record.id.kind == .organization {
            add("credits", record.credits.map { JSONValue($0) } ?? .null)
        }
        add("metadata", JSONValue(sorted: record.metadata))
        add("created_at", .string(Timestamp.text(record.createdAt)))
        add("updated_at", .string(Timestamp.text(record.updatedAt)))
        add("version", JSONValue(record.version))
        if let usage {
            add("usage", .object(UsageDocument.members(usage)))
            add("remaining", UsageDocument.remaining(usage.limits))
        }
        return .object(members)
    }
}

/// Whether a group's keys can be used, as callers see it.
enum GroupStatus: String, CaseIterable {
    case enabled
    case disabled
    case deleted
}

extension GroupRecord {
    var status: GroupStatus {
        if isDeleted { return .deleted }
        return isEnabled ? .enabled : .disabled
    }
}

extension JSONValue {
    /// Texts by name: a dictionary has no order of its own, and answers should not vary.
    init(sorted texts: [String: String]) {
        self = .object(
            texts.sorted { $0.key < $1.key }.map { Member($0.key, .string($0.value)) }
        )
    }
}
