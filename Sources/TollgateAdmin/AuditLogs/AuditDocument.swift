internal import TollgateCore
internal import TollgateEngine

/// A row of the audit trail as the API shows it.
///
/// What is not known is null: what the request did not say, and what it has used until that is
/// reported. A denied request has used nothing, which is known.
enum AuditDocument {
    /// Writes a row.
    ///
    /// - Parameters:
    ///   - entry: the row.
    ///   - keyName: the name that the key has now.
    /// - Returns: the entry of a list.
    static func json(_ entry: AuditEntry, keyName: String?) -> JSONValue {
        var members: [JSONValue.Member] = []
        members.reserveCapacity(40)
        addHead(entry, keyName, to: &members)
        if let action = entry.action {
            members.append([
                "action": .string(action.name), "target": text(action.target),
                "fields": JSONValue(action.fields), "status": "success",
            ])
        } else {
            addQuestion(entry, to: &members)
            addAnswer(entry, to: &members)
            AuditUsage(entry).add(to: &members)
            if let crowd = entry.crowd { add(crowd, to: &members) }
        }
        return .object(members)
    }

    private static func addHead(
        _ entry: AuditEntry,
        _ keyName: String?,
        to members: inout [JSONValue.Member]
    ) {
        let keyID = JSONValue(entry.keyID?.description)
        members.append([
            "timestamp": .string(Timestamp.text(entry.time)), "id": .string(id(of: entry.place)),
            "type": entry.action == nil ? "decision" : "management", "key_id": keyID,
            "api_key_id": keyID, "api_key_name": JSONValue(keyName),
        ])
    }

    /// What was asked.
    private static func addQuestion(
        _ entry: AuditEntry,
        to members: inout [JSONValue.Member]
    ) {
        members.append([
            "request_id": text(entry[.requestID]), "action": text(entry[.action]),
            "model": text(entry[.model]), "provider": text(entry[.provider]),
            "supplier": text(entry[.supplier]), "region": text(entry[.region]),
            "ip_address": JSONValue(entry.clientIP?.description),
            "user_agent": text(entry[.userAgent]), "metadata": metadata(entry.metadata),
        ])
    }

    /// What was answered.
    private static func addAnswer(_ entry: AuditEntry, to members: inout [JSONValue.Member]) {
        let isAllowed = entry.reason == .allowed
        let limit: JSONValue? = entry.limit.map { place in
            ["name": .string("\(place.name.text)"), "level": .string("\(place.level.text)")]
        }
        let isMonitored = entry.monitored != .allowed
        members.append([
            "status": isAllowed ? "success" : "denied",
            "reason": isAllowed ? .null : .string("\(entry.reason.code)"),
            "limit": limit ?? .null,
            "monitored_reason": isMonitored ? .string("\(entry.monitored.code)") : .null,
            "found_content_rules": .array(entry.foundRules.map { .integer(Int64($0)) }),
            "unusual_use": .bool(entry.isUnusual),
            "reservation_id": text(entry.reservation.description),
        ])
    }

    /// How many requests the row stands for.
    private static func add(_ crowd: AuditEntry.Crowd, to members: inout [JSONValue.Member]) {
        members.append([
            "count": JSONValue(crowd.count), "first_seen": .string(Timestamp.text(crowd.first)),
            "last_seen": .string(Timestamp.text(crowd.last)), "other_sources": .bool(crowd.isMixed),
        ])
    }

    private static func text(_ text: String) -> JSONValue {
        text.isEmpty ? .null : .string(text)
    }

    /// The pairs as an object; of a name that is there more than once, the last counts.
    static func metadata(_ pairs: [AuditEntry.Pair]) -> JSONValue {
        if pairs.isEmpty { return .object([]) }
        var names: Set<String> = []
        let members = pairs.reversed().filter { names.insert($0.key).inserted }
        return .object(members.reversed().map { JSONValue.Member($0.key, .string($0.value)) })
    }

    /// The name of a row, by which the cursors of lists name it too.
    static func id(of place: AuditPlace) -> String {
        "log_\(place.position.rawValue)_\(place.index)"
    }

    /// The place that an id names; nil unless it is written as `id(of:)` writes it.
    static func place(id: String) -> AuditPlace? {
        let parts = id.split(separator: "_", omittingEmptySubsequences: false)
        guard
            parts.count == 3, parts[0] == "log",
            let position = UInt64(parts[1]), let index = UInt32(parts[2])
        else { return nil }
        let place = AuditPlace(position: JournalPosition(rawValue: position), index: index)
        return self.id(of: place) == id ? place : nil
    }
}
