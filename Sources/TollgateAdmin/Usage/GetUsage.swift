internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/usage` sums up what recorded requests have used, in groups of the caller's choice.
///
/// Exact to the nano-USD against the rows of the audit trail. A key without the permission to see
/// all usage sees its own.
enum GetUsage: APIOperation {
    static let name = "GetUsage"
    static let summary = "Sums up what was used, by key, model, team and day."
    static let method = HTTPRequest.Method.get
    static let path = "/v1/usage"
    static let permission = APIPermission.viewAllUsage
    static let requirement = "the permission view_all_usage; others read what they used"

    static var shape: OperationShape? {
        .reading(UsageSchema.summary, UsageSchema.parameters)
    }

    static func admits(_ principal: Principal, id: String?) -> Bool { true }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        var reader = try QueryReader(call.query)
        let groups =
            try reader.value("group_by", "must be some of key, model, team and day") { text in
                UsageGrouping(text)
            } ?? UsageGrouping()
        var span = UsageSpan(since: try reader.time("since"), until: try reader.time("until"))
        let keyID = try reader.keyID("key_id")
        span.model = reader.text("model")
        try reader.finish()
        if let since = span.since, let until = span.until, since > until {
            throw .contradiction("since", "is later than until")
        }
        if let keyID {
            if call.principal.keyID != keyID, !call.principal.seesEverything {
                _ = try APIError.translating { () throws(RegistryError) in
                    try services.registry.key(keyID, seenBy: call.principal)
                }
            }
        }
        if call.principal.permissions.isSuperset(of: permission.permissions) {
            if let keyID { span.keys = [keyID] } else { span.keys = try call.visibleKeys(services) }
        } else {
            guard keyID ?? call.principal.keyID == call.principal.keyID else {
                throw .lacks("the permission \(permission.rawValue)")
            }
            span.keys = [call.principal.keyID]
        }
        let summary: UsageSummary
        do { summary = try services.auditLog.usage(span) } catch { throw .unavailable }
        var table = UsageTable(groups, services.registry)
        for (group, totals) in summary.groups { try table.add(totals, of: group) }
        return APIReply([
            "since": JSONValue(span.since.map { Timestamp.text($0) }),
            "until": JSONValue(span.until.map { Timestamp.text($0) }),
            "total": .object(UsageTable.members(table.total)),
            "groups": .array(table.rows),
        ])
    }
}
