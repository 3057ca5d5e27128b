internal import TollgateCore

/// A webhook as the API shows it; its secret only when it was just made.
enum WebhookDocument {
    static func json(_ record: WebhookRecord, secret: String? = nil) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("id", .string("\(record.id)")),
            .init("url", .string(record.url)),
            .init("events", JSONValue(record.events.map(\.rawValue))),
            .init("enabled", .bool(record.isEnabled)),
            .init("disabled_reason", record.isGone ? "gone" : .null),
            .init("description", .string(record.description)),
            .init("organization_id", JSONValue(record.organization)),
            .init("team_id", JSONValue(record.team)),
            .init("version", JSONValue(record.version)),
            .init("created_at", .string(Timestamp.text(record.createdAt))),
            .init("updated_at", .string(Timestamp.text(record.updatedAt))),
        ]
        if let secret { members.insert(.init("secret", .string(secret)), at: 1) }
        return .object(members)
    }

    /// An attempt to deliver a notice.
    static func json(_ attempt: DeliveryAttempt) -> JSONValue {
        [
            "time": .string(Timestamp.text(attempt.time)),
            "event_id": .string("\(attempt.noticeID)"),
            "type": .string(attempt.event.rawValue),
            "attempt": .integer(Int64(attempt.number)),
            "outcome": .string(attempt.outcome.text),
            "status": attempt.status.map { .integer(Int64($0)) } ?? .null,
            "error": JSONValue(attempt.error),
            "next_attempt_at": JSONValue(attempt.next.map(Timestamp.text)),
        ]
    }

    /// A notice that needs somebody's attention.
    static func json(alert notice: Notice) -> JSONValue {
        [
            "id": .string("\(notice.id)"),
            "type": .string(notice.event.rawValue),
            "created_at": .string(Timestamp.text(notice.time)),
            "key_id": JSONValue(notice.keyID.map { "\($0)" }),
            "organization_id": JSONValue(notice.organization),
            "team_id": JSONValue(notice.team),
            "data": (try? JSONParser.value(of: Array(notice.data.utf8))) ?? .null,
        ]
    }
}
