internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/alerts` lists what needed somebody's attention, the newest first.
///
/// Who belongs to an organisation, a team or a user sees what is about its keys.
enum ListAlerts: APIOperation {
    static let name = "ListAlerts"
    static let summary = "Lists what needed somebody's attention, the newest first."
    static let method = HTTPRequest.Method.get
    static let path = "/v1/alerts"
    static let permission = APIPermission.viewAllUsage

    static var shape: OperationShape? {
        .reading(
            OperationShape.page(of: "alerts", WebhookSchema.alert),
            OperationShape.paging([
                .init("key_id", .text, "Those about this key."),
                .init("type", .words(WebhookSchema.alertNames), "Those of this type."),
                .init("since", .time, "Not those from before this time."),
            ])
        )
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let webhooks = try services.requireWebhooks()
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let cursors = ListCursors(of: path)
        let start = try query.start(in: cursors) { UInt64($0.id) }
        let asked = AskedKey(query.text("key_id"))
        let type = try query.value("type", "must be the type of an alert") { text in
            WebhookEvent(rawValue: text).flatMap { $0.isAlert ? $0 : nil }
        }
        let since = try query.time("since")
        try query.finish()
        if asked == .unknown { return reply([], .null) }
        let key = asked.id
        let visible = try call.visibleKeys(services, among: key)
        let page: NoticePage<Notice>
        do {
            page = try webhooks.notices.alerts(before: start, limit: limit) { alert in
                if let key, alert.keyID != key { return false }
                if let type, alert.event != type { return false }
                if let since, alert.time < since { return false }
                guard let visible else { return true }
                return alert.keyID.map(visible.contains) ?? false
            }
        } catch {
            throw .unavailable
        }
        let next = cursors.json(behind: page.next.map { ListPlace(nil, "\($0)") })
        return reply(page.elements, next)
    }

    private static func reply(_ alerts: [Notice], _ next: JSONValue) -> APIReply {
        APIReply([
            "alerts": .array(alerts.map { WebhookDocument.json(alert: $0) }),
            "next_cursor": next,
        ])
    }
}
