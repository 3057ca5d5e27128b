internal import TollgateCore
internal import TollgateEngine

/// A recorded decision as the API shows it.
///
/// What the request did not say is null. `tokens` holds what was asked for.
enum AuditDocument {
    /// Writes a decision.
    ///
    /// - Parameters:
    ///   - entry: the decision.
    ///   - keyName: the name that the key has now.
    /// - Returns: the entry of a list.
    static func json(_ entry: AuditEntry, keyName: String?) -> JSONValue {
        let keyID = JSONValue(entry.keyID.map { "\($0)" })
        let isAllowed = entry.reason == .allowed
        return [
            "timestamp": .string(Timestamp.text(entry.time)),
            "id": .string(id(of: entry.place)),
            "key_id": keyID,
            "api_key_id": keyID,
            "api_key_name": JSONValue(keyName),
            "request_id": text(entry[.requestID]),
            "action": text(entry[.action]),
            "model": text(entry[.model]),
            "provider": text(entry[.provider]),
            "supplier": text(entry[.supplier]),
            "region": text(entry[.region]),
            "status": isAllowed ? "success" : "denied",
            "reason": isAllowed ? .null : .string("\(entry.reason.code)"),
            "tokens": [
                "requested": JSONValue(entry.tokens),
                "requested_input": JSONValue(entry.inputTokens),
            ],
            "reservation_id": text("\(entry.reservation)"),
            "ip_address": JSONValue(entry.clientIP.map { "\($0)" }),
            "user_agent": text(entry[.userAgent]),
            "metadata": metadata(entry.metadata),
        ]
    }

    private static func text(_ text: String) -> JSONValue {
        text.isEmpty ? .null : .string(text)
    }

    /// The pairs as an object; of a name that is there more than once, the last counts.
    private static func metadata(_ pairs: [AuditEntry.Pair]) -> JSONValue {
        var names: Set<String> = []
        let members = pairs.reversed().filter { names.insert($0.key).inserted }
        return .object(members.reversed().map { JSONValue.Member($0.key, .string($0.value)) })
    }

    /// The name of a decision, which is also the cursor of a list that goes on behind it.
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
