internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/audit-logs` lists what was recorded, by time: a page, or all of it as a stream.
enum ListAuditLogs: APIOperation {
    static let name = "ListAuditLogs"
    static let summary = "Lists recorded decisions and management actions, the newest first."
    static let method = HTTPRequest.Method.get
    static let path = "/v1/audit-logs"
    static let permission = APIPermission.viewAllUsage

    static var shape: OperationShape? {
        var shape = OperationShape.reading(
            OperationShape.page(of: "logs", AuditSchema.entry),
            AuditSchema.parameters
        )
        shape.replyTypes = AuditFormat.allCases.map(\.mediaType)
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try reply(to: try AuditFilter(of: path, call, services), services)
    }

    /// The rows that a filter asks for.
    static func reply(
        to filter: AuditFilter,
        _ services: AdminServices
    ) throws(APIError) -> APIReply {
        // Best effort: who looks for strangers should find those of this minute, too.
        if filter.query.wantsDecisions, !filter.findsNothing {
            try? services.engine.showStrangers()
        }
        if filter.isExport {
            return APIReply(
                AuditExport(
                    filter.query,
                    limit: filter.limit,
                    as: filter.format,
                    services
                ).stream
            )
        }
        var query = filter.query
        query.limit = filter.limit ?? 100
        var page = AuditPage(entries: [], next: nil)
        if !filter.findsNothing {
            do { page = try services.auditLog.page(query) } catch { throw .unavailable }
        }
        var names = KeyNames(registry: services.registry)
        var logs: [JSONValue] = []
        logs.reserveCapacity(page.entries.count)
        for entry in page.entries {
            logs.append(AuditDocument.json(entry, keyName: try names.name(of: entry.keyID)))
        }
        let last = page.next.map { ListPlace(nil, AuditDocument.id(of: $0)) }
        return APIReply([
            "logs": .array(logs),
            "next_cursor": filter.cursors.json(behind: last),
        ])
    }
}

/// `GET /v1/manage/logs` lists the same, at the path that users of another product know.
enum ListManagedLogs: APIOperation {
    static let name = "ListManagedLogs"
    static let summary = "Lists recorded decisions, the newest first."
    static let method = HTTPRequest.Method.get
    static let path = "/v1/manage/logs"
    static let permission = APIPermission.viewAllUsage

    static let isInRPC = false

    static var shape: OperationShape? { ListAuditLogs.shape }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try ListAuditLogs.reply(to: try AuditFilter(of: path, call, services), services)
    }
}
