internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/webhooks` lists webhooks, the oldest first, without their secrets.
enum ListWebhooks: APIOperation {
    static let name = "ListWebhooks"
    static let summary = "Lists webhooks, the oldest first, without their secrets."
    static let method = HTTPRequest.Method.get
    static let path = "/v1/webhooks"
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        .reading(
            OperationShape.page(of: "webhooks", WebhookSchema.webhook.answer),
            OperationShape.paging()
        )
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let webhooks = try services.requireWebhooks()
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let cursors = ListCursors(of: path)
        let start = try query.start(in: cursors) { WebhookID($0.id) }
        try query.finish()
        let records = webhooks.registry.webhooks(seenBy: call.principal).filter { record in
            start.map { $0 < record.id } ?? true
        }
        let next = records.count > limit ? ListPlace(nil, "\(records[limit - 1].id)") : nil
        return APIReply([
            "webhooks": .array(records.prefix(limit).map { WebhookDocument.json($0) }),
            "next_cursor": cursors.json(behind: next),
        ])
    }
}
