internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/webhooks/{id}/deliveries` lists what came of the last attempts, the newest first.
enum ListDeliveries: APIOperation {
    static let name = "ListDeliveries"
    static let summary = "Lists what came of a webhook's last hundred attempts, the newest first."
    static let method = HTTPRequest.Method.get
    static let path = "/v1/webhooks/{id}/deliveries"
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        .reading(
            OperationShape.page(of: "deliveries", WebhookSchema.attempt),
            OperationShape.paging()
        )
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let webhooks = try services.requireWebhooks()
        let record = try call.webhook(webhooks)
        let cursors = ListCursors(of: path.replacing("{id}", with: "\(record.id)"))
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let start = try query.start(in: cursors) { UInt64($0.id) }
        try query.finish()
        let page: NoticePage<DeliveryAttempt>
        do {
            page = try webhooks.notices.attempts(
                to: .webhook(record.id),
                before: start,
                limit: limit
            )
        } catch {
            throw .unavailable
        }
        return APIReply([
            "deliveries": .array(page.elements.map { WebhookDocument.json($0) }),
            "next_cursor": cursors.json(behind: page.next.map { ListPlace(nil, "\($0)") }),
        ])
    }
}
