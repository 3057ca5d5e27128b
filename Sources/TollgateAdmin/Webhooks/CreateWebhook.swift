internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/webhooks` makes a webhook; the answer holds its secret, this once.
enum CreateWebhook: APIOperation {
    static let name = "CreateWebhook"
    static let summary = "Makes a webhook; the answer holds its secret, this once."
    static let method = HTTPRequest.Method.post
    static let path = "/v1/webhooks"
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = OperationShape(reply: WebhookSchema.webhook.answer)
        shape.body = WebhookSchema.webhook.creation
        shape.status = .created
        shape.hasVersion = true
        shape.example = WebhookSchema.example
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let webhooks = try services.requireWebhooks()
        let changes = try WebhookFields.changes(in: try call.document())
        let (record, secret) = try APIError.translating(about: "webhook") {
            () throws(RegistryError) in
            try webhooks.registry.create(changes, by: call.principal)
        }
        var reply = APIReply(
            WebhookDocument.json(record, secret: secret),
            version: record.version
        )
        reply.status = .created
        reply.headers[.location] = "\(path)/\(record.id)"
        return reply
    }
}
