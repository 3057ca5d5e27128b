internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/audit-logs` lists recorded decisions, the newest first.
enum ListAuditLogs: APIOperation {
    static let method = HTTPRequest.Method.get
    static let path = "/v1/audit-logs"
    static let permission = APIPermission.viewAllUsage

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let query = try query(of: call)
        let page: AuditPage
        do { page = try services.auditLog.page(query) } catch { throw .unavailable }
        var names = KeyNames(registry: services.registry)
        var logs: [JSONValue] = []
        logs.reserveCapacity(page.entries.count)
        for entry in page.entries {
            logs.append(AuditDocument.json(entry, keyName: try names.name(of: entry.keyID)))
        }
        return APIReply([
            "logs": .array(logs),
            "next_cursor": JSONValue(page.next.map { AuditDocument.id(of: $0) }),
        ])
    }

    private static func query(of call: APICall) throws(APIError) -> AuditQuery {
        var reader = try QueryReader(call.query)
        var query = AuditQuery()
        query.keyID = try keyID(in: &reader, call.headers)
        query.model = reader.text("model")
        query.isAllowed = try reader.value("status", "must be allowed or denied") { text in
            ["allowed": true, "success": true, "denied": false][text]
        }
        query.reason = try reader.value("reason", "must be a reason for a denial") { text in
            Reason(code: text)
        }
        query.since = try reader.time("since")
        query.until = try reader.time("until")
        query.before = try reader.value("cursor", "must be a next_cursor of this list") { text in
            AuditDocument.place(id: text)
        }
        query.limit = try reader.limit()
        try reader.finish()
        if let since = query.since, let until = query.until, since > until {
            throw .contradiction("since", "is later than until")
        }
        return query
    }

    /// The key that the query or the header names; both may, if they name the same.
    private static func keyID(
        in reader: inout QueryReader,
        _ headers: HTTPFields
    ) throws(APIError) -> KeyID? {
        let named = try reader.keyID("key_id")
        guard let name = HTTPField.Name("X-API-Key-ID"), let text = headers[name] else {
            return named
        }
        guard let keyID = KeyID(text) else {
            throw .invalidHeader("X-API-Key-ID", "must be the id of a key")
        }
        guard named == nil || named == keyID else {
            throw .contradiction("key_id", "names another key than X-API-Key-ID")
        }
        return keyID
    }
}

/// The names of the keys on one page, each read once.
private struct KeyNames {
    let registry: KeyRegistry
    private var known: [KeyID: String?] = [:]

    init(registry: KeyRegistry) {
        self.registry = registry
    }

    /// The name of a key; nil when there is no such key.
    mutating func name(of id: KeyID?) throws(APIError) -> String? {
        guard let id else { return nil }
        if let name = known[id] { return name }
        do {
            let name = try registry.key(id).name
            known[id] = .some(name)
            return name
        } catch .notFound {
            known[id] = .some(nil)
            return nil
        } catch {
            throw APIError(error)
        }
    }
}
