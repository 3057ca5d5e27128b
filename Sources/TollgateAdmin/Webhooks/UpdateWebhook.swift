internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `PATCH /v1/webhooks/{id}` changes a webhook; `If-Match` keeps two writers from overwriting each
/// other.
///
/// The answer holds the secret when that is another.
enum UpdateWebhook: APIOperation {
    static let name = "UpdateWebhook"
    static let summary = "Changes a webhook: what is not there stays as it is, null empties."
    static let method = HTTPRequest.Method.patch
    static let path = "/v1/webhooks/{id}"
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = OperationShape(reply: WebhookSchema.webhook.answer)
        shape.body = WebhookSchema.webhook.change
        shape.hasVersion = true
        shape.takesVersion = true
        shape.example = ["enabled": false]
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let webhooks = try services.requireWebhooks()
        let id = try call.webhookID()
        let required = try EntityTag.required(call.headers)
        let changes = try WebhookFields.changes(in: try call.document())
        let (record, secret) = try APIError.translating(about: "webhook") {
            () throws(RegistryError) in
            try webhooks.registry.update(id, version: required, changes, by: call.principal)
        }
        return APIReply(WebhookDocument.json(record, secret: secret), version: record.version)
    }
}
