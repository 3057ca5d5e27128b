internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/webhooks/{id}` reads a webhook, without its secret.
enum GetWebhook: APIOperation {
    static let name = "GetWebhook"
    static let summary = "Reads a webhook, without its secret."
    static let method = HTTPRequest.Method.get
    static let path = "/v1/webhooks/{id}"
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        .reading(WebhookSchema.webhook.answer, hasVersion: true)
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try QueryReader(call.query).finish()
        let record = try call.webhook(try services.requireWebhooks())
        return APIReply(WebhookDocument.json(record), version: record.version)
    }
}
